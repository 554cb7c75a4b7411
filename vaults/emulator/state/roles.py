"""Azure RBAC: role assignments. An assignment applies to its scope and everything below it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from vaults.emulator.state.role_definitions import Role, find_role

TABLES = """
CREATE TABLE IF NOT EXISTS role_assignment (
    id TEXT PRIMARY KEY, object_id TEXT NOT NULL, role TEXT NOT NULL, scope TEXT NOT NULL,
    extra TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
"""
ADD_EXTRA = "ALTER TABLE role_assignment ADD COLUMN extra TEXT NOT NULL DEFAULT '{}'"


def assign(
    db: sqlite3.Connection,
    assignment: str,
    object_id: str,
    role: Role,
    scope: str,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Create or change a role assignment. `extra`: its other properties in Resource Manager."""
    db.execute(
        "INSERT OR REPLACE INTO role_assignment VALUES (?, ?, ?, ?, ?)",
        (assignment, object_id, role.id, scope, json.dumps(extra or {})),
    )


def assignments(db: sqlite3.Connection, object_id: str) -> list[sqlite3.Row]:
    """A principal's role assignments: id, role (its id), scope."""
    return db.execute("SELECT * FROM role_assignment WHERE object_id = ? ORDER BY id", (object_id,)).fetchall()


def all_assignments(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM role_assignment ORDER BY id").fetchall()


def find_assignment(db: sqlite3.Connection, assignment: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("SELECT * FROM role_assignment WHERE id = ?", (assignment,)).fetchone()
    return row


def find_conflict(
    db: sqlite3.Connection, assignment: str, object_id: str, role: Role, scope: str
) -> sqlite3.Row | None:
    """An assignment with this id, or one that gives the same principal the same role on the same resource."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM role_assignment WHERE id = ? OR (object_id = ? AND role = ? AND scope = ?)",
        (assignment, object_id, role.id, scope),
    ).fetchone()
    return row


def remove(db: sqlite3.Connection, assignment: str) -> None:
    db.execute("DELETE FROM role_assignment WHERE id = ?", (assignment,))


def remove_principal(db: sqlite3.Connection, object_id: str) -> None:
    db.execute("DELETE FROM role_assignment WHERE object_id = ?", (object_id,))


def remove_scope(db: sqlite3.Connection, scope: str) -> None:
    """Remove the assignments on a resource and on everything below it."""
    lowered = scope.lower()
    db.execute(
        "DELETE FROM role_assignment WHERE lower(scope) = ?1 OR substr(lower(scope), 1, ?2) = ?3",
        (lowered, len(lowered) + 1, f"{lowered}/"),
    )


def upgrade(db: sqlite3.Connection) -> None:
    """Add the column that an older table does not have."""
    if "extra" not in {row["name"] for row in db.execute("PRAGMA table_info(role_assignment)")}:
        db.execute(ADD_EXTRA)


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM role_assignment")


def held(db: sqlite3.Connection, object_id: str, scope: str) -> Iterator[tuple[str, Role]]:
    """The assignments (by id) and roles of a principal that apply to a resource, made on it or above it."""
    for row in assignments(db, object_id):
        role = find_role(row["role"])
        if role is not None and covers(row["scope"], scope):
            yield row["id"], role


def roles_at(db: sqlite3.Connection, object_id: str, scope: str) -> list[Role]:
    """The roles that a principal has on a resource."""
    return [role for _, role in held(db, object_id, scope)]


def subscriptions(db: sqlite3.Connection, object_id: str) -> list[str]:
    """The subscriptions in which a principal has some role."""
    rows = db.execute("SELECT scope FROM role_assignment WHERE object_id = ? ORDER BY scope", (object_id,))
    parts = [row["scope"].split("/") for row in rows]
    return list(dict.fromkeys(part[2] for part in parts if len(part) > 2))


def covers(scope: str, resource: str) -> bool:
    """Whether an assignment on `scope` applies to `resource`."""
    return f"{resource.lower()}/".startswith(f"{scope.lower().rstrip('/')}/")


def allowing(db: sqlite3.Connection, object_id: str, data_action: str, resource: str) -> str | None:
    """The assignment that allows a principal a data action on a resource, None if there is none."""
    found = (
        assignment for assignment, role in held(db, object_id, resource) if _matches(role.data_actions, data_action)
    )
    return next(found, None)


def allows(db: sqlite3.Connection, object_id: str, action: str, resource: str) -> bool:
    """Whether a role of the principal allows a management action on a resource."""
    return any(
        _matches(role.actions, action) and not _matches(role.not_actions, action)
        for role in roles_at(db, object_id, resource)
    )


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
