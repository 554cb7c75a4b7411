"""Audit entries exactly as stored in the database, by the portal or by others.

SQLite stores identifiers, times and JSON as text. A different spelling of a value is read as the same value and has the same
hash, but no query finds it: such an entry would pass verification and appear on no page. SQLite also accepts text that is not
a valid identifier, time or JSON.
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


#: Fields stored as text, and how Django's SQLite backend spells them. (Its own functions take four times as long.)
SPELLED: dict[str, Callable[[Any], str | None]] = {
    "event": _of_identifier,
    "at": _of_moment,
    "team_id": _of_identifier,
    "actor_id": _of_identifier,
    "vault_id": _of_identifier,
    "detail": json.dumps,
    "azure_request_ids": json.dumps,
}
STORED_PREFIX = "stored_"
#: Exceptions from reading a row that the portal did not write.
UNREADABLE = (ArithmeticError, AttributeError, Error, TypeError, ValueError)


def read_through() -> Iterator[AuditEntry | None]:
    """All entries from the first on, with their stored text; None for an entry that can't be read."""
    entries, last = with_spelling(AuditEntry.objects.order_by("seq")), 0
    try:
        for entry in entries.iterator(2000):
            yield entry
            last = entry.seq
    except UNREADABLE:  # from one row of the batch of 2000
        for seq in AuditEntry.objects.filter(seq__gt=last).order_by("seq").values_list("seq", flat=True):
            yield _read(entries.filter(seq=seq))


def as_head(seq: int) -> AuditEntry | None:
    """The entry as it is now, with its stored text, if it is the chain's head."""
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
    if connection.vendor != "sqlite":  # PostgreSQL has types for these, with one form each
        return entries
    return entries.annotate(**{STORED_PREFIX + name: Cast(name, TextField()) for name in SPELLED})


def is_as_written(entry: AuditEntry) -> bool:
    """True if each field is spelled as the portal spells it. The entry must be loaded with its stored text."""
    fields = entry.__dict__
    if fields["at"] is None:
        return False
    return STORED_PREFIX + "at" not in fields or all(
        fields[STORED_PREFIX + name] == spelling(fields[name]) for name, spelling in SPELLED.items()
    )
