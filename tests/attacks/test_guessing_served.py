"""Guesses at the portal as it is served: two processes, behind a proxy that lets every header of a client through."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from kvportal import launch
from tests.conftest import in_threads, say
from tests.databases import new_database

pytestmark = pytest.mark.slow

EMAIL, PASSWORD = "olga@example.com", "correct horse battery"
ATTACKER, HOME = "198.51.100.7", "192.0.2.20"


@dataclass
class Served:
    url: str
    log: Path

    def guess(self, password: str, headers: list[tuple[str, str]]) -> int:
        """Sign in as through a proxy that passes these headers, in this order; the status."""
        session = requests.Session()
        page = session.get(f"{self.url}/account/login/", timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        typed = {"login": EMAIL, "password": password, "csrfmiddlewaretoken": token[1]}
        answer = session.post(
            f"{self.url}/account/login/", typed, headers=dict(headers), allow_redirects=False, timeout=20
        )
        return answer.status_code

    def requests(self) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == "request"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with new_database(tmp_path_factory.mktemp("database")) as environment:
        yield environment


@pytest.fixture(scope="module")
def served(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("served")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        **database,
        "KVPORTAL_HTTPS": "false",
        "KVPORTAL_TRUSTED_PROXY_COUNT": "1",
        "KVPORTAL_OWNER_EMAIL": EMAIL,
        "KVPORTAL_OWNER_PASSWORD": PASSWORD,
    }
    subprocess.run([*launch.MANAGE, "prepare"], env=environment, check=True, capture_output=True)
    command = launch.granian("127.0.0.1", port)
    command[command.index("--workers") + 1] = "2"
    log = data / "portal.log"
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            launch.wait_for("portal", {"portal": process}, lambda: launch.answers("127.0.0.1", port))
            yield Served(f"http://localhost:{port}", log)
        finally:
            process.terminate()


def from_attacker(number: int) -> list[tuple[str, str]]:
    """The proxy's word, and the client's own in names that WSGI can't tell from it."""
    forged = [(name, f"10.0.0.{number}") for name in ("X_Forwarded_For", "x-forwarded_for", "X_FORWARDED-FOR")]
    word = ("X-Forwarded-For", ATTACKER)
    return [word, *forged] if number % 2 else [*forged, word]


def test_guesses_over_several_processes_are_one_count(served: Served) -> None:
    found = [served.guess(f"guess {number}", from_attacker(number)) for number in range(24)]
    say(f"guesses over two processes: {len(found)}, tried: {found.count(200)}")
    assert set(found) == {200, 429}
    assert found.count(200) == 5
    posts = {line["address"] for line in served.requests() if line["method"] == "POST"}
    assert posts == {ATTACKER}
    assert served.guess(PASSWORD, [("X-Forwarded-For", HOME)]) == 302


def test_guesses_at_once_over_several_processes(served: Served) -> None:
    found = in_threads(*[lambda: served.guess("guess", [("X-Forwarded-For", "203.0.113.9")])] * 20)
    say(f"guesses at once over two processes: 20, tried: {found.count(200)}")
    assert set(found) <= {200, 429}
    assert found.count(200) <= 5
    assert served.guess(PASSWORD, [("X-Forwarded-For", HOME)]) == 302


def test_a_proxy_that_says_nothing(served: Served) -> None:
    assert served.guess("guess", []) == 200
    assert served.guess("guess", [("X-Forwarded-For", "unknown")]) == 200
