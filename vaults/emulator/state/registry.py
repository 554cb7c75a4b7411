"""Vaults: their settings, creation, soft deletion and recovery."""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SET_BY_THE_PORTAL = {
    "enabledForDeployment": False,
    "enabledForDiskEncryption": False,
    "enabledForTemplateDeployment": False,
    "enableRbacAuthorization": True,
    "softDeleteRetentionInDays": True,
}
VAULT_NAME = re.compile(r"(?!.*--)[a-z][a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE | re.ASCII)

TABLES = """
CREATE TABLE IF NOT EXISTS vault (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, subscription TEXT NOT NULL,
    resource_group TEXT NOT NULL, location TEXT NOT NULL, sku TEXT NOT NULL, retention_days INTEGER NOT NULL,
    purge_protection INTEGER NOT NULL, enable_rbac INTEGER NOT NULL, port INTEGER UNIQUE, created INTEGER NOT NULL,
    extra TEXT NOT NULL DEFAULT '{}', deleted_on INTEGER, purge_on REAL
);
"""
# Columns that came after the first state folders had been made.
ADDED = {
    "extra": "ALTER TABLE vault ADD COLUMN extra TEXT NOT NULL DEFAULT '{}'",
    "deleted_on": "ALTER TABLE vault ADD COLUMN deleted_on INTEGER",
    "purge_on": "ALTER TABLE vault ADD COLUMN purge_on REAL",
}


@dataclass(frozen=True, slots=True)
class Vault:
    """The settings of a vault. `port` is the port on which it is served, None in process.

    `name` is in lower case, as in the host; Resource Manager returns `name_as_written`, and location and sku as written.
    `properties` are the properties in Resource Manager that were set, by their names there; it returns no others. The
    values of properties that have a column are in the column.
    """

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
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    name_as_written: str = ""
    deleted_on: int | None = None
    purge_on: float | None = None

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.KeyVault/vaults/{self.name_as_written}"
        )

    @property
    def region(self) -> str:
        """The location's identifier: westeurope for "West Europe"."""
        return self.location.replace(" ", "").lower()

    @property
    def is_premium(self) -> bool:
        return self.sku.lower() == "premium"

    @property
    def recovery_level(self) -> str:
        """Key Vault REST: DeletionRecoveryLevel. "Customized" for a retention of less than 90 days."""
        level = "CustomizedRecoverable" if self.retention_days < 90 else "Recoverable"
        return level if self.purge_protection else f"{level}+Purgeable"


def check_vault_name(name: str) -> None:
    """Raises ValueError, with the text of the service, for a name that no vault may have."""
    if not VAULT_NAME.fullmatch(name):
        raise ValueError(
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. "
            "The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. "
            "Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
        )


def find_vault(db: sqlite3.Connection, name: str) -> Vault | None:
    """A vault by name; None if there is none or it is deleted."""
    vault = find_in_any_state(db, name)
    return vault if vault is not None and vault.deleted_on is None else None


def find_in_any_state(db: sqlite3.Connection, name: str) -> Vault | None:
    if not name.isascii():
        return None  # lower() turns some other letters into ASCII
    row = db.execute("SELECT * FROM vault WHERE name = ?", (name.lower(),)).fetchone()
    return _vault(row) if row else None


def find_vault_by_port(db: sqlite3.Connection, port: int) -> Vault | None:
    row = db.execute("SELECT * FROM vault WHERE port = ? AND deleted_on IS NULL", (port,)).fetchone()
    return _vault(row) if row else None


def all_vaults(db: sqlite3.Connection) -> list[Vault]:
    """All vaults that are not deleted."""
    return [_vault(row) for row in db.execute("SELECT * FROM vault WHERE deleted_on IS NULL ORDER BY id")]


def deleted_vaults(db: sqlite3.Connection) -> list[Vault]:
    return [_vault(row) for row in db.execute("SELECT * FROM vault WHERE deleted_on IS NOT NULL ORDER BY id")]


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
    properties: Mapping[str, Any] = SET_BY_THE_PORTAL,
) -> Vault:
    """Create a vault. Raises sqlite3.IntegrityError where the name or the port is taken."""
    db.execute(
        """INSERT INTO vault (name, tenant, subscription, resource_group, location, sku, retention_days,
           purge_protection, enable_rbac, port, created, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
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
            json.dumps({"properties": dict(properties), "name": name}),
        ),
    )
    vault = find_vault(db, name)
    assert vault is not None  # noqa: S101 - just written
    return vault


def save(db: sqlite3.Connection, vault: Vault) -> None:
    """Write the settings that may change."""
    db.execute(
        """UPDATE vault SET sku = ?, purge_protection = ?, enable_rbac = ?, extra = ?, deleted_on = ?, purge_on = ?
           WHERE id = ?""",
        (
            vault.sku,
            vault.purge_protection,
            vault.enable_rbac,
            json.dumps({"tags": vault.tags, "properties": vault.properties, "name": vault.name_as_written}),
            vault.deleted_on,
            vault.purge_on,
            vault.id,
        ),
    )


def delete(db: sqlite3.Connection, vault: Vault, now: int) -> Vault:
    """Soft-delete a vault with its content, until it is recovered, purged, or its retention ends."""
    deleted = replace(vault, deleted_on=now, purge_on=now + vault.retention_days * 86400)
    save(db, deleted)
    return deleted


def recover(db: sqlite3.Connection, vault: Vault) -> Vault:
    recovered = replace(vault, deleted_on=None, purge_on=None)
    save(db, recovered)
    return recovered


def remove(db: sqlite3.Connection, vault: Vault) -> None:
    """Remove the vault's own row; `removal.purge_vault` removes it with what is in it."""
    db.execute("DELETE FROM vault WHERE id = ?", (vault.id,))


def purge_at(db: sqlite3.Connection, vault: Vault, moment: float) -> None:
    """Set the time at which a deleted vault is purged."""
    db.execute("UPDATE vault SET purge_on = ? WHERE id = ?", (moment, vault.id))


def set_port(db: sqlite3.Connection, vault: Vault, port: int | None) -> None:
    db.execute("UPDATE vault SET port = ? WHERE id = ?", (port, vault.id))


def clear_ports(db: sqlite3.Connection) -> None:
    db.execute("UPDATE vault SET port = NULL")


def upgrade(db: sqlite3.Connection) -> None:
    """Add the columns that an older table does not have."""
    present = {row["name"] for row in db.execute("PRAGMA table_info(vault)")}
    for name, statement in ADDED.items():
        if name not in present:
            db.execute(statement)


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM vault")


def _vault(row: sqlite3.Row) -> Vault:
    extra = json.loads(row["extra"])
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
        extra.get("tags", {}),
        extra.get("properties", {}),
        extra.get("name", row["name"]),
        row["deleted_on"],
        row["purge_on"],
    )
