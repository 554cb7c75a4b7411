"""The tasks behind `make run`, `make test` and the others, for a machine that has only Python 3.11.

Standard library only. It creates `.venv`, installs the hashed requirements when their file has changed, and starts the task.
Windows has no make: call `python -m kvportal.bootstrap run` there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
AZ_VENV = ROOT / ".venv-az"  # az has its own dependencies, some in other versions than ours
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

CHECKS = [
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "."],
    ["mypy"],
    ["lint-imports", "--no-cache"],
    ["djlint", "--lint", "--quiet", "templates"],
    ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
]


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the project's root, and stop with its exit code if it fails."""
    finished = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)  # noqa: S603 our own words
    if finished.returncode:
        sys.exit(finished.returncode)


def prepare(requirements: str, folder: Path = VENV) -> None:
    """Install a hashed requirements file into a virtual environment, if either of them is new or the file has changed."""
    wanted = (ROOT / requirements).read_bytes()
    digest = hashlib.sha256(wanted).hexdigest()
    marker = folder / f".{Path(requirements).name}.sha256"
    python = folder / PYTHON.relative_to(VENV)
    if marker.exists() and marker.read_text() == digest and python.exists():
        return
    if not python.exists():
        print(f"kvportal: making {folder.name}", flush=True)
        venv.create(folder, with_pip=True, clear=folder.exists())
    print(f"kvportal: installing {requirements}", flush=True)
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
    ]
    run(python, *install, "-r", requirements)
    marker.write_text(digest)


def install_chromium() -> None:
    if not shutil.which("chromium"):
        install_package("chromium", "fonts-dejavu-core", needed_by="the browser tests")


def install_postgresql() -> bool:
    """True if PostgreSQL's server is there, or is now."""
    return has_postgresql() or (install_package("postgresql", needed_by="the tests on PostgreSQL") and has_postgresql())


def has_postgresql() -> bool:
    return bool(shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def install_package(*packages: str, needed_by: str) -> bool:
    """Install Debian's packages if running as root on Debian; otherwise print how to install them, and return False."""
    name = packages[0]
    is_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if not (is_debian and os.geteuid() == 0):
        print(f"kvportal: no {name}, so {needed_by} are skipped; install it (Debian: apt install {name}).", flush=True)
        return False
    print(f"kvportal: installing Debian's {name} with apt-get for {needed_by}: this runs as root", flush=True)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    return True


def test_environment() -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": "tests.settings"}


#: The parts of the tests: what belongs to each, how it is run, and in which environment. The browser's driver keeps an event
#: loop running, which the SDK's async clients would trip over, so these two are apart.
PARTS: list[tuple[str, list[str], dict[str, str]]] = [
    ("not e2e and not sdk and not az and not js", ["-n", "2"], {}),
    ("sdk", [], {}),
    ("e2e", ["-n", "2"], {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}),
]
#: What never touches the portal's database; everything else also runs on PostgreSQL.
WITHOUT_DATABASE = ["az", "azure", "bench", "e2e", "emulator", "js", "keyvault", "look"]
#: What is run there whole.
WHOLE_ON_POSTGRESQL = ["tests/jobs/test_kills.py"]
#: Python is to keep what it has compiled, whatever it is told elsewhere: else each part would prepare every test file anew.
KEEP_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


def task_run() -> None:
    prepare("requirements.txt")
    replace_process(PYTHON, "-m", "kvportal.launch", "run")


def task_serve() -> None:
    prepare("requirements.txt")
    replace_process(PYTHON, "-m", "kvportal.launch", "serve")


def task_test() -> None:
    """Every test outside the sweeps, and a seeded tenth of each sweep."""
    prepare("requirements-dev.txt")
    install_chromium()
    for part, options, environment in PARTS:
        run_tests(part, "--sweeps=tenth", *options, **environment)


def task_test_all() -> None:
    """What `make test` leaves out: the whole sweeps, the tests on PostgreSQL, and Microsoft's further clients."""
    prepare("requirements-dev.txt")
    install_chromium()
    for part, options, environment in PARTS:
        run_tests(f"sweep and {part}", *options, **environment)
    if install_postgresql():
        run_tests_on_postgresql()
    prepare("tests/az/requirements.txt", AZ_VENV)
    run_tests("az or js")


def run_tests(part: str, *options: str, **environment: str) -> None:
    run(PYTHON, "-m", "pytest", "-m", part, *options, *sys.argv[2:], **KEEP_COMPILED, **environment)


def run_tests_on_postgresql() -> None:
    part, options, environment = PARTS[0]
    left_out = [*(f"tests/{folder}" for folder in WITHOUT_DATABASE), *WHOLE_ON_POSTGRESQL]
    tenth = ["-m", part, "--sweeps=tenth", *options, *(f"--ignore={each}" for each in left_out)]
    for tests in (tenth, WHOLE_ON_POSTGRESQL):
        pytest = [str(PYTHON), "-m", "pytest", *tests, *sys.argv[2:]]
        run(PYTHON, "-m", "tests.servers", *pytest, **KEEP_COMPILED, **environment)


def task_check() -> None:
    prepare("requirements-dev.txt")
    for tool, *arguments in CHECKS:
        print("kvportal:", tool, *arguments, flush=True)
        run(BIN / tool, *arguments, **test_environment())


def task_bench() -> None:
    prepare("requirements-dev.txt")
    run(PYTHON, "-m", "tests.bench", *sys.argv[2:])


def task_lock() -> None:
    """Rewrite the hashed requirements files from pyproject.toml and tests/az/requirements.in; needs uv."""
    compile_lock = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
    ]
    extras = ["--extra", "postgres", "pyproject.toml"]
    run(*compile_lock, *extras, "-o", "requirements.txt")
    run(*compile_lock, "--group", "dev", "-c", "requirements.txt", *extras, "-o", "requirements-dev.txt")
    az = ["--python-version", "3.11", "tests/az/requirements.in", "-o", "tests/az/requirements.txt"]
    run(*compile_lock, *az)


def replace_process(*command: str | Path) -> None:
    """Replace this process by the command, so that Ctrl+C and SIGTERM reach only the command."""
    os.chdir(ROOT)
    if os.name == "nt":  # exec on Windows detaches from the console
        run(*command)
    else:
        os.execv(command[0], [str(part) for part in command])  # noqa: S606 no shell is wanted


TASKS = {
    "run": task_run,
    "serve": task_serve,
    "test": task_test,
    "test-all": task_test_all,
    "check": task_check,
    "bench": task_bench,
    "lock": task_lock,
}

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 an older Python gets here before anything checks
        sys.exit("kvportal needs Python 3.11 or newer; this is " + sys.version.split()[0])
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit("usage: python -m kvportal.bootstrap " + "|".join(TASKS))
    TASKS[sys.argv[1]]()
