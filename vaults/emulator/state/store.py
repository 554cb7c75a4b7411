"""Where the emulator keeps its state: one SQLite file, or memory for tests.

One connection and one lock serve all threads of the process: a request holds it for some ten microseconds,
and slow work (key generation) is done outside. Other processes (the management command) reach the same file
at the same time.

WAL with synchronous=NORMAL: a killed process loses nothing that was acknowledged, only a power cut may lose
the last moments. This is a stand-in for a vault, not a vault, and half its users wait for tests to finish.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, domain TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS principal (
    client_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, object_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS client_secret (
    client_id TEXT NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL, expires_on INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS client_certificate (
    client_id TEXT NOT NULL, sha1 BLOB NOT NULL, sha256 BLOB NOT NULL, der BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS person (
    object_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS redirect_uri (
    client_id TEXT NOT NULL, uri TEXT NOT NULL, PRIMARY KEY (client_id, uri)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vault (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, subscription TEXT NOT NULL,
    resource_group TEXT NOT NULL, location TEXT NOT NULL, sku TEXT NOT NULL, retention_days INTEGER NOT NULL,
    purge_protection INTEGER NOT NULL, enable_rbac INTEGER NOT NULL, port INTEGER UNIQUE, created INTEGER NOT NULL,
    extra TEXT NOT NULL DEFAULT '{}', deleted_on INTEGER, purge_on REAL
);
CREATE TABLE IF NOT EXISTS access_policy (
    vault INTEGER NOT NULL, object_id TEXT NOT NULL, application_id TEXT NOT NULL, permissions TEXT NOT NULL,
    PRIMARY KEY (vault, object_id, application_id)
);
CREATE TABLE IF NOT EXISTS role_assignment (
    id TEXT PRIMARY KEY, object_id TEXT NOT NULL, role TEXT NOT NULL, scope TEXT NOT NULL,
    extra TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
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
CREATE TABLE IF NOT EXISTS pending (
    vault INTEGER NOT NULL, folded TEXT NOT NULL, completes REAL, operation TEXT NOT NULL, material BLOB NOT NULL,
    PRIMARY KEY (vault, folded)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_by_time ON pending (vault, completes) WHERE completes IS NOT NULL;
CREATE TABLE IF NOT EXISTS issuer (
    vault INTEGER NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (vault, folded)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (vault INTEGER PRIMARY KEY, data TEXT NOT NULL);
"""

# Columns that came after the first state folders had been made.
ADDED = {
    "vault": {"extra": "TEXT NOT NULL DEFAULT '{}'", "deleted_on": "INTEGER", "purge_on": "REAL"},
    "role_assignment": {"extra": "TEXT NOT NULL DEFAULT '{}'"},
}

# Until 0.1 an object id had one entry at most.
POLICIES_OF_0_1 = """
BEGIN IMMEDIATE;
ALTER TABLE access_policy RENAME TO access_policy_0_1;
CREATE TABLE access_policy (
    vault INTEGER NOT NULL, object_id TEXT NOT NULL, application_id TEXT NOT NULL, permissions TEXT NOT NULL,
    PRIMARY KEY (vault, object_id, application_id)
);
INSERT INTO access_policy SELECT vault, object_id, '', permissions FROM access_policy_0_1;
DROP TABLE access_policy_0_1;
COMMIT;
"""

MOST_REMEMBERED = 10_000
T = TypeVar("T")
Location = Path | Literal[":memory:"]


class Store:
    """The database, opened for as long as the emulator lives."""

    def __init__(self, location: Location) -> None:
        if isinstance(location, Path):
            # The file holds private keys and secret values: it is the owner's alone from its first byte on.
            os.close(os.open(location, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(location, timeout=20, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._remembered: dict[tuple[Any, ...], Any] = {}
        self._version = 0
        with self._lock:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)
            for table, columns in ADDED.items():
                for name in columns.keys() - self._columns(table):
                    self._db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
            if "application_id" not in self._columns("access_policy"):
                self._db.executescript(POLICIES_OF_0_1)

    def _columns(self, table: str) -> set[str]:
        return {row["name"] for row in self._db.execute(f"PRAGMA table_info({table})")}

    def reading(self) -> "Store":
        """The connection, for statements that each stand for themselves: `with store.reading() as db`."""
        return self

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        return self._db

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside a transaction that is kept whole or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._remembered.clear()

    def remembered(self, key: tuple[Any, ...], read: Callable[[sqlite3.Connection], T]) -> T:
        """What `read` finds, read once for as long as nobody changes anything, in this process or another.

        For what every request needs: most of them change nothing, and reading it would take as long as all the rest.
        """
        with self._lock:
            if self._db.in_transaction:
                return read(self._db)
            version = self._db.execute("PRAGMA data_version").fetchone()[0]  # another one when others have written
            if version != self._version or len(self._remembered) > MOST_REMEMBERED:
                self._remembered.clear()
                self._version = version
            if key not in self._remembered:
                self._remembered[key] = read(self._db)
            found: T = self._remembered[key]
            return found

    def setting(self, name: str) -> bytes | None:
        with self.reading() as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def set_setting(self, name: str, value: bytes) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Forget everything but the settings."""
        with self.writing() as db:
            for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'setting'"):
                db.execute(f"DELETE FROM {row['name']}")  # noqa: S608 - the schema's own names

    def close(self) -> None:
        with self._lock:
            self._db.close()
