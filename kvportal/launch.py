"""Starts all processes under one parent: `run` with the local Key Vault and generated keys, `serve` against Azure.

    python -m kvportal.launch run      portal, worker and local vault; all state in KVPORTAL_DATA_DIR
    python -m kvportal.launch serve    portal and worker; keys and database come from the environment

The parent only starts, watches, restarts and stops processes. It does not load the settings, so that it can create the keys
before they are read.
"""

import base64
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kvportal import trial
from kvportal.env import TRIAL, drop_empty

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, "-m", "django"]  # not manage.py, which would load the keys of a trial
OWNER_PASSWORD = ("KVPORTAL_OWNER_PASSWORD", "KVPORTAL_OWNER_PASSWORD_FILE")
STOP_SECONDS = 15
#: Threads of each process that serves pages.
THREADS = 96
#: Maximum open connections of such a process: a browser keeps about six, and a slow client uses nothing else.
CONNECTIONS = 4096
#: Limit of open files: connections, the files of each thread's database connection, and calls to Azure.
OPEN_FILES = 2 * CONNECTIONS
#: A child that ended is restarted after this many seconds, twice as many each time it ends soon, up to the longest.
RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 60.0
#: A child that ran this long had started successfully.
STEADY_SECONDS = 60.0


HIGHEST_PORT = 65535
MOST_PROCESSES = 64


class Child:
    """A child process that can be restarted."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause = RESTART_SECONDS
        self._ended_at: float | None = None
        self._start()

    def _start(self) -> None:
        # In a process group of its own, so that nothing that it started outlives it.
        group = 0 if hasattr(os, "killpg") else None
        self.process = subprocess.Popen(self._command, process_group=group)  # noqa: S603 our own words
        self._started_at = time.monotonic()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.process.poll()

    @property
    def was_steady(self) -> bool:
        return (self._ended_at or time.monotonic()) - self._started_at >= STEADY_SECONDS

    def start_again(self, name: str) -> None:
        """Restart it when its pause is over. To be called repeatedly after the process has ended."""
        now = time.monotonic()
        if self._ended_at is None:
            self._ended_at = now
            end_group(self.process)
            if self.was_steady:
                self._pause = RESTART_SECONDS
            say(f"the {name} ended with code {self.poll()}; it starts again in {self._pause:.0f} s")
        elif now - self._ended_at >= self._pause:
            self._ended_at = None
            self._pause = min(2 * self._pause, LONGEST_RESTART_SECONDS)
            self._start()


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode not in ("run", "serve"):
        sys.exit("usage: python -m kvportal.launch run|serve")
    drop_empty()
    if mode == "serve":
        os.environ.pop(TRIAL, None)  # a deployment is not a trial, even if the environment says so
    os.umask(0o077)  # files created here, such as the data directory, are for this account alone
    os.chdir(ROOT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvportal.settings")
    signal.signal(signal.SIGTERM, stop_on_signal)
    allow_open_files()
    children: dict[str, Child] = {}
    try:
        start(children, local=mode == "run")
        watch(children)
    except KeyboardInterrupt:
        pass
    finally:
        stop({name: child.process for name, child in children.items()})


def start(children: dict[str, Child], *, local: bool) -> None:
    host, port = os.environ.get("KVPORTAL_HOST", "127.0.0.1"), number_in("KVPORTAL_PORT", 8000, HIGHEST_PORT)
    emulator_port = number_in("KVPORTAL_EMULATOR_PORT", 8443, HIGHEST_PORT)
    server, workers = granian(host, port), worker_names()
    refuse_taken_port(host, port)
    # Needed once, by `prepare`; the environment of the running processes must not contain it.
    password = {name: os.environ.pop(name) for name in OWNER_PASSWORD if name in os.environ}
    if local:
        prepare_local_environment()
        say("starting the local Key Vault")
        children["local vault"] = Child([*MANAGE, "emulator", "serve"])
        wait_for("local vault", children, lambda: answers_tls("localhost", emulator_port))
    prepare = [*MANAGE, "prepare", *(["--local"] if local else [])]
    prepared = subprocess.run(prepare, env={**os.environ, **password}, check=False)  # noqa: S603 our own words
    if prepared.returncode:
        sys.exit(prepared.returncode)
    for name in workers:
        children[name] = Child([*MANAGE, "worker"])
    children["portal"] = Child(server)
    wait_for("portal", children, lambda: answers(host, port))
    say(f"ready on http://{'localhost' if host == '127.0.0.1' else host}:{port}/ (Ctrl+C stops it)")


def worker_names() -> list[str]:
    """A name for each worker process: they share the work through the database."""
    count = number_in("KVPORTAL_WORKER_PROCESSES", 1, MOST_PROCESSES)
    return ["worker", *(f"worker {number}" for number in range(2, count + 1))]


def number_in(name: str, default: int, highest: int) -> int:
    """The number in this variable, from 1 on. Exits with a message if it is none or too high."""
    text = os.environ.get(name, str(default)).strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= highest):
        sys.exit(f"kvportal: {name} has to be a number from 1 to {highest}")
    return int(text)


def granian(host: str, port: int, application: str = "kvportal.rsgi:application") -> list[str]:
    """The command line of granian. HTTP/1.1 only: without TLS, browsers and proxies use no other version, and granian applies
    no timeout to a connection until it has detected its version.
    """
    return [
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", host, "--port", str(port)),
        *("--workers", str(number_in("KVPORTAL_WORKERS", 1, MOST_PROCESSES)), "--no-log", "--no-ws", "--http", "1"),
        *("--backpressure", str(CONNECTIONS), "--http1-header-read-timeout", "10000", "--http1-buffer-size", "65536"),
        *("--workers-kill-timeout", str(STOP_SECONDS - 3), application),
    ]


def allow_open_files() -> None:
    """Raise the limit of open files for the children; the default of many systems is 1024 or 256."""
    if sys.platform == "win32":
        return
    import resource

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def prepare_local_environment() -> None:
    """Set the environment of a trial. Keys are generated on the first start and kept in the data directory, unless the
    environment already has them.
    """
    data = Path(os.environ.setdefault("KVPORTAL_DATA_DIR", str(ROOT / "var"))).absolute()
    keys = data / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    generators: dict[str, Callable[[], str]] = {
        "SECRET_KEY": lambda: secrets.token_urlsafe(64),
        "SEALING_KEYS": lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "AUDIT_KEY": lambda: secrets.token_urlsafe(48),
    }
    for name, make in generators.items():
        if f"KVPORTAL_{name}" in os.environ or f"KVPORTAL_{name}_FILE" in os.environ:
            continue
        path = keys / name.lower()
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(make())
        os.environ[f"KVPORTAL_{name}_FILE"] = str(path)
    os.environ[TRIAL] = "true"
    os.environ.setdefault("KVPORTAL_HTTPS", "false")
    os.environ.setdefault("KVPORTAL_CLOUDS_FILE", str(data / "emulator" / "clouds.toml"))
    trial.remember(data)


def refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"kvportal: port {port} can't be used ({error.strerror}); set KVPORTAL_PORT to another one")


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def answers_tls(host: str, port: int) -> bool:
    """True after a complete TLS handshake: an incomplete one would appear in the local vault's log as a lost client."""
    certificates = Path(os.environ["KVPORTAL_DATA_DIR"]) / "emulator" / "ca.pem"
    try:
        context = ssl.create_default_context(cafile=certificates)
        with socket.create_connection((host, port), timeout=1) as raw, context.wrap_socket(raw, server_hostname=host):
            return True
    except OSError:
        return False


def wait_for(name: str, children: Mapping[str, Child | subprocess.Popen[bytes]], ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        if children[name].poll() is not None:
            sys.exit(f"kvportal: the {name} did not start")
        if time.monotonic() > deadline:
            sys.exit(f"kvportal: the {name} did not answer within a minute")
        time.sleep(0.1)


def watch(children: Mapping[str, Child]) -> None:
    """Restart children that end. Exits if the portal ends soon after its start; worker and local vault are always restarted."""
    while True:
        for name, child in children.items():
            if (code := child.poll()) is None:
                continue
            if name == "portal" and not child.was_steady:
                sys.exit(f"kvportal: the {name} ended with code {code}; stopping the rest")
            child.start_again(name)
        time.sleep(0.5)


def stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Terminate all children, the portal first. They have STOP_SECONDS to finish requests and scans, then they are killed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl+C must not leave a child running
    for child in reversed(children.values()):
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
        end_group(child)


def end_group(leader: "subprocess.Popen[bytes]") -> None:
    """End what a process that has ended left running: the processes of a server that was killed keep its port."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader.pid, signal.SIGKILL)


def stop_on_signal(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def say(words: str) -> None:
    print(f"kvportal: {words}", flush=True)


if __name__ == "__main__":
    main()
