"""Parsing of the members common to secrets, keys and certificates: identifier, attributes, tags, deletion.

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
    """An identifier and its parts, as fields of `Properties`."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Requested:
    """The object that a request was for: a vault's collection, and within it a name and a version, unless "".

    `listed`: the response is a list, so that each item must contain its own identifier.
    """

    vault_url: str
    collection: str
    name: str = ""
    version: str = ""
    listed: bool = False

    def covers(self, found: Identifier) -> bool:
        """True if an identifier matches the request. The port is ignored: a proxy may change it."""
        return (
            urlsplit(f"//{found.host}").hostname == urlsplit(self.vault_url).hostname
            and found.collection.removeprefix("deleted") == self.collection
            and self.name.lower() in ("", found.name.lower())
            and self.version.lower() in ("", found.version.lower())
        )

    def identity(self) -> Identity:
        """The identifier of the requested object."""
        parts = (self.vault_url, self.collection, self.name, self.version)
        return Identity(id="/".join(part for part in parts if part), name=self.name, version=self.version)


def identity(members: Members, name: str, requested: Requested, holder: Members | None = None) -> Identity:
    """The identifier in a member of the response, or of its part `holder`. If it does not match the request, the requested
    identifier is returned, and the one received is added to `odd`.

    Raises MalformedResponse for an item of a list without a matching identifier, and for a response that is no object at all.
    """
    url = (holder or members).text(name, "id")
    found = parsed(url)
    if url and found and requested.covers(found):
        return Identity(id=url, name=found.name, version=found.version)
    if requested.listed or not (
        "attributes" in members or "status" in members
    ):  # an object has the one, an operation the other
        raise MalformedResponse(f'The member "{name}" of the answer is no identifier of what was asked for.')
    if url:
        members.odd["id"] = url[:LONGEST]
    return requested.identity()


def parsed(url: str | None) -> Identifier | None:
    """The parts of an identifier; None if the text is not an identifier."""
    try:
        return parse_identifier(url or "")
    except InvalidIdentifier:
        return None


class Attributes(TypedDict):
    """The members of `attributes`, and the tags, as fields of `Properties`."""

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
    """`attributes` and `tags` of a bundle or list item; `odd` has everything in `members` that could not be read."""
    section = members.expected_section("attributes", "enabled", "not_before", "expires_on", "created_on", "updated_on")
    return Attributes(
        enabled=section.switch("enabled"),
        not_before=section.timestamp("nbf", "not_before"),
        expires_on=section.timestamp("exp", "expires_on"),
        created_on=section.timestamp("created", "created_on"),
        updated_on=section.timestamp("updated", "updated_on"),
        recovery_level=section.text("recoveryLevel", "recovery_level"),
        recoverable_days=_retention(section),
        tags=members.tags("tags"),
        odd=members.odd,
    )


def _retention(attributes: Members) -> int | None:
    """`recoverableDays` in days, None outside 0 to 90: Key Vault keeps deleted objects for 7 to 90 days."""
    days = attributes.number("recoverableDays", "recoverable_days")
    return days if days is not None and 0 <= days <= 90 else None


class Deletion(TypedDict):
    """The members about the deletion of a deleted object, as fields of `Deleted`."""

    recovery_id: str
    deleted_on: datetime | None
    scheduled_purge_on: datetime | None
    odd: dict[str, str]


def deletion(data: Json, requested: Requested) -> Deletion:
    """The recovery id of a deleted object, and its dates; a recovery id of another object goes into `odd`."""
    members = Members(data)
    recovery_id = members.text("recoveryId", "recovery_id") or ""
    found = parsed(recovery_id)
    if recovery_id and not (found and replace(requested, version="").covers(found)):
        members.odd["recovery_id"] = recovery_id[:LONGEST]
        recovery_id = ""
    return Deletion(
        recovery_id=recovery_id,
        deleted_on=members.timestamp("deletedDate", "deleted_on"),
        scheduled_purge_on=members.timestamp("scheduledPurgeDate", "scheduled_purge_on"),
        odd=members.odd,
    )
