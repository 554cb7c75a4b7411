"""Which hosts belong to which cloud, so that a token or a client secret can go nowhere else.

A vault is a cloud plus a name, or one of the exact hosts that its cloud allows. Nobody types an authority.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from vaults.keyvault.errors import HostNotAllowed, InvalidClouds, InvalidVaultName

_VAULT_NAME = re.compile(r"(?!.*--)[a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z]")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Cloud:
    """One cloud: its sign-in authority, the scopes to ask tokens for, and the vault hosts it vouches for.

    `vault_suffixes` are DNS suffixes without the leading dot; `vault_hosts` maps a vault's name to an exact
    `host` or `host:port`. `ca_file` is the CA to trust instead of the public ones; `proxy` the only proxy
    used (the environment is not read). `mount` may put its own adapters on a new `requests.Session`.
    """

    name: str
    label: str
    authority: str
    scope: str
    vault_suffixes: tuple[str, ...] = ()
    vault_hosts: Mapping[str, str] = field(default_factory=dict, hash=False)
    arm_endpoint: str = ""
    arm_scope: str = ""
    ca_file: str | None = None
    proxy: str | None = None
    mount: Callable[[requests.Session], None] | None = field(default=None, repr=False)

    @property
    def authority_host(self) -> str:
        """The only host that a client secret is sent to."""
        return urlsplit(self.authority).netloc

    def vault_url(self, name_or_host: str) -> str:
        """The base URL of a vault, from its name, an allowed `host[:port]`, or the https URL of one.

        Raises InvalidVaultName or HostNotAllowed, both ValueErrors.
        """
        if exact := self.vault_hosts.get(name_or_host):
            return f"https://{exact}"
        host = _host_of(name_or_host)
        if "." in host or ":" in host:
            if not self.allows_vault_host(host):
                raise HostNotAllowed(f"{self.label} has no vaults at this host.")
            return f"https://{host}"
        if not _VAULT_NAME.fullmatch(host):
            raise InvalidVaultName(
                "A vault's name has 3 to 24 letters, digits and single hyphens, and starts with a letter."
            )
        if not self.vault_suffixes:
            raise HostNotAllowed(f"{self.label} has no vault of this name.")
        return f"https://{host}.{self.vault_suffixes[0]}"

    def allows_vault_host(self, host: str) -> bool:
        """Is this `host[:port]`, in lower case, a vault of this cloud?

        The suffix is matched behind a whole label: `evil-vault.azure.net` is no vault.
        """
        if host in self.vault_hosts.values():
            return True
        label, _, suffix = host.partition(".")
        return suffix in self.vault_suffixes and _VAULT_NAME.fullmatch(label) is not None


def _host_of(address: str) -> str:
    """The `host[:port]` of an https URL without path, query and user; other text is taken for a host."""
    if "://" not in address:
        return address.lower()
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        raise HostNotAllowed("This is not an address of a vault.") from None
    host = url.netloc.lower().removesuffix(":443") if port == 443 else url.netloc.lower()
    if address.lower().rstrip("/") not in (f"https://{host}", f"https://{host}:443"):
        raise HostNotAllowed("A vault's address is https:// and its host, and nothing else.")
    return host


AZURE_CLOUDS: Mapping[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="azure",
            label="Azure",
            authority="https://login.microsoftonline.com",
            scope="https://vault.azure.net/.default",
            vault_suffixes=("vault.azure.net",),
            arm_endpoint="https://management.azure.com",
            arm_scope="https://management.azure.com/.default",
        ),
        Cloud(
            name="china",
            label="Azure China (21Vianet)",
            authority="https://login.partner.microsoftonline.cn",
            scope="https://vault.azure.cn/.default",
            vault_suffixes=("vault.azure.cn",),
            arm_endpoint="https://management.chinacloudapi.cn",
            arm_scope="https://management.chinacloudapi.cn/.default",
        ),
        Cloud(
            name="usgov",
            label="Azure US Government",
            authority="https://login.microsoftonline.us",
            scope="https://vault.usgovcloudapi.net/.default",
            vault_suffixes=("vault.usgovcloudapi.net",),
            arm_endpoint="https://management.usgovcloudapi.net",
            arm_scope="https://management.usgovcloudapi.net/.default",
        ),
    )
}


def load_clouds(path: Path | None) -> dict[str, Cloud]:
    """Azure's own clouds and those of a TOML file of `[clouds.<name>]` tables. Raises InvalidClouds."""
    clouds = dict(AZURE_CLOUDS)
    if path is None:
        return clouds
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("clouds", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidClouds(f"{path}: {error}") from error
    for name, table in tables.items():
        clouds[name] = _cloud_from(name, table)
    return clouds


_HTTPS_KEYS = ("authority", "scope", "arm_endpoint", "arm_scope")
_KNOWN_KEYS = {"label", *_HTTPS_KEYS, "vault_suffixes", "vault_hosts", "ca_file", "proxy"}


def _cloud_from(name: str, table: dict[str, Any]) -> Cloud:
    """One table of the file, refused with a sentence if it could let a token go astray."""
    if unknown := set(table) - _KNOWN_KEYS:
        raise InvalidClouds(f"[clouds.{name}] has a key that nobody reads: {', '.join(sorted(unknown))}.")
    for key in _HTTPS_KEYS:
        value = table.get(key, "")
        if not isinstance(value, str) or (
            not value.startswith("https://") and (value or key in _HTTPS_KEYS[:2])
        ):
            raise InvalidClouds(f"[clouds.{name}] {key} must be text that starts with https://.")
    suffixes, hosts = table.get("vault_suffixes", []), table.get("vault_hosts", {})
    if not all(isinstance(text, str) and text for text in [*suffixes, *hosts.values()]):
        raise InvalidClouds(f"[clouds.{name}] vault_suffixes and vault_hosts hold text.")
    return Cloud(
        name=name,
        label=table.get("label", name),
        authority=table["authority"].rstrip("/"),
        scope=table["scope"],
        vault_suffixes=tuple(suffix.lower().strip(".") for suffix in suffixes),
        vault_hosts={vault: host.lower() for vault, host in hosts.items()},
        arm_endpoint=table.get("arm_endpoint", "").rstrip("/"),
        arm_scope=table.get("arm_scope", ""),
        ca_file=table.get("ca_file"),
        proxy=table.get("proxy"),
    )
