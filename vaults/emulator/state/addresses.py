"""Which host stands for which vault, or for the token issuer and Resource Manager."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Protocol

from vaults.emulator.state.registry import Vault, find_vault, find_vault_by_port


@dataclass(frozen=True, slots=True)
class Place:
    """The meaning of a host: a vault, or, with `vault` None, the issuer and Resource Manager.

    `issuer` is the base URL of the token issuer, as the challenge names it; `link_host` is the host as a
    nextLink writes it, always with its port.
    """

    vault: Vault | None
    issuer: str
    link_host: str


class Addresses(Protocol):
    issuer_host: str  # a part of the host of issuer and Resource Manager that no other host has
    vault_suffix: str  # what follows a vault's name and a dot in the address that clients put together themselves

    def find(self, db: sqlite3.Connection, host: str) -> Place | None:
        """What is served under a Host header, None for a host that is not ours."""

    def vault_host(self, vault: Vault) -> str:
        """The host of a vault, with its port if it needs one."""


class NamedHosts:
    """Invented hosts for unit tests without a socket: `https://<vault>.vault.test`."""

    LOGIN = "login.test"
    ARM = "management.test"
    issuer_host = LOGIN
    vault_suffix = "vault.test"

    def find(self, db: sqlite3.Connection, host: str) -> Place | None:
        host = host.lower().removesuffix(":443")
        issuer = f"https://{self.LOGIN}"
        if host in (self.LOGIN, self.ARM):
            return Place(None, issuer, f"{host}:443")
        name, suffix, rest = host.partition(f".{self.vault_suffix}")
        vault = find_vault(db, name) if suffix and not rest else None
        return Place(vault, issuer, f"{host}:443") if vault else None

    def vault_host(self, vault: Vault) -> str:
        return f"{vault.name}.{self.vault_suffix}"


class LoopbackPorts:
    """Ports on loopback: issuer and Resource Manager at the base port, each vault at its own.

    Clients such as az, which compose a vault's address from its name and a suffix, reach each vault at the base port, too.
    """

    def __init__(self, base_port: int) -> None:
        self.base_port = base_port
        self.issuer_host = f":{base_port}"
        self.vault_suffix = f"vault.localhost:{base_port}"

    def find(self, db: sqlite3.Connection, host: str) -> Place | None:
        host = host.lower()
        named, suffix, rest = host.partition(f".{self.vault_suffix}")
        if suffix and not rest:
            vault = find_vault(db, named)
            return Place(vault, f"https://localhost:{self.base_port}", host) if vault else None
        match = re.fullmatch(r"(localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})", host)
        if match is None:
            return None
        name, port = match[1], int(match[2])
        issuer = f"https://{name}:{self.base_port}"
        if port == self.base_port:
            return Place(None, issuer, host)
        vault = find_vault_by_port(db, port)
        return Place(vault, issuer, host) if vault else None

    def vault_host(self, vault: Vault) -> str:
        return f"localhost:{vault.port}"
