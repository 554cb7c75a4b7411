"""Objects and their versions: what secrets, keys and certificates have in common in the database.

An object's state is `live`, `deleted` or `purged`; until `settles` the last change has not taken hold, as in
Azure, where a deletion, a recovery and a purge take some seconds. Names are compared without case and kept as
first written.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from vaults.emulator.wire import errors, raw_members
from vaults.emulator.wire.kinds import Kind
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
        """Take over what an update says; what it leaves out stays."""
        if attributes.enabled is not None:
            self.enabled = attributes.enabled
        if attributes.not_before is not None:
            self.not_before = attributes.not_before
        if attributes.expires_on is not None:
            self.expires_on = attributes.expires_on
        if tags is not None:
            self.tags = tags
        raw_members.give_up(
            self,
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


class Shelf:
    """One vault's objects of one kind, at one moment, through one connection."""

    def __init__(self, db: sqlite3.Connection, vault: int, kind: Kind, now: float) -> None:
        self._db = db
        self._vault = vault
        self.kind = kind
        self._now = now

    def _key(self, name: str) -> tuple[int, str, str]:
        return (self._vault, self.kind.collection, name.lower())

    def entry(self, name: str) -> Entry | None:
        """The object in whatever state."""
        row = self._db.execute(
            f"SELECT {ENTRY} FROM object o WHERE vault = ? AND kind = ? AND folded = ?",  # noqa: S608 - a constant
            self._key(name),
        ).fetchone()
        return _entry(row) if row else None

    def live(self, name: str, version: str = "") -> Entry:
        """The object, if it can be worked with. Raises the vault's 404 while it is not there, yet or any more."""
        entry = self.entry(name)
        if entry is None or not self._is_live(entry):
            raise errors.not_found(self.kind, f"{name}/{version}" if version else name)
        return entry

    def is_live(self, name: str) -> bool:
        """Whether there is an object that can be worked with."""
        entry = self.entry(name)
        return entry is not None and self._is_live(entry)

    def _is_live(self, entry: Entry) -> bool:
        return entry.state == LIVE and entry.settles <= self._now

    def deleted(self, name: str) -> Entry:
        """The soft-deleted object. Raises the vault's 404 until the deletion has settled."""
        entry = self.entry(name)
        if entry is None or entry.state != DELETED or entry.settles > self._now:
            raise errors.deleted_not_found(self.kind, name)
        return entry

    def free_or_live(self, name: str) -> Entry | None:
        """The live object, or None where the name is free. Raises 409 while a deleted one holds the name."""
        entry = self.entry(name)
        if entry is None:
            return None
        settled = entry.settles <= self._now
        if entry.state == LIVE:
            if not settled:
                raise errors.being_recovered(self.kind, name)
            return entry
        if entry.state == PURGED or not settled:
            raise errors.name_being_deleted(self.kind, name)
        raise errors.deleted_but_recoverable(self.kind, name)

    def version(self, entry: Entry, version: str = "") -> Version:
        """One version with its material, the newest one by default. Raises the vault's 404."""
        row = self._db.execute(
            f"""SELECT {VERSION}, v.material FROM version v
                WHERE vault = ? AND kind = ? AND folded = ? AND version = ?""",  # noqa: S608 - a constant
            (*self._key(entry.name), version.lower() or entry.current),
        ).fetchone()
        if row is None:
            raise errors.not_found(self.kind, f"{entry.name}/{version}")
        return _version(row)

    def versions(self, entry: Entry) -> list[Version]:
        """All versions, oldest first."""
        rows = self._db.execute(
            f"""SELECT {VERSION}, v.material FROM version v
                WHERE vault = ? AND kind = ? AND folded = ? ORDER BY rowid""",  # noqa: S608 - a constant
            self._key(entry.name),
        )
        return [_version(row) for row in rows]

    def page(self, state: str, after: str, limit: int, *, with_unlisted: bool = False) -> list[Row]:
        """Settled objects in a state, by name, from the one that follows `after` on; `listed` reads a row."""
        rows = self._db.execute(
            f"""SELECT {ENTRY}, {VERSION}
               FROM object o JOIN version v
                 ON v.vault = o.vault AND v.kind = o.kind AND v.folded = o.folded AND v.version = o.current
               WHERE o.vault = ? AND o.kind = ? AND o.state = ? AND o.folded > ?
                 AND o.settles <= ? AND o.listed >= ?
               ORDER BY o.folded LIMIT ?
            """,  # noqa: S608 - constants
            (self._vault, self.kind.collection, state, after, self._now, int(not with_unlisted), limit),
        )
        return [tuple(row) for row in rows]

    def version_page(self, entry: Entry, after: str, limit: int) -> list[Listed]:
        """Versions in the order of their ids, which, as in Azure, is not the order of time."""
        rows = self._db.execute(
            f"""SELECT {VERSION} FROM version v WHERE vault = ? AND kind = ? AND folded = ? AND version > ?
               ORDER BY version LIMIT ?""",  # noqa: S608 - a constant
            (*self._key(entry.name), after, limit),
        )
        return [Listed(entry, _version(row)) for row in rows]

    def save(self, entry: Entry) -> None:
        """Write the object, new or changed."""
        self._db.execute(
            """INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vault, kind,
            folded) DO UPDATE SET current = excluded.current, managed = excluded.managed, listed =
            excluded.listed, state = excluded.state, settles = excluded.settles, deleted_on =
            excluded.deleted_on, purge_on = excluded.purge_on, extra = excluded.extra
            """,
            (
                *self._key(entry.name),
                entry.name,
                entry.current,
                entry.managed,
                entry.listed,
                entry.state,
                entry.settles,
                entry.deleted_on,
                entry.purge_on,
                json.dumps(entry.extra),
            ),
        )

    def add(self, name: str, version: Version, *, managed: bool = False) -> Entry:
        """Put a new version on top of an object, which is made where it is missing."""
        entry = self.entry(name) or Entry(name, version.version, managed)
        entry.current = version.version
        self.save(entry)
        self.write(entry.name, version)
        return entry

    def write(self, name: str, version: Version) -> None:
        """Write one version, new or changed."""
        self._db.execute(
            """INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vault, kind,
            folded, version) DO UPDATE SET enabled = excluded.enabled, not_before = excluded.not_before,
            expires_on = excluded.expires_on, created = excluded.created, updated = excluded.updated, tags =
            excluded.tags, data = excluded.data, material = excluded.material
            """,
            (
                *self._key(name),
                version.version,
                version.enabled,
                version.not_before,
                version.expires_on,
                version.created,
                version.updated,
                None if version.tags is None else json.dumps(version.tags),
                json.dumps(version.data),
                version.material,
            ),
        )

    def remove(self, name: str) -> None:
        """Forget the object and all its versions."""
        for table in ("version", "object"):
            self._db.execute(
                f"DELETE FROM {table} WHERE vault = ? AND kind = ? AND folded = ?",  # noqa: S608 - two constants
                self._key(name),
            )


def listed(row: Row) -> Listed:
    """A row of `Shelf.page`."""
    width = ENTRY.count(",") + 1
    return Listed(_entry(row[:width]), _version(row[width:]))


def _entry(row: Sequence[Any]) -> Entry:
    """The columns of ENTRY, by their places."""
    name, current, managed, listed, state, settles, deleted_on, purge_on, extra = row
    return Entry(name, current, bool(managed), bool(listed), state, settles, deleted_on, purge_on, json.loads(extra))


def _version(row: Sequence[Any]) -> Version:
    """The columns of VERSION and, where it was asked for, the material."""
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
