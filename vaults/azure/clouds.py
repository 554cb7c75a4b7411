"""The hosts of each cloud. Tokens and client secrets are sent to these hosts only.

A vault is identified by its cloud and its name, or by one of the exact hosts that the cloud allows. The authority is never
user input.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from vaults.azure.errors import HostNotAllowed, InvalidClouds, InvalidVaultName
from vaults.azure.pasted import vault_from_text

_VAULT_NAME = re.compile(r"(?!.*--)[a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z]")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Cloud:
    """One cloud: its sign-in authority, the scopes of its tokens, and the vault hosts that it allows.

    `vault_suffixes` are DNS suffixes without the leading dot; `vault_hosts` maps a vault's name to an exact
    `host` or `host:port`, both in lower case. `ca_file` holds the CAs to trust instead of the public ones, or in addition to
    them with `public_cas`: a company's proxy may intercept TLS for some of Azure's hosts and not for others. `proxy` is the
    only proxy used (the environment is not read). `mount` may add its own adapters to a new `requests.Session`.
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
    public_cas: bool = False
    proxy: str | None = None
    mount: Callable[[requests.Session], None] | None = field(default=None, repr=False)

    def vault_url(self, name_or_host: str) -> str:
        """The base URL of a vault, from its name, an allowed `host[:port]`, or the https URL of one.

        Raises InvalidVaultName or HostNotAllowed, both ValueErrors.
        """
        if exact := self.vault_hosts.get(name_or_host.lower()):
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

    def vault_host(self, typed: str) -> str:
        """The `host[:port]` of a typed or pasted vault, the same for all its spellings: the vault's identity in this cloud.

        Raises InvalidVaultName or HostNotAllowed.
        """
        return self.vault_url(vault_from_text(typed)).removeprefix("https://")

    def vault_name(self, typed: str) -> str:
        """The name that `az --name` takes for a typed or pasted vault; of an exact host, the name by which it is listed.

        Raises InvalidVaultName or HostNotAllowed.
        """
        host = self.vault_host(typed)
        return next((name for name, exact in self.vault_hosts.items() if exact == host), host.partition(".")[0])

    def stored_vault_url(self, name: str, host: str) -> str:
        """The base URL of a vault that is stored with this name and host. Where a listed vault is, the clouds file says: it may
        have moved since. Raises InvalidVaultName or HostNotAllowed.
        """
        listed = name in self.vault_hosts and not self._has_suffix(host)
        return self.vault_url(name if listed else host)

    def allows_vault_host(self, host: str) -> bool:
        """True if this `host[:port]`, in lower case, is a vault of this cloud.

        The part before the suffix must be one whole label: `evil-vault.azure.net` is not a vault.
        """
        return host in self.vault_hosts.values() or self._has_suffix(host)

    def _has_suffix(self, host: str) -> bool:
        label, _, suffix = host.partition(".")
        return suffix in self.vault_suffixes and _VAULT_NAME.fullmatch(label) is not None


def _host_of(address: str) -> str:
    """The `host[:port]` of an https URL that has no path, query or user; text that is not a URL is returned as a host.

    The port 443 is left out. Raises HostNotAllowed.
    """
    if "://" not in address:
        return address.lower().removesuffix(":443")
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
            public_cas=True,
        ),
        Cloud(
            name="china",
            label="Azure China (21Vianet)",
            authority="https://login.partner.microsoftonline.cn",
            scope="https://vault.azure.cn/.default",
            vault_suffixes=("vault.azure.cn",),
            arm_endpoint="https://management.chinacloudapi.cn",
            arm_scope="https://management.chinacloudapi.cn/.default",
            public_cas=True,
        ),
        Cloud(
            name="usgov",
            label="Azure US Government",
            authority="https://login.microsoftonline.us",
            scope="https://vault.usgovcloudapi.net/.default",
            vault_suffixes=("vault.usgovcloudapi.net",),
            arm_endpoint="https://management.usgovcloudapi.net",
            arm_scope="https://management.usgovcloudapi.net/.default",
            public_cas=True,
        ),
    )
}


def load_clouds(path: Path | None) -> dict[str, Cloud]:
    """Azure's own clouds, and those of a TOML file with `[clouds.<name>]` tables. Raises InvalidClouds.

    A table with the name of one of Azure's own clouds needs only the values that differ, such as `ca_file`.
    """
    clouds = dict(AZURE_CLOUDS)
    if path is None:
        return clouds
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("clouds", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidClouds(f"{path}: {error}") from error
    if not isinstance(tables, dict):
        raise InvalidClouds(f"{path}: clouds are tables, [clouds.<name>].")
    for name, table in tables.items():
        where = f"[clouds.{name}]"
        _check_table(where, table, AZURE_CLOUDS.get(name))
        clouds[name] = _cloud_from(name, table)
    return clouds


_ADDRESSES = ("authority", "scope", "arm_endpoint", "arm_scope")
_TEXTS = ("label", *_ADDRESSES, "ca_file", "proxy")


def _check_table(where: str, table: Any, known: Cloud | None) -> None:
    """Raise InvalidClouds for a table of the file that is malformed or could send a token to a wrong host."""
    if not isinstance(table, dict):
        raise InvalidClouds(f"{where} must be a table.")
    texts = {key: table.get(key, "") for key in _TEXTS}
    suffixes, hosts = table.get("vault_suffixes", []), table.get("vault_hosts", {})
    if unknown := set(table) - {*_TEXTS, "vault_suffixes", "vault_hosts"}:
        raise InvalidClouds(f"{where} has a key that nobody reads: {', '.join(sorted(unknown))}.")
    if not isinstance(suffixes, list) or not isinstance(hosts, dict):
        raise InvalidClouds(f"{where} vault_suffixes is a list and vault_hosts a table.")
    if not all(isinstance(value, str) for value in (*texts.values(), *suffixes, *hosts.values())):
        raise InvalidClouds(f"{where} must hold nothing but text.")
    if not known and not (texts["authority"] and texts["scope"]):
        raise InvalidClouds(f"{where} needs an authority and a scope.")
    for key in _ADDRESSES:
        if texts[key] and not texts[key].startswith("https://"):
            raise InvalidClouds(f"{where} {key} must start with https://.")
    if not all([*suffixes, *hosts.values()]):
        raise InvalidClouds(f"{where} has an empty vault host or suffix, which would match too much.")


def _cloud_from(name: str, table: Mapping[str, Any]) -> Cloud:
    """The cloud in a checked table; values that it leaves out come from Azure's own cloud of that name, if there is one."""
    base = AZURE_CLOUDS.get(name) or Cloud(name, label=name, authority="", scope="")
    fields: dict[str, Any] = {key: table[key] for key in _TEXTS if table.get(key)}
    for key in ("authority", "arm_endpoint"):
        if key in fields:
            fields[key] = fields[key].rstrip("/")
    if "vault_suffixes" in table:
        fields["vault_suffixes"] = tuple(suffix.lower().strip(".") for suffix in table["vault_suffixes"])
    if "vault_hosts" in table:
        fields["vault_hosts"] = {vault.lower(): vault_from_text(host) for vault, host in table["vault_hosts"].items()}
    return replace(base, **fields)
