"""Audit entries exactly as stored in the database, by the portal or by others.

SQLite stores identifiers, times and JSON as text. A different spelling of a value is read as the same value and has the same
hash, but no query finds it: such an entry would pass verification and appear on no page. SQLite also accepts text that is not
a valid identifier, time or JSON.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import Error, connection
from django.db.models import CharField, QuerySet, TextField
from django.db.models.functions import Cast

from vaults.models import AuditEntry


def _of_identifier(value: uuid.UUID | None) -> str | None:
    return value.hex if value else None


def _of_moment(value: datetime) -> str:
    return str(value.replace(tzinfo=None))


def _of_bool(value: bool) -> str:
    return "1" if value else "0"


#: Fields stored as text or without a type of their own, and how Django's SQLite backend spells them. (Its own functions take
#: four times as long.)
SPELLED: dict[str, Callable[[Any], str | None]] = {
    "chain": _of_identifier,
    "event": _of_identifier,
    "at": _of_moment,
    "look": _of_bool,
    "news": _of_bool,
    "team_id": _of_identifier,
    "actor_id": _of_identifier,
    "parent": _of_identifier,
    "request": _of_identifier,
    "connection_id": _of_identifier,
    "vault_id": _of_identifier,
    "detail": json.dumps,
    "azure_request_ids": json.dumps,
}
STORED_PREFIX = "stored_"
#: Exceptions from reading a row that the portal did not write.
UNREADABLE = (ArithmeticError, AttributeError, Error, TypeError, ValueError)


def read_through(chain: uuid.UUID) -> Iterator[AuditEntry | None]:
    """All entries of a chain from the first on, with their stored text; None for an entry that can't be read."""
    found = AuditEntry.objects.filter(chain=chain).order_by("seq")
    entries, last = with_spelling(found), 0
    try:
        for entry in entries.iterator(2000):
            yield entry
            last = entry.seq
    except UNREADABLE:  # from one row of the batch of 2000
        for seq in found.filter(seq__gt=last).values_list("seq", flat=True):
            yield _read(entries.filter(seq=seq))


def readable(entries: QuerySet[AuditEntry]) -> list[AuditEntry]:
    """The entries that a page can show. Those that the portal did not write as they are now are left out.

    `entries`: few, and sliced. Verification finds what is left out here.
    """
    try:
        found: list[AuditEntry | None] = list(entries)
    except UNREADABLE:
        found = [_read(AuditEntry.objects.with_accounts().filter(pk=pk)) for pk in _ids(entries)]
    return [entry for entry in found if entry is not None and is_fit(entry)]


def _ids(entries: QuerySet[AuditEntry]) -> list[int]:
    """Their ids, which each database stores as numbers only."""
    try:
        return list(entries.values_list("pk", flat=True))
    except UNREADABLE:
        return []


_TEXTS = tuple(field.attname for field in AuditEntry._meta.fields if isinstance(field, CharField))
_SLUG = re.compile(r"[-a-zA-Z0-9_]*")


def is_fit(entry: AuditEntry) -> bool:
    """True if each field has a value of its type, so that a page can show it."""
    fields = entry.__dict__
    return (
        isinstance(entry.at, datetime)
        and isinstance(entry.event, uuid.UUID)
        and isinstance(entry.seq, int)
        and isinstance(entry.status, int | None)
        and all(isinstance(fields[name], str) for name in _TEXTS)
        and _SLUG.fullmatch(entry.vault_slug) is not None
    )


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
