"""What the bundles and list items of secrets, keys and certificates have in common: identifier, attributes, tags, deletion.

Key Vault REST: SecretBundle, KeyBundle, CertificateBundle, their list items and their deleted forms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict
from urllib.parse import urlsplit

from vaults.azure.errors import InvalidIdentifier, MalformedResponse
from vaults.azure.json_values import Json
from vaults.azure.members import LONGEST, Members
from vaults.keyvault.identifiers import Identifier
from vaults.keyvault.identifiers import parse as parse_identifier


class Identity(TypedDict):
    """An identifier, whole and in parts, under the names that `Properties` gives them."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was about: a collection of a vault, there an object by its name, and perhaps a version of it.

    `listed`: the answer has several of these, so that each must tell which it is.
    """

    vault_url: str
    collection: str
    name: str = ""
    version: str = ""
    listed: bool = False

    def covers(self, found: Identifier) -> bool:
        """Whether an identifier can be one of what was asked for. The port is not looked at: a proxy may change it."""
        return (
            urlsplit(f"//{found.host}").hostname == urlsplit(self.vault_url).hostname
            and found.collection.removeprefix("deleted") == self.collection
            and self.name.lower() in ("", found.name.lower())
            and self.version.lower() in ("", found.version.lower())
        )

    def identity(self) -> Identity:
        """The object by what it was asked for."""
        parts = (self.vault_url, self.collection, self.name, self.version)
        return Identity(id="/".join(part for part in parts if part), name=self.name, version=self.version)


def identity(members: Members, name: str, asked: Asked, holder: Members | None = None) -> Identity:
    """The identifier in a member, of `holder` if it stands in a part of the answer. Of another vault or object it is odd: what
    was asked for by its name has that one.

    Raises MalformedResponse where nothing tells which object it is, or that it is one.
    """
    url = (holder or members).text(name, "id")
    found = parsed(url)
    if url and found and asked.covers(found):
        return Identity(id=url, name=found.name, version=found.version)
    if asked.listed or not (
        "attributes" in members or "status" in members
    ):  # an object has the one, an operation the other
        raise MalformedResponse(f'The member "{name}" of the answer is no identifier of what was asked for.')
    if url:
        members.odd["id"] = url[:LONGEST]
    return asked.identity()


def parsed(url: str | None) -> Identifier | None:
    """An identifier in parts; None where it is none."""
    try:
        return parse_identifier(url or "")
    except InvalidIdentifier:
        return None


class Attributes(TypedDict):
    """The members of `attributes` under the names that `Properties` gives them, and the tags."""

    enabled: bool | None
    not_before: datetime | None
    expires_on: datetime | None
    created_on: datetime | None
    updated_on: datetime | None
    recovery_level: str | None
    recoverable_days: int | None
    tags: dict[str, str]
    odd: dict[str, str]


def attributes(members: Members) -> Attributes:
    """What every bundle and list item says in `attributes` and `tags`; `odd` is all that could not be read of `members`."""
    said = members.expected_section("attributes", "enabled", "not_before", "expires_on", "created_on", "updated_on")
    return Attributes(
        enabled=said.switch("enabled"),
        not_before=said.timestamp("nbf", "not_before"),
        expires_on=said.timestamp("exp", "expires_on"),
        created_on=said.timestamp("created", "created_on"),
        updated_on=said.timestamp("updated", "updated_on"),
        recovery_level=said.text("recoveryLevel", "recovery_level"),
        recoverable_days=_retention(said),
        tags=members.tags("tags"),
        odd=members.odd,
    )


def _retention(attributes: Members) -> int | None:
    """Key Vault keeps deleted objects for 7 to 90 days; other numbers are as good as none."""
    days = attributes.number("recoverableDays", "recoverable_days")
    return days if days is not None and 0 <= days <= 90 else None


class Deletion(TypedDict):
    """What a deleted bundle or list item says about its deletion, under the names of `Deleted`."""

    recovery_id: str
    deleted_on: datetime | None
    scheduled_purge_on: datetime | None
    odd: dict[str, str]


def deletion(data: Json, asked: Asked) -> Deletion:
    """Where a deleted object can be recovered, and until when."""
    members = Members(data)
    recovery_id = members.text("recoveryId", "recovery_id") or ""
    found = parsed(recovery_id)
    if recovery_id and not (found and replace(asked, version="").covers(found)):
        members.odd["recovery_id"] = recovery_id[:LONGEST]
        recovery_id = ""
    return Deletion(
        recovery_id=recovery_id,
        deleted_on=members.timestamp("deletedDate", "deleted_on"),
        scheduled_purge_on=members.timestamp("scheduledPurgeDate", "scheduled_purge_on"),
        odd=members.odd,
    )
