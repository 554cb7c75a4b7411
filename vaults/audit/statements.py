"""The four statements that add an entry to a chain, written out.

The chain waits for them, and to compile such a query takes longer than the database does. PostgreSQL plans each of them once
for a connection (`prepare_threshold` in the settings), which saves half of its own work.
"""

import json
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from vaults.audit.links import CANONICAL
from vaults.audit.stored import SPELLED
from vaults.models import AuditChain, AuditEntry

_ENTRIES, _HEADS = AuditEntry._meta.db_table, AuditChain._meta.db_table
_FIELDS = [field for field in AuditEntry._meta.concrete_fields if not field.primary_key]
_JSON = ("detail", "azure_request_ids")
_LOCK = f"SELECT id, seq, hash, seal, trail, checkpoint FROM {_HEADS} WHERE chain = %s"  # noqa: S608 - names of our own
_MOVE = f"UPDATE {_HEADS} SET seq = %s, hash = %s, seal = %s WHERE id = %s"  # noqa: S608


def prepared_cursor() -> CursorWrapper:
    """A cursor for statements that are repeated often. Raises database errors."""
    if connection.vendor != "postgresql" or connection.queries_logged:  # Django's log can't show a prepared statement
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # needs psycopg

    factory: Any = ServerBindingCursor  # has no types
    connection.ensure_connection()
    return connection.make_cursor(factory(connection.connection))


def locked_head(cursor: CursorWrapper, of: uuid.UUID) -> AuditChain | None:
    """The head of a chain, locked until the transaction ends; None for a chain without one."""
    cursor.execute(_LOCK + (" FOR UPDATE" if connection.features.has_select_for_update else ""), [_stored(of)])
    row = cursor.fetchone()
    if row is None:
        return None
    pk, seq, its_hash, seal, trail, checkpoint = row
    return AuditChain(id=pk, chain=of, seq=seq, hash=its_hash, seal=seal, trail=trail, checkpoint=checkpoint)


def _stored(identifier: uuid.UUID) -> Any:
    return identifier if connection.features.has_native_uuid_field else identifier.hex


def insert(cursor: CursorWrapper, entry: AuditEntry) -> None:
    """As `save` would."""
    values = [field.get_db_prep_save(getattr(entry, field.attname), connection) for field in _FIELDS]
    cursor.execute(_insertion(), values)


@cache
def _insertion() -> str:
    names = ", ".join(f'"{field.column}"' for field in _FIELDS)
    places = ", ".join(["%s"] * len(_FIELDS))
    return f'INSERT INTO "{_ENTRIES}" ({names}) VALUES ({places})'  # noqa: S608 - names of our own


def move(cursor: CursorWrapper, head: AuditChain) -> None:
    """Store the head's number, hash and seal."""
    cursor.execute(_MOVE, [head.seq, head.hash, head.seal, head.pk])


def is_there(cursor: CursorWrapper, entry: AuditEntry) -> bool:
    """True if this is now the newest entry, each column stored as written. A trigger in the database could change or drop it."""
    chain, is_same = _stored(entry.chain), _SAME[connection.vendor]
    cursor.execute(_reading(connection.vendor), [chain, entry.seq, chain, entry.seq, entry.hash])
    row = cursor.fetchone()
    return row is not None and all(
        is_same(field.attname, found, getattr(entry, field.attname)) for field, found in zip(_FIELDS, row, strict=True)
    )


@cache
def _reading(vendor: str) -> str:
    """The columns of an entry, with SQLite as they are spelled, if the head is at the entry."""
    spelled = SPELLED if vendor == "sqlite" else {}
    columns = ", ".join(
        f'CAST("{field.column}" AS TEXT)' if field.attname in spelled else f'"{field.column}"' for field in _FIELDS
    )
    is_head = f"EXISTS (SELECT 1 FROM {_HEADS} WHERE chain = %s AND seq = %s AND hash = %s)"  # noqa: S608
    return f"SELECT {columns} FROM {_ENTRIES} WHERE chain = %s AND seq = %s AND {is_head}"  # noqa: S608


def _is_spelled(name: str, found: Any, written: Any) -> bool:
    return bool(found == (SPELLED[name](written) if name in SPELLED else written))


def _is_equal(name: str, found: Any, written: Any) -> bool:
    """PostgreSQL's types have one form of each value, except that JSON is returned as its text."""
    if name in _JSON:
        return CANONICAL.encode(json.loads(found)) == CANONICAL.encode(written)
    return bool(found == written)


_SAME: dict[str, Callable[[str, Any, Any], bool]] = {"sqlite": _is_spelled, "postgresql": _is_equal}
