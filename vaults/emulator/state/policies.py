"""Access policies: who may do what in a vault that does not decide by roles.

An entry is for a principal, or for a compound identity: a principal who works through one application. These are two,
with permissions of their own.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vaults.emulator.state.registry import Vault

Permissions = dict[str, list[str]]


class Identity(NamedTuple):
    """Whom an entry is for; `application_id` is the application of a compound identity, empty for a plain principal."""

    object_id: str
    application_id: str = ""


def permissions_of(db: sqlite3.Connection, vault: Vault, identity: Identity) -> Permissions:
    """The entry of one identity: permissions by collection, empty where there is none."""
    row = db.execute(
        "SELECT permissions FROM access_policy WHERE vault = ? AND object_id = ? AND application_id = ?",
        (vault.id, *identity),
    ).fetchone()
    return json.loads(row["permissions"]) if row else {}


def compound_permissions(db: sqlite3.Connection, vault: Vault, object_id: str) -> list[Permissions]:
    """What a principal may do through applications, whichever they are."""
    rows = db.execute(
        "SELECT permissions FROM access_policy WHERE vault = ? AND object_id = ? AND application_id <> ''",
        (vault.id, object_id),
    )
    return [json.loads(row["permissions"]) for row in rows]


def access_policies(db: sqlite3.Connection, vault: Vault) -> dict[Identity, Permissions]:
    """All entries of a vault, in the order in which they came."""
    rows = db.execute("SELECT * FROM access_policy WHERE vault = ? ORDER BY rowid", (vault.id,))
    return {Identity(row["object_id"], row["application_id"]): json.loads(row["permissions"]) for row in rows}


def set_permissions(
    db: sqlite3.Connection, vault: Vault, identity: Identity, permissions: Mapping[str, Iterable[str]]
) -> None:
    """Replace one identity's entry; one without any permission vanishes."""
    kept = {collection: list(names) for collection, names in permissions.items()}
    if any(kept.values()):
        db.execute(
            """INSERT INTO access_policy VALUES (?, ?, ?, ?) ON CONFLICT (vault, object_id, application_id)
               DO UPDATE SET permissions = excluded.permissions""",
            (vault.id, *identity, json.dumps(kept)),
        )
    else:
        db.execute(
            "DELETE FROM access_policy WHERE vault = ? AND object_id = ? AND application_id = ?",
            (vault.id, *identity),
        )


def replace_all(db: sqlite3.Connection, vault: Vault, entries: Mapping[Identity, Permissions]) -> None:
    """Make these the only entries of a vault."""
    db.execute("DELETE FROM access_policy WHERE vault = ?", (vault.id,))
    for identity, permissions in entries.items():
        set_permissions(db, vault, identity, permissions)
