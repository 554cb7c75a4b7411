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

from vaults.emulator.state import settings, tables

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
            tables.create(self._db)

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
            return settings.read(db, name)

    def set_setting(self, name: str, value: bytes) -> None:
        with self.writing() as db:
            settings.write(db, name, value)

    def close(self) -> None:
        with self._lock:
            self._db.close()
