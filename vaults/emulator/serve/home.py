"""The state folder of a served emulator: database, CA, credentials, and the file that describes it to clients."""

import json
import shutil
import socket
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaults.emulator.emulator import Emulator
from vaults.emulator.samples import seed
from vaults.emulator.serve import tls
from vaults.emulator.state import registry
from vaults.emulator.state.addresses import LoopbackPorts
from vaults.emulator.state.registry import Vault

PORTS_TO_TRY = 500
FIRST_START = 60.0  # seconds to wait for another process that starts in the same folder


class InUseError(Exception):
    """The emulator of the folder is being served."""


@dataclass(frozen=True, slots=True)
class Home:
    """A state folder and its base port, that of the token issuer; vaults have the ports above it."""

    folder: Path
    base_port: int

    @classmethod
    def as_served(cls, folder: Path, otherwise: int) -> "Home":
        """The folder with the port at which it was last served, so that a command never moves a running server."""
        home = cls(folder, otherwise)
        if not home.clouds_file.exists():
            return home
        authority = tomllib.loads(home.clouds_file.read_text())["clouds"]["local"]["authority"]
        return cls(folder, int(authority.rpartition(":")[2]))

    @property
    def database(self) -> Path:
        return self.folder / "emulator.sqlite3"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def server_certificate(self) -> tuple[Path, Path]:
        return self.folder / "server.pem", self.folder / "server-key.pem"

    @property
    def clouds_file(self) -> Path:
        return self.folder / "clouds.toml"

    @property
    def control_token_file(self) -> Path:
        return self.folder / "control.token"

    @property
    def credentials_file(self) -> Path:
        return self.folder / "credentials.json"

    def open(self, **options: Any) -> Emulator:
        """The emulator of this folder, created and filled on first start. `options` as for Emulator."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another process may be doing its first start in the same folder.
        with _locked(self.folder / "start.lock", FIRST_START):
            tls.ensure(self.folder)
            filled = self.credentials_file.exists()
            if not filled:
                # The credentials are written last: without them an earlier start was interrupted, and is repeated.
                for leftover in self.folder.glob(f"{self.database.name}*"):
                    leftover.unlink()
            emulator = Emulator(self.database, addresses=LoopbackPorts(self.base_port), **options)
            if not filled:
                credentials = seed.fill(emulator)
                self.write_credentials(credentials)
            self.assign_ports(emulator)
            self.write_clouds(emulator)
        return emulator

    def credentials(self) -> dict[str, Any]:
        """Tenant and service principals with their secrets: {"tenant_id", "principals": {name: {...}}}."""
        loaded: dict[str, Any] = json.loads(self.credentials_file.read_text())
        return loaded

    def write_credentials(self, credentials: dict[str, Any]) -> None:
        tls.write_private(self.credentials_file, json.dumps(credentials, indent=2).encode())

    def keep_credentials(self, name: str, principal: dict[str, str]) -> None:
        """Store the credentials of a service principal, for `emulator env`."""
        credentials = self.credentials()
        credentials["principals"][name] = principal
        self.write_credentials(credentials)

    def forget_credentials(self, name: str) -> None:
        credentials = self.credentials()
        if credentials["principals"].pop(name, None) is not None:
            self.write_credentials(credentials)

    def assign_ports(self, emulator: Emulator) -> list[Vault]:
        """Assign the first free port above the base port to each vault without one."""
        kept = emulator.store.setting("base port")
        with emulator.store.writing() as db:
            if kept is not None and int(kept) != self.base_port:
                registry.clear_ports(db)
            vaults = registry.all_vaults(db)
            taken = {vault.port for vault in vaults}
            for vault in vaults:
                if vault.port is None:
                    port = self._free_port(taken)
                    registry.set_port(db, vault, port)
                    taken.add(port)
            vaults = registry.all_vaults(db)
        emulator.store.set_setting("base port", str(self.base_port).encode())
        return vaults

    def write_clouds(self, emulator: Emulator) -> None:
        """Describe the emulator as a cloud, in the format of KVPORTAL_CLOUDS_FILE."""
        with emulator.store.reading() as db:
            vaults = registry.all_vaults(db)
        base = f"https://localhost:{self.base_port}"
        cloud: dict[str, str | list[str]] = {
            "label": "Local Key Vault",
            "authority": base,
            "scope": "https://vault.azure.net/.default",
            "vault_suffixes": [],
            "arm_endpoint": base,
            "arm_scope": "https://management.azure.com/.default",
            "ca_file": str(self.ca_file.resolve()),
        }
        hosts = {vault.name: emulator.addresses.vault_host(vault) for vault in vaults}
        text = _table("clouds.local", cloud) + "\n" + _table("clouds.local.vault_hosts", hosts)
        if not self.clouds_file.exists() or self.clouds_file.read_text() != text:
            tls.write_private(self.clouds_file, text.encode())

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Lock the folder while it is served: it must be neither served twice nor removed. Raises InUseError."""
        with ExitStack() as stack:
            try:
                stack.enter_context(_locked(self.folder / "serving.lock", 0))
            except sqlite3.OperationalError:
                raise InUseError(f"The local Key Vault in {self.folder} is being served. Stop it first.") from None
            yield

    def remove(self) -> None:
        """Remove all state; the next start creates it again. Raises InUseError."""
        if self.folder.exists():
            with self.serving():
                self.credentials_file.unlink(missing_ok=True)
            shutil.rmtree(self.folder)

    def _free_port(self, taken: set[int | None]) -> int:
        for port in range(self.base_port + 1, self.base_port + PORTS_TO_TRY):
            if port not in taken and _is_free(port):
                return port
        raise RuntimeError(f"No port is free between {self.base_port + 1} and {self.base_port + PORTS_TO_TRY}.")


@contextmanager
def _locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock that ends with the process on all operating systems: a transaction in an empty database.

    Raises sqlite3.OperationalError if another process still holds it after `seconds`.
    """
    connection = sqlite3.connect(path, timeout=seconds, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _table(name: str, values: Mapping[str, str] | Mapping[str, str | list[str]]) -> str:
    """A TOML table of strings and lists of strings, whose format is that of JSON."""
    lines = [f"{json.dumps(key) if '.' in key else key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join((f"[{name}]", *lines, ""))
