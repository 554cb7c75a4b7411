"""Certificate issuers and contacts of vaults."""

import json
import sqlite3
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS issuer (
    vault INTEGER NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (vault, folded)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (vault INTEGER PRIMARY KEY, data TEXT NOT NULL);
"""


def find_issuer(db: sqlite3.Connection, vault: int, name: str) -> dict[str, Any] | None:
    """An issuer of the vault, None for a name that is not known."""
    row = db.execute("SELECT data FROM issuer WHERE vault = ? AND folded = ?", (vault, name.lower())).fetchone()
    return json.loads(row["data"]) if row else None


def issuer_page(db: sqlite3.Connection, vault: int, after: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Names and issuers by name, from the one that follows `after` on."""
    rows = db.execute(
        "SELECT * FROM issuer WHERE vault = ? AND folded > ? ORDER BY folded LIMIT ?", (vault, after, limit)
    )
    return [(row["name"], json.loads(row["data"])) for row in rows]


def write_issuer(db: sqlite3.Connection, vault: int, name: str, issuer: dict[str, Any]) -> None:
    db.execute("INSERT OR REPLACE INTO issuer VALUES (?, ?, ?, ?)", (vault, name.lower(), name, json.dumps(issuer)))


def remove_issuer(db: sqlite3.Connection, vault: int, name: str) -> None:
    db.execute("DELETE FROM issuer WHERE vault = ? AND folded = ?", (vault, name.lower()))


def find_contacts(db: sqlite3.Connection, vault: int) -> list[dict[str, Any]] | None:
    row = db.execute("SELECT data FROM contacts WHERE vault = ?", (vault,)).fetchone()
    return json.loads(row["data"]) if row else None


def write_contacts(db: sqlite3.Connection, vault: int, contacts: list[dict[str, Any]]) -> None:
    db.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (vault, json.dumps(contacts)))


def remove_contacts(db: sqlite3.Connection, vault: int) -> None:
    db.execute("DELETE FROM contacts WHERE vault = ?", (vault,))


def remove_vault(db: sqlite3.Connection, vault: int) -> None:
    db.execute("DELETE FROM issuer WHERE vault = ?", (vault,))
    remove_contacts(db, vault)


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM issuer")
    db.execute("DELETE FROM contacts")
