"""Access policies: permissions in a vault that does not use roles.

An entry is for a principal, or for a compound identity: a principal who works through one application. The two have
separate permissions.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vaults.emulator.state.directory import Principal
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.unknown import UnknownNameError

TABLES = """
CREATE TABLE IF NOT EXISTS access_policy (
    vault INTEGER NOT NULL, object_id TEXT NOT NULL, application_id TEXT NOT NULL, permissions TEXT NOT NULL,
    PRIMARY KEY (vault, object_id, application_id)
);
"""
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

Permissions = dict[str, list[str]]
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "keys": (
        "get", "list", "update", "create", "import", "delete", "recover", "backup", "restore", "decrypt",
        "encrypt", "unwrapKey", "wrapKey", "verify", "sign", "purge", "release", "rotate",
        "getrotationpolicy", "setrotationpolicy",
    ),
    "secrets": ("get", "list", "set", "delete", "recover", "backup", "restore", "purge"),
    "certificates": (
        "get", "list", "update", "create", "import", "delete", "recover", "backup", "restore", "purge",
        "managecontacts", "manageissuers", "getissuers", "listissuers", "setissuers", "deleteissuers",
    ),
}  # fmt: skip
EVERYTHING = {collection: list(names) for collection, names in PERMISSIONS.items()}


class Identity(NamedTuple):
    """The identity of an entry; `application_id` is empty unless it is a compound identity."""

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
    """The permissions of a principal through any application."""
    rows = db.execute(
        "SELECT permissions FROM access_policy WHERE vault = ? AND object_id = ? AND application_id <> ''",
        (vault.id, object_id),
    )
    return [json.loads(row["permissions"]) for row in rows]


def access_policies(db: sqlite3.Connection, vault: Vault) -> dict[Identity, Permissions]:
    """All entries of a vault, in the order of their creation."""
    rows = db.execute("SELECT * FROM access_policy WHERE vault = ? ORDER BY rowid", (vault.id,))
    return {Identity(row["object_id"], row["application_id"]): json.loads(row["permissions"]) for row in rows}


def set_permissions(
    db: sqlite3.Connection, vault: Vault, identity: Identity, permissions: Mapping[str, Iterable[str]]
) -> None:
    """Replace one identity's entry; an entry without permissions is removed."""
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


def remove_vault(db: sqlite3.Connection, vault: int) -> None:
    db.execute("DELETE FROM access_policy WHERE vault = ?", (vault,))


def remove_principal(db: sqlite3.Connection, principal: Principal) -> None:
    """Remove a principal's entries, and those for others who work through its application."""
    db.execute("DELETE FROM access_policy WHERE object_id = ?", (principal.object_id,))
    db.execute("DELETE FROM access_policy WHERE application_id = ?", (principal.client_id,))


def upgrade(db: sqlite3.Connection) -> None:
    """Rebuild a table of 0.1, which had no column for applications."""
    if "application_id" not in {row["name"] for row in db.execute("PRAGMA table_info(access_policy)")}:
        db.executescript(POLICIES_OF_0_1)


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM access_policy")


def parse_permission(permission: str) -> tuple[str, str]:
    """Collection and name of a permission written "secrets/get". Raises UnknownNameError for an unknown one."""
    collection, _, wanted = permission.partition("/")
    for name in (*PERMISSIONS.get(collection.lower(), ()), "all"):
        if name.lower() == wanted.lower() and collection.lower() in PERMISSIONS:
            return collection.lower(), name
    raise UnknownNameError(f"There is no permission {permission}.")
