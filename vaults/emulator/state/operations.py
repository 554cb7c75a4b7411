"""Pending certificate operations: at most one for each certificate, with its private key."""

import json
import sqlite3
from typing import Any

from vaults.emulator.wire.errors import VaultError

TABLES = """
CREATE TABLE IF NOT EXISTS pending (
    vault INTEGER NOT NULL, folded TEXT NOT NULL, completes REAL, operation TEXT NOT NULL, material BLOB NOT NULL,
    PRIMARY KEY (vault, folded)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_by_time ON pending (vault, completes) WHERE completes IS NOT NULL;
"""
IN_PROGRESS, COMPLETED, CANCELLED, FAILED = "inProgress", "completed", "cancelled", "failed"


def not_found(name: str) -> VaultError:
    return VaultError(404, "PendingCertificateNotFound", f"Pending certificate not found: {name}")


def find(db: sqlite3.Connection, vault: int, name: str) -> tuple[dict[str, Any], float | None, bytes]:
    """The operation, when it completes (None: not by itself) and its private key. Raises the vault's 404."""
    row = db.execute("SELECT * FROM pending WHERE vault = ? AND folded = ?", (vault, name.lower())).fetchone()
    if row is None:
        raise not_found(name)
    return json.loads(row["operation"]), row["completes"], row["material"]


def exists(db: sqlite3.Connection, vault: int, name: str) -> bool:
    row = db.execute("SELECT 1 FROM pending WHERE vault = ? AND folded = ?", (vault, name.lower())).fetchone()
    return row is not None


def concerns(db: sqlite3.Connection, vault: int, name: str, version: str) -> bool:
    """Whether a certificate has an operation and, if a version is named, for that version."""
    row = db.execute("SELECT operation FROM pending WHERE vault = ? AND folded = ?", (vault, name.lower())).fetchone()
    return row is not None and (not version or json.loads(row["operation"])["version"] == version)


def forget(db: sqlite3.Connection, vault: int, name: str) -> None:
    db.execute("DELETE FROM pending WHERE vault = ? AND folded = ?", (vault, name.lower()))


def due(db: sqlite3.Connection, vault: int, now: float) -> list[str]:
    """The names of the certificates whose operation is due to complete."""
    rows = db.execute(
        "SELECT folded FROM pending WHERE vault = ? AND completes IS NOT NULL AND completes <= ?",
        (vault, now),
    )
    return [row["folded"] for row in rows]


def write(
    db: sqlite3.Connection,
    vault: int,
    name: str,
    operation: dict[str, Any],
    completes: float | None,
    key: bytes,
) -> None:
    db.execute(
        "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?)",
        (vault, name.lower(), completes, json.dumps(operation), key),
    )


def next_completion(db: sqlite3.Connection, vault: int) -> float | None:
    """When the next operation of a vault completes."""
    moment: float | None = db.execute(
        "SELECT min(completes) FROM pending WHERE vault = ? AND completes IS NOT NULL", (vault,)
    ).fetchone()[0]
    return moment


def remove_vault(db: sqlite3.Connection, vault: int) -> None:
    db.execute("DELETE FROM pending WHERE vault = ?", (vault,))


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM pending")
