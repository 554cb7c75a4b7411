"""The tables of objects and versions, the same for secrets, keys and certificates.

Names are compared without case and kept as first written.
"""

import json
import sqlite3

from vaults.emulator.state.entries import (
    DELETED,
    ENTRY,
    LIVE,
    PURGED,
    VERSION,
    Entry,
    Listed,
    Row,
    Version,
    entry_of,
    version_of,
)
from vaults.emulator.wire import errors
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, Kind

TABLES = """
CREATE TABLE IF NOT EXISTS object (
    vault INTEGER NOT NULL, kind TEXT NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL, current TEXT NOT NULL,
    managed INTEGER NOT NULL, listed INTEGER NOT NULL, state TEXT NOT NULL, settles REAL NOT NULL,
    deleted_on INTEGER, purge_on INTEGER, extra TEXT NOT NULL, PRIMARY KEY (vault, kind, folded)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_by_state ON object (vault, kind, state, folded);
CREATE INDEX IF NOT EXISTS object_by_purge ON object (vault, purge_on) WHERE purge_on IS NOT NULL;
CREATE TABLE IF NOT EXISTS version (
    vault INTEGER NOT NULL, kind TEXT NOT NULL, folded TEXT NOT NULL, version TEXT NOT NULL,
    enabled INTEGER NOT NULL, not_before INTEGER, expires_on INTEGER, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, tags TEXT, data TEXT NOT NULL, material BLOB NOT NULL,
    PRIMARY KEY (vault, kind, folded, version)
);
"""
KEY_DATA = """
SELECT json_extract(v.data, '$.kty') AS kty, json_extract(v.data, '$.jwk.n') AS modulus
FROM object o JOIN version v ON v.vault = o.vault AND v.kind = o.kind AND v.folded = o.folded
WHERE o.vault = ? AND o.kind = 'keys' AND o.folded = ? AND v.version = coalesce(nullif(?, ''), o.current)
"""


class ObjectTable:
    """One vault's objects of one kind, at one moment, through one connection."""

    def __init__(self, db: sqlite3.Connection, vault: int, kind: Kind, now: float) -> None:
        self._db = db
        self._vault = vault
        self.kind = kind
        self._now = now

    def _key(self, name: str) -> tuple[int, str, str]:
        return (self._vault, self.kind.collection, name.lower())

    def entry(self, name: str) -> Entry | None:
        """The object in any state."""
        row = self._db.execute(
            f"SELECT {ENTRY} FROM object o WHERE vault = ? AND kind = ? AND folded = ?",  # noqa: S608 - a constant
            self._key(name),
        ).fetchone()
        return entry_of(row) if row else None

    def live(self, name: str, version: str = "") -> Entry:
        """The live object. Raises the vault's 404 if there is none, or its recovery has not settled."""
        entry = self.entry(name)
        if entry is None or not self._is_live(entry):
            raise errors.not_found(self.kind, f"{name}/{version}" if version else name)
        return entry

    def is_live(self, name: str) -> bool:
        """Whether there is a live object."""
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
        return version_of(row)

    def versions(self, entry: Entry) -> list[Version]:
        """All versions, oldest first."""
        rows = self._db.execute(
            f"""SELECT {VERSION}, v.material FROM version v
                WHERE vault = ? AND kind = ? AND folded = ? ORDER BY rowid""",  # noqa: S608 - a constant
            self._key(entry.name),
        )
        return [version_of(row) for row in rows]

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
        return [Listed(entry, version_of(row)) for row in rows]

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
        """Add a version as the newest one, to a new object if there is none."""
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
        """Remove the object and all its versions."""
        self._db.execute("DELETE FROM version WHERE vault = ? AND kind = ? AND folded = ?", self._key(name))
        self._db.execute("DELETE FROM object WHERE vault = ? AND kind = ? AND folded = ?", self._key(name))


def key_data(db: sqlite3.Connection, vault: int, name: str, version: str) -> sqlite3.Row | None:
    """Type (`kty`) and `modulus` (None for EC) of a version of a key; the newest one for ""."""
    row: sqlite3.Row | None = db.execute(KEY_DATA, (vault, name.lower(), version.lower())).fetchone()
    return row


def may_have_policy(db: sqlite3.Connection, vault: int, name: str) -> bool:
    """Whether a key or certificate has this name, and so perhaps a policy that rotates or renews it."""
    row = db.execute(
        "SELECT 1 FROM object WHERE vault = ? AND kind IN (?, ?) AND folded = ?",
        (vault, KEY.collection, CERTIFICATE.collection, name.lower()),
    ).fetchone()
    return row is not None


def next_purge(db: sqlite3.Connection, vault: int) -> float | None:
    """When the next deleted object of a vault is purged."""
    moment: float | None = db.execute(
        "SELECT min(purge_on) FROM object WHERE vault = ? AND purge_on IS NOT NULL", (vault,)
    ).fetchone()[0]
    return moment


def purge_due(db: sqlite3.Connection, vault: int, now: float) -> None:
    """Remove what has been purged, and what has been deleted for longer than the vault keeps it."""
    due = (vault, now)
    db.execute(
        """DELETE FROM version WHERE (vault, kind, folded) IN
           (SELECT vault, kind, folded FROM object WHERE vault = ? AND purge_on IS NOT NULL AND purge_on <= ?)""",
        due,
    )
    db.execute("DELETE FROM object WHERE vault = ? AND purge_on IS NOT NULL AND purge_on <= ?", due)


def remove_vault(db: sqlite3.Connection, vault: int) -> None:
    db.execute("DELETE FROM version WHERE vault = ?", (vault,))
    db.execute("DELETE FROM object WHERE vault = ?", (vault,))


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM version")
    db.execute("DELETE FROM object")
