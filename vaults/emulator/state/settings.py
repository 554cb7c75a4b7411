"""Settings: single values by name, such as the signing key. A reset keeps them."""

import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


def read(db: sqlite3.Connection, name: str) -> bytes | None:
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return row["value"] if row else None


def write(db: sqlite3.Connection, name: str, value: bytes) -> None:
    db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))


def remove_authorities(db: sqlite3.Connection, vault: int) -> None:
    """Remove the keys of the certificate authorities of a vault."""
    db.execute("DELETE FROM setting WHERE name GLOB ?", (f"authority {vault} *",))
