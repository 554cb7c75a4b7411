"""A real portal on free ports, and Debian's Chromium."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
EMAIL, PASSWORD = "olga@example.com", "correct horse battery"
CERTIFICATE_SECONDS = 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium (Debian: apt install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1360, "height": 850}, "timezone_id": "Europe/Berlin"}


@dataclass
class Portal:
    """A running portal: where it is, and the command line beside it."""

    url: str
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def emulator_env(self, *arguments: str) -> dict[str, str]:
        """What `manage.py emulator env` exports."""
        words = shlex.split(self.manage("emulator", "env", *arguments))
        return dict(word.split("=", 1) for word in words if "=" in word)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    data = tmp_path_factory.mktemp("portal")
    port, emulator_port = free_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))},
        "DJANGO_SETTINGS_MODULE": "kvportal.settings",
        "KVPORTAL_DATA_DIR": str(data),
        "KVPORTAL_PORT": str(port),
        "KVPORTAL_EMULATOR_PORT": str(emulator_port),
        "KVPORTAL_EMULATOR_CERTIFICATE_SECONDS": str(CERTIFICATE_SECONDS),
        "KVPORTAL_OWNER_EMAIL": EMAIL,
        "KVPORTAL_OWNER_PASSWORD": PASSWORD,
    }
    log = (data / "portal.log").open("wb")
    command = [sys.executable, "-m", "kvportal.launch", "run"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as process:
        try:
            wait_until_ready(data / "portal.log", process)
            # All that a second terminal knows: the ports and keys it finds by itself.
            known = {name: value for name, value in environment.items() if not name.endswith(("_PORT", "_SECONDS"))}
            yield Portal(f"http://localhost:{port}", known)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def free_ports() -> tuple[int, int]:
    """One for the portal, and one with room behind it for the local vaults."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def wait_until_ready(log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while "ready on" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which any complaint of the browser (a broken policy, a script error) fails the test."""
    complaints: list[str] = []
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    # What was refused answers 4xx, what Azure failed at 502 to 504; Chromium reports both, and they are wanted here and there.
    wanted = re.compile(r"status of (4\d\d|50[234])")
    assert [complaint for complaint in complaints if not wanted.search(complaint)] == []


@pytest.fixture
def olga(page: Page, portal: Portal) -> Page:
    """Olga, signed in, on the overview."""
    page.goto(portal.url)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{portal.url}/")
    return page


@pytest.fixture
def picture(page: Page) -> Any:
    """Take screenshots into var/pictures/, for people to look at."""
    folder = ROOT / "var" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)

    def take(name: str) -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=folder / f"{name}-{theme}.png", animations="disabled")
        page.emulate_media(color_scheme="light")

    return take
