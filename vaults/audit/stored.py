"""Audit entries as they stand in the database, whoever has written there.

SQLite has no type for identifiers, moments and JSON, only text: what is read from another spelling of it is the same, and has
the same hash, but no query finds it. An entry spelled anew would be whole, and on no page. Nor does it keep out what is no
identifier, moment or JSON at all.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.db import Error, connection
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from vaults.models import AuditChain, AuditEntry


def _of_identifier(value: uuid.UUID | None) -> str | None:
    return value.hex if value else None


def _of_moment(value: datetime) -> str:
    return str(value.replace(tzinfo=None))


#: Fields that are read from text, and how Django's SQLite backend spells them. (Its own functions take four times as long.)
SPELLED: dict[str, Callable[[Any], str | None]] = {
    "event": _of_identifier,
    "at": _of_moment,
    "team_id": _of_identifier,
    "actor_id": _of_identifier,
    "vault_id": _of_identifier,
    "detail": json.dumps,
    "azure_request_ids": json.dumps,
}
BEFORE = "stored_"
#: What reading a row raises that nobody has written through us.
UNREADABLE = (ArithmeticError, AttributeError, Error, TypeError, ValueError)


def read_through() -> Iterator[AuditEntry | None]:
    """All entries from the first on, with their spelling; None for one that can't be read."""
    entries, last = with_spelling(AuditEntry.objects.order_by("seq")), 0
    try:
        for entry in entries.iterator(2000):
            yield entry
            last = entry.seq
    except UNREADABLE:  # of one in the 2000
        for seq in AuditEntry.objects.filter(seq__gt=last).order_by("seq").values_list("seq", flat=True):
            yield _read(entries.filter(seq=seq))


def as_head(seq: int) -> AuditEntry | None:
    """The entry as it is now, with its spelling, if it is the chain's head."""
    sql, parameters = _head_query(connection.vendor)
    found = AuditEntry.objects.raw(sql, [seq if value == ANY_SEQ else value for value in parameters])
    try:
        return next(iter(found), None)
    except UNREADABLE:
        return None


#: Stands in the compiled query where the number of an entry is to be; entries begin at 1.
ANY_SEQ = -1


@cache
def _head_query(_vendor: str) -> tuple[str, tuple[Any, ...]]:
    """Compiled once: each act reads its entries back, and compiling takes several times as long as reading."""
    is_head = Exists(AuditChain.objects.filter(id=1, seq=OuterRef("seq"), hash=OuterRef("hash")))
    return with_spelling(AuditEntry.objects.filter(is_head, seq=ANY_SEQ)).query.sql_with_params()


def _read(found: QuerySet[AuditEntry]) -> AuditEntry | None:
    try:
        return found.first()
    except UNREADABLE:
        return None


def with_spelling(entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    if connection.vendor != "sqlite":  # PostgreSQL keeps these as what they are, each in one way
        return entries
    return entries.annotate(**{BEFORE + name: Cast(name, TextField()) for name in SPELLED})


def is_as_written(entry: AuditEntry) -> bool:
    """Has each field a value, spelled as we spell it? Of an entry that was read with its spelling."""
    fields = entry.__dict__
    if fields["at"] is None:
        return False
    return BEFORE + "at" not in fields or all(
        fields[BEFORE + name] == spelling(fields[name]) for name, spelling in SPELLED.items()
    )
