"""Vaults and who may do what in them."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Permissions = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault's settings. `port` is the one it is served on, None in process."""

    id: int
    name: str
    tenant: str
    subscription: str
    resource_group: str
    location: str
    sku: str
    retention_days: int
    purge_protection: bool
    enable_rbac: bool
    port: int | None
    created: int

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.KeyVault/vaults/{self.name}"
        )

    @property
    def recovery_level(self) -> str:
        """Key Vault REST: DeletionRecoveryLevel. "Customized" where fewer than 90 days are kept."""
        level = "CustomizedRecoverable" if self.retention_days < 90 else "Recoverable"
        return level if self.purge_protection else f"{level}+Purgeable"


def find_vault(db: sqlite3.Connection, name: str) -> Vault | None:
    row = db.execute("SELECT * FROM vault WHERE name = ?", (name.lower(),)).fetchone()
    return _vault(row) if row else None


def find_vault_by_port(db: sqlite3.Connection, port: int) -> Vault | None:
    row = db.execute("SELECT * FROM vault WHERE port = ?", (port,)).fetchone()
    return _vault(row) if row else None


def all_vaults(db: sqlite3.Connection) -> list[Vault]:
    return [_vault(row) for row in db.execute("SELECT * FROM vault ORDER BY id")]


def add_vault(
    db: sqlite3.Connection,
    name: str,
    tenant: str,
    *,
    subscription: str,
    created: int,
    resource_group: str = "rg-shop",
    location: str = "westeurope",
    sku: str = "premium",
    retention_days: int = 90,
    purge_protection: bool = False,
    enable_rbac: bool = False,
    port: int | None = None,
) -> Vault:
    """Create a vault. Raises sqlite3.IntegrityError where the name or the port is taken."""
    db.execute(
        "INSERT INTO vault VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name.lower(),
            tenant,
            subscription,
            resource_group,
            location,
            sku,
            retention_days,
            purge_protection,
            enable_rbac,
            port,
            created,
        ),
    )
    vault = find_vault(db, name)
    assert vault is not None  # noqa: S101 - just written
    return vault


def set_rbac(db: sqlite3.Connection, vault: Vault, enabled: bool) -> None:
    db.execute("UPDATE vault SET enable_rbac = ? WHERE id = ?", (enabled, vault.id))


def set_port(db: sqlite3.Connection, vault: Vault, port: int) -> None:
    db.execute("UPDATE vault SET port = ? WHERE id = ?", (port, vault.id))


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


def _vault(row: sqlite3.Row) -> Vault:
    return Vault(
        row["id"],
        row["name"],
        row["tenant"],
        row["subscription"],
        row["resource_group"],
        row["location"],
        row["sku"],
        row["retention_days"],
        bool(row["purge_protection"]),
        bool(row["enable_rbac"]),
        row["port"],
        row["created"],
    )
