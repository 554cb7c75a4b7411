"""The az command as a person types it, with what it printed read as JSON."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulator.running import Running

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = ROOT / ".venv-az" / ("Scripts" if os.name == "nt" else "bin")
PROGRAM = BIN / ("az.cmd" if os.name == "nt" else "az")
CLOUD = "kvportal-local"
PATIENCE = 20.0  # seconds until a deletion, recovery or purge must have settled
UNSETTLED = ("ObjectIsBeingDeleted", "NotFound)", "There was a conflict restoring")


@dataclass
class Az:
    """az with a configuration of its own. `done` are the commands that did what they should."""

    folder: Path
    environment: dict[str, str]
    done: set[str] = field(default_factory=set)

    def __call__(self, *words: str) -> Any:
        """Run a command and return what it printed, None for nothing."""
        ran = self._run(*words)
        assert ran.returncode == 0, f"az {' '.join(words)}: {ran.stderr}"
        return self._read(words, ran)

    def settled(self, *words: str) -> Any:
        """As a call, again and again while the vault says that something before has not settled."""
        until = time.monotonic() + PATIENCE
        while True:
            ran = self._run(*words)
            if ran.returncode == 0:
                return self._read(words, ran)
            assert any(each in ran.stderr for each in UNSETTLED), f"az {' '.join(words)}: {ran.stderr}"
            assert time.monotonic() < until, f"az {' '.join(words)} has not settled: {ran.stderr}"
            time.sleep(0.3)

    def refused(self, *words: str) -> str:
        """Run a command that must fail, and return what az says of it."""
        ran = self._run(*words)
        assert ran.returncode != 0, f"az {' '.join(words)} was not refused"
        assert "Traceback" not in ran.stderr
        return ran.stderr

    def file(self, name: str, content: str | bytes = "") -> str:
        """The path of a file in the folder; made anew where there is content for it, not there otherwise."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def _read(self, words: tuple[str, ...], ran: subprocess.CompletedProcess[str]) -> Any:
        self.done.add(command_of(words))
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *words], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )


def command_of(words: tuple[str, ...]) -> str:
    """The name of a command, which ends where its options begin."""
    end = next((number for number, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:end])


def signed_in(running: Running, proxy: str, folder: Path, principal: str) -> Az:
    """az in a new folder, with the emulator registered as its cloud and a service principal signed in."""
    folder.mkdir()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        "HOME": str(folder),
        "AZURE_CONFIG_DIR": str(folder / "config"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",  # else msal asks Microsoft whether this authority is one
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
        "REQUESTS_CA_BUNDLE": str(running.home.ca_file),
        "HTTPS_PROXY": proxy,
    }
    az = Az(folder, environment)
    credentials = running.home.credentials()
    known = credentials["principals"][principal]
    az(
        "cloud",
        "register",
        "--name",
        CLOUD,
        "--endpoint-resource-manager",
        f"https://localhost:{running.home.base_port}",
    )
    az("cloud", "set", "--name", CLOUD)
    who = ("--username", known["client_id"], "--password", known["client_secret"], "--tenant", credentials["tenant_id"])
    [account] = az("login", "--service-principal", *who)
    assert (account["cloudName"], account["user"]["name"]) == (CLOUD, known["client_id"])
    return az


def all_commands(az: Az) -> set[str]:
    """Every command of `az keyvault`, as az itself lists them, and its version as `az VERSION`."""
    lines = (
        "from azure.cli.core import MainCommandsLoader, __version__, get_default_cli",
        "table = MainCommandsLoader(get_default_cli()).load_command_table(['keyvault'])",
        "print('az', __version__)",
        "print(*(name for name in table if name.startswith('keyvault ')), sep='\\n')",
    )
    python = PROGRAM.with_name("python")
    told = subprocess.run(
        [python, "-c", "\n".join(lines)], env=az.environment, cwd=az.folder, capture_output=True, text=True, check=True
    )
    return set(told.stdout.splitlines())
