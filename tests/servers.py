"""A PostgreSQL server of its own for the tests: new, empty, stopped and removed at the end.

`python -m tests.servers COMMAND...` runs a command beside one, whose URL the command finds in KVPORTAL_TEST_DATABASE_URL.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

URL = "KVPORTAL_TEST_DATABASE_URL"
DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps each version's programs in a folder of its own, not on the path
SECONDS = 60  # until a server must have started or stopped
#: What a test's database does not need: it is gone after a power failure anyway.
QUICK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


class NoServerError(Exception):
    """PostgreSQL's server is not installed."""


def programs() -> Path:
    """The folder with PostgreSQL's programs, of the newest version. Raises NoServerError."""
    found = shutil.which("initdb")
    folders = (
        [Path(found).parent] if found else sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name))
    )
    if not folders:
        raise NoServerError("PostgreSQL is not installed (Debian: apt install postgresql)")
    return folders[-1]


def account() -> str | None:
    """The account a server runs as; None for this one. As root, PostgreSQL refuses to start: its package brings `postgres`."""
    return "postgres" if os.geteuid() == 0 else None


@contextmanager
def postgres(*settings: str) -> Iterator[str]:
    """The URL of a new server on a free loopback port, with settings such as `fsync=on`. Raises NoServerError."""
    bin_folder, user = programs(), account()
    folder = Path(tempfile.mkdtemp(prefix="kvportal-postgres-"))
    if user:
        shutil.chown(folder, user)

    def call(program: str, *arguments: str) -> None:
        command = [str(bin_folder / program), "--pgdata", str(folder / "data"), *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(command, cwd=folder, user=user, env=environment, check=True, stdout=subprocess.DEVNULL)

    name = user or getpass.getuser()
    port = free_port()
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *QUICK, *settings]
    try:
        call("initdb", "--auth=trust", f"--username={name}", "--encoding=UTF8", "--no-sync")
        wait = ["--wait", f"--timeout={SECONDS}"]
        log = f"--log={folder / 'log'}"
        call("pg_ctl", "start", *wait, log, "-o", " ".join(f"-c {option}" for option in options))
        try:
            yield f"postgres://{name}@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", *wait, "--mode=immediate")
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # else the server would stay behind
    with postgres() as url:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, URL: url}, check=False).returncode)
