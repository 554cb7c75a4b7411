"""One authorized call on a vault, as the operations see it."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from vaults.emulator.dataplane.versions import reaches
from vaults.emulator.entra.tokens import Caller
from vaults.emulator.state.entries import Entry, Version
from vaults.emulator.state.objects import Shelf
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.service import Service
from vaults.emulator.wire.kinds import Kind


@dataclass(slots=True)
class Call:
    """A request that may be carried out: which vault, by whom, with what. `now` is in whole seconds.

    `accept` is the media type that the caller wants most, in lower case.
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
        """The version asked for, empty for the newest."""
        return self.params.get("version", "")

    def since(self, version: str) -> bool:
        """Whether the caller's API version knows what came with `version`."""
        return reaches(self.api_version, version)

    def shelf(self, db: sqlite3.Connection, kind: Kind) -> Shelf:
        return Shelf(db, self.vault.id, kind, self.service.clock())

    def settles(self) -> float:
        """When a deletion, recovery or purge that starts now will have taken hold."""
        return self.service.clock() + self.service.settle_seconds

    def url(self, *parts: str) -> str:
        """An address in this vault, under the host that the caller used."""
        return "/".join((self.base, *filter(None, parts)))

    def attributes(self, version: Version, *, recovery: bool = True) -> dict[str, Any]:
        """What all kinds of objects show of themselves. Lists of certificates leave the recovery level out."""
        shown: dict[str, Any] = {"enabled": version.enabled}
        if version.not_before is not None:
            shown["nbf"] = version.not_before
        if version.expires_on is not None:
            shown["exp"] = version.expires_on
        shown |= {"created": version.created, "updated": version.updated}
        if recovery:
            shown["recoveryLevel"] = self.vault.recovery_level
            if self.since("7.1"):
                shown["recoverableDays"] = self.vault.retention_days
        return shown

    def deletion(self, kind: Kind, entry: Entry) -> dict[str, Any]:
        """What a deleted object's answers begin with."""
        return {
            "recoveryId": self.url(kind.deleted, entry.name),
            "deletedDate": entry.deleted_on,
            "scheduledPurgeDate": entry.purge_on,
        }
