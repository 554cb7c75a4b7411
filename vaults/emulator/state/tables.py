"""All tables of the database. Each is declared, read and written by one module: its owner."""

import sqlite3

from vaults.emulator.state import (
    directory,
    issuers,
    objects,
    operations,
    people,
    policies,
    registry,
    roles,
    settings,
)

OWNERS = (settings, directory, people, registry, policies, roles, objects, operations, issuers)


def create(db: sqlite3.Connection) -> None:
    """Create missing tables, and add columns that older state folders do not have."""
    for owner in OWNERS:
        db.executescript(owner.TABLES)
    registry.upgrade(db)
    policies.upgrade(db)
    roles.upgrade(db)


def clear(db: sqlite3.Connection) -> None:
    """Remove all rows but the settings."""
    directory.clear(db)
    people.clear(db)
    registry.clear(db)
    policies.clear(db)
    roles.clear(db)
    objects.clear(db)
    operations.clear(db)
    issuers.clear(db)
