"""Access policies: who may do what in a vault that does not decide by roles."""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from vaults.emulator.registry import Vault

Permissions = dict[str, list[str]]


def permissions_of(db: sqlite3.Connection, vault: Vault, object_id: str) -> Permissions:
    """The access policy of one principal: permissions by collection, empty where there is none."""
    row = db.execute(
        "SELECT permissions FROM access_policy WHERE vault = ? AND object_id = ?", (vault.id, object_id)
    ).fetchone()
    return json.loads(row["permissions"]) if row else {}


def access_policies(db: sqlite3.Connection, vault: Vault) -> dict[str, Permissions]:
    """All access policies of a vault by object id."""
    rows = db.execute("SELECT * FROM access_policy WHERE vault = ? ORDER BY object_id", (vault.id,))
    return {row["object_id"]: json.loads(row["permissions"]) for row in rows}


def set_permissions(
    db: sqlite3.Connection, vault: Vault, object_id: str, permissions: Mapping[str, Iterable[str]]
) -> None:
    """Replace a principal's access policy; one without any permission vanishes."""
    kept = {collection: list(names) for collection, names in permissions.items()}
    if any(kept.values()):
        db.execute("INSERT OR REPLACE INTO access_policy VALUES (?, ?, ?)", (vault.id, object_id, json.dumps(kept)))
    else:
        db.execute("DELETE FROM access_policy WHERE vault = ? AND object_id = ?", (vault.id, object_id))
