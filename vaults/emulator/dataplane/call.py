"""An authorized call, the argument of all operations of the data plane."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from vaults.emulator.dataplane.versions import reaches
from vaults.emulator.entra.tokens import Caller
from vaults.emulator.state.entries import Entry, Version
from vaults.emulator.state.objects import ObjectTable
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.service import Service
from vaults.emulator.wire.kinds import Kind


@dataclass(slots=True)
class Call:
    """An authorized request to a vault. `now` is in whole seconds.

    `accept` is the first media type of the Accept header, in lower case.
    """

    service: Service
    vault: Vault
    caller: Caller
    base: str
    link_base: str
    api_version: str
    now: int
    query: dict[str, str]
    params: dict[str, str]
    body: dict[str, Any] = field(repr=False)
    accept: str = ""

    @property
    def name(self) -> str:
        return self.params["name"]

    @property
    def version(self) -> str:
        """The version in the path, empty for the newest."""
        return self.params.get("version", "")

    def since(self, version: str) -> bool:
        """Whether the caller's API version is `version` or later."""
        return reaches(self.api_version, version)

    def table(self, db: sqlite3.Connection, kind: Kind) -> ObjectTable:
        return ObjectTable(db, self.vault.id, kind, self.service.clock())

    def settles(self) -> float:
        """When a deletion, recovery or purge that starts now will have settled."""
        return self.service.clock() + self.service.settle_seconds

    def url(self, *parts: str) -> str:
        """A URL in this vault, with the host of the request."""
        return "/".join((self.base, *filter(None, parts)))

    def attributes(self, version: Version, *, recovery: bool = True) -> dict[str, Any]:
        """The attributes of all kinds of objects. Lists of certificates have no recovery level."""
        body: dict[str, Any] = {"enabled": version.enabled}
        if version.not_before is not None:
            body["nbf"] = version.not_before
        if version.expires_on is not None:
            body["exp"] = version.expires_on
        body |= {"created": version.created, "updated": version.updated}
        if recovery:
            body["recoveryLevel"] = self.vault.recovery_level
            if self.since("7.1"):
                body["recoverableDays"] = self.vault.retention_days
        return body

    def deletion(self, kind: Kind, entry: Entry) -> dict[str, Any]:
        """The first members of a deleted object."""
        return {
            "recoveryId": self.url(kind.deleted, entry.name),
            "deletedDate": entry.deleted_on,
            "scheduledPurgeDate": entry.purge_on,
        }
