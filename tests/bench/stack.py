"""Local vault, worker and portal, started as `make run` does it: on free ports, in a directory that is thrown away."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kvportal import launch

LATENCY_MS = 50
EMAIL, PASSWORD = "bench@example.com", "only for this run of the bench"
PRINCIPAL = "sp-shop-admin"
VAULT = "kv-shop-prod"
#: A second vault has so many items that the inventory holds about 5,000.
BIG_VAULT, BIG = "kv-shop-stage", {"secrets": 4000, "keys": 200, "certificates": 700}


class Stack:
    """The three processes; use it in a `with`. Their output is in `log`, and is shown when one of them fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._notes = folder / "token-requests"
        self._log = (folder / "log").open("w+b")
        self._emulator_port, self._port = free_ports(2)
        self.portal_url = f"http://localhost:{self._port}"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        launch.stop(self._children)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if kind is not None:
            self._log.seek(0)
            sys.stderr.write("".join(self._log.read().decode(errors="replace").splitlines(keepends=True)[-40:]))
        self._log.close()

    def _start(self) -> None:
        os.chdir(launch.ROOT)
        for name in [name for name in os.environ if name.startswith("KVPORTAL_")]:
            del os.environ[name]  # the bench measures the defaults, whatever this shell is set up for
        os.environ.update(
            DJANGO_SETTINGS_MODULE="kvportal.settings",
            KVPORTAL_DATA_DIR=str(self._folder),
            KVPORTAL_PORT=str(self._port),
            KVPORTAL_REVEAL_LIMIT="100000",  # more than the samples
            KVPORTAL_EMULATOR_PORT=str(self._emulator_port),
            KVPORTAL_OWNER_EMAIL=EMAIL,
            KVPORTAL_OWNER_PASSWORD=PASSWORD,
        )
        launch.prepare_local_environment()
        vault = [*(self._folder / "emulator", self._emulator_port, LATENCY_MS, self._notes)]
        self._child("local vault", sys.executable, "-m", "tests.bench.local_vault", *map(str, vault))
        self._wait_for_port("local vault", self._emulator_port)
        subprocess.run([*launch.MANAGE, "prepare", "--local"], check=True, stdout=self._log, stderr=self._log)
        counts = [part for kind, count in BIG.items() for part in (f"--{kind}", str(count))]
        fill = [*launch.MANAGE, "emulator", "fill", BIG_VAULT, *counts]
        subprocess.run(fill, check=True, stdout=self._log, stderr=self._log)
        # The first scans are over before anything is measured; what they asked of the issuer is the worker's.
        self._child("worker", *launch.MANAGE, "worker")
        launch.wait_for("worker", self._children, self._is_scanned)
        self.worker_tokens = self.token_requests()
        self._child("portal", *launch.granian("127.0.0.1", self._port))
        self._wait_for_port("portal", self._port)

    def _child(self, name: str, *command: str) -> None:
        self._children[name] = subprocess.Popen(command, stdout=self._log, stderr=self._log)

    def _wait_for_port(self, name: str, port: int) -> None:
        launch.wait_for(name, self._children, lambda: launch.answers("127.0.0.1", port))

    def _is_scanned(self) -> bool:
        with sqlite3.connect(self._folder / "kvportal.sqlite3") as db:
            left = db.execute("SELECT 1 FROM vaults_vault WHERE scanned_at IS NULL").fetchone()
        return left is None

    def token_requests(self) -> Counter[str]:
        """How often our own client has asked the issuer for a token so far, by client id.

        The SDK, and the bench for its bare calls, say in their User-Agent that they are somebody else.
        """
        if not self._notes.exists():
            return Counter()
        lines = [line.partition(" ") for line in self._notes.read_text().splitlines()]
        return Counter(client_id for client_id, _, agent in lines if agent.startswith("python-requests/"))

    @property
    def authority(self) -> str:
        return f"https://localhost:{self._emulator_port}"

    @property
    def ca_file(self) -> str:
        return str(self._folder / "emulator" / "ca.pem")

    @property
    def vault_url(self) -> str:
        clouds = tomllib.loads((self._folder / "emulator" / "clouds.toml").read_text())
        return f"https://{clouds['clouds']['local']['vault_hosts'][VAULT]}"

    @property
    def credentials(self) -> tuple[str, str, str]:
        """Tenant id, client id and client secret of the service principal that the portal's connection has, too."""
        known: dict[str, Any] = json.loads((self._folder / "emulator" / "credentials.json").read_text())
        principal = known["principals"][PRINCIPAL]
        return known["tenant_id"], principal["client_id"], principal["client_secret"]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on. (The vaults take theirs behind the first one, whichever are free.)"""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
