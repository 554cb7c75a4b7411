"""The database of an emulator: one SQLite file, or memory for tests.

All threads of the process share one connection and one lock: a request holds the lock for some ten microseconds, and slow
work (key generation) is done outside it. Other processes (the command line) may use the same file at the same time.

WAL with synchronous=NORMAL: a killed process loses no acknowledged write; a power failure may lose the last ones, which is
acceptable for a test double and makes tests faster.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from vaults.emulator.state import settings, tables

MOST_REMEMBERED = 10_000
T = TypeVar("T")
Location = Path | Literal[":memory:"]


class Store:
    """The open database."""

    def __init__(self, location: Location) -> None:
        if isinstance(location, Path):
            # The file holds private keys and secret values: only the owner may ever read it.
            os.close(os.open(location, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(location, timeout=20, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._remembered: dict[tuple[Any, ...], Any] = {}
        self._version = 0
        with self._lock:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            tables.create(self._db)

    def reading(self) -> "Store":
        """The connection, for independent statements: `with store.reading() as db`."""
        return self

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        return self._db

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside a transaction, which is rolled back on any exception."""
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
        """The result of `read`, cached until anything is written, by this process or another.

        For data that every request needs: most requests write nothing, and reading it each time would double their time.
        """
        with self._lock:
            if self._db.in_transaction:
                return read(self._db)
            version = self._db.execute("PRAGMA data_version").fetchone()[0]  # changes when another process has written
            if version != self._version or len(self._remembered) > MOST_REMEMBERED:
                self._remembered.clear()
                self._version = version
            if key not in self._remembered:
                self._remembered[key] = read(self._db)
            found: T = self._remembered[key]
            return found

    def setting(self, name: str) -> bytes | None:
        with self.reading() as db:
            return settings.read(db, name)

    def set_setting(self, name: str, value: bytes) -> None:
        with self.writing() as db:
            settings.write(db, name, value)

    def close(self) -> None:
        with self._lock:
            self._db.close()
