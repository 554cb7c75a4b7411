"""Objects and their versions as values, read from rows of the database: the same for secrets, keys and certificates.

The state of an object is `live`, `deleted` or `purged`. The last change takes effect at `settles`: in Azure a deletion, a
recovery and a purge take some seconds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from vaults.emulator.wire import raw_members
from vaults.emulator.wire.rules import Attributes

ENTRY = "o.name, o.current, o.managed, o.listed, o.state, o.settles, o.deleted_on, o.purge_on, o.extra"
VERSION = "v.version, v.created, v.updated, v.enabled, v.not_before, v.expires_on, v.tags, v.data"
Row = tuple[Any, ...]
LIVE, DELETED, PURGED = "live", "deleted", "purged"


@dataclass(slots=True)
class Version:
    """One version of an object. `data` is public, `material` (secret value, private key) is not."""

    version: str
    created: int
    updated: int
    enabled: bool = True
    not_before: int | None = None
    expires_on: int | None = None
    tags: dict[str, str] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    material: bytes = field(repr=False, default=b"")

    def apply(self, attributes: Attributes, tags: dict[str, str] | None, now: int) -> None:
        """Apply an update; None leaves a member unchanged."""
        if attributes.enabled is not None:
            self.enabled = attributes.enabled
        if attributes.not_before is not None:
            self.not_before = attributes.not_before
        if attributes.expires_on is not None:
            self.expires_on = attributes.expires_on
        if tags is not None:
            self.tags = tags
        raw_members.forget(
            self.data,
            {
                "attributes.enabled": attributes.enabled,
                "attributes.nbf": attributes.not_before,
                "attributes.exp": attributes.expires_on,
                "tags": tags,
            },
        )
        self.updated = now


@dataclass(slots=True)
class Entry:
    """An object without its versions. `listed` is False for a certificate that has never been issued."""

    name: str
    current: str
    managed: bool = False
    listed: bool = True
    state: str = LIVE
    settles: float = 0.0
    deleted_on: int | None = None
    purge_on: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Listed:
    """A row of a list: the object and one of its versions, without material."""

    entry: Entry
    version: Version


def new_version_id() -> str:
    return uuid4().hex


def listed(row: Row) -> Listed:
    """The values of a row of `ObjectTable.page`."""
    width = ENTRY.count(",") + 1
    return Listed(entry_of(row[:width]), version_of(row[width:]))


def entry_of(row: Sequence[Any]) -> Entry:
    """An object from the columns of ENTRY."""
    name, current, managed, listed, state, settles, deleted_on, purge_on, extra = row
    return Entry(name, current, bool(managed), bool(listed), state, settles, deleted_on, purge_on, json.loads(extra))


def version_of(row: Sequence[Any]) -> Version:
    """A version from the columns of VERSION and, if selected, the material."""
    version, created, updated, enabled, not_before, expires_on, tags, data, *material = row
    return Version(
        version,
        created,
        updated,
        bool(enabled),
        not_before,
        expires_on,
        None if tags is None else json.loads(tags),
        json.loads(data),
        *material,
    )
