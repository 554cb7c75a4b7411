"""The portal's server in a process of its own, and what clients do to it that no browser does."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from kvportal import launch

EMAIL, PASSWORD = "olga@example.com", "a sentence is good"
KEYS = {
    "KVPORTAL_SECRET_KEY": "a-secret-key-for-tests-only-with-more-than-fifty-characters-Zq8",
    "KVPORTAL_SEALING_KEYS": "test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "KVPORTAL_AUDIT_KEY": "an-audit-key-for-tests-only-0123456789",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    cookie: str = ""

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """A bare connection; with a small buffer it takes in an answer only as fast as it is read."""
        made = socket.socket()
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.settimeout(20)
        made.connect(("127.0.0.1", self.port))
        return made

    def says(self, sent: bytes, seconds: float = 20) -> bytes:
        """All that comes back on a connection of its own until it is closed, or silent for so long."""
        with self.connect() as connection:
            connection.settimeout(seconds)
            connection.sendall(sent)
            return rest_of(connection)

    def get(self, path: str, cookie: str = "") -> tuple[int, float]:
        """Status of a page and the seconds it took."""
        started = time.monotonic()
        connection = HTTPConnection("localhost", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            answer.read()
            return answer.status, time.monotonic() - started
        except OSError:
            return 0, time.monotonic() - started
        finally:
            connection.close()

    def post(self, path: str, page: str) -> int:
        """Send the form of a page that has this address. Returns the status."""
        connection = HTTPConnection("localhost", self.port, timeout=20)
        connection.request("GET", page, headers={"Cookie": self.cookie})
        found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', connection.getresponse().read().decode())
        assert found
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        connection.request("POST", path, urlencode({"csrfmiddlewaretoken": found[1]}), sent)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def sign_in(self) -> None:
        connection = HTTPConnection("localhost", self.port, timeout=20)
        connection.request("GET", "/account/login/")
        page = connection.getresponse()
        found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        assert found
        form = urlencode({"csrfmiddlewaretoken": found[1], "login": EMAIL, "password": PASSWORD})
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookies_of(page.headers.get_all("set-cookie")),
        }
        connection.request("POST", "/account/login/", form, sent)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 302
        self.cookie = cookies_of(answer.headers.get_all("set-cookie"))
        connection.close()


def cookies_of(fields: list[str] | None) -> str:
    return "; ".join(field.partition(";")[0] for field in fields or [])


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    with suppress(OSError):
        while more := connection.recv(65536):
            received += more
    return received


def environment_of(folder: str) -> dict[str, str]:
    """The environment of a portal with this data directory."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KVPORTAL_")}
    environment |= {"KVPORTAL_DATA_DIR": folder, "KVPORTAL_HTTPS": "false", **KEYS}
    return environment | {"DJANGO_SETTINGS_MODULE": "kvportal.settings"}


@contextmanager
def served(application: str | None = None, *prepare: str, **extra: str) -> Iterator[Server]:
    """The portal as it is started, signed in to by its first owner; or another application behind the same server.

    `prepare`: options of its first start; `extra`: more of its environment.
    """
    port = free_port()
    command = launch.granian("127.0.0.1", port, *([application] if application else []))
    with tempfile.TemporaryDirectory(prefix="kvportal-served-") as folder:
        environment = {**environment_of(folder), **extra}
        if not application:
            owner = {"KVPORTAL_OWNER_EMAIL": EMAIL, "KVPORTAL_OWNER_PASSWORD": PASSWORD}
            first_start = [*launch.MANAGE, "prepare", *prepare]
            subprocess.run(first_start, env=environment | owner, check=True, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            launch.wait_for("server", {"server": process}, lambda: launch.answers("127.0.0.1", port))
            server = Server(port, process, Path(folder))
            if not application:
                server.sign_in()
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(launch.STOP_SECONDS)
