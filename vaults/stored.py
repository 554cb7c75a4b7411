"""Audit entries as they stand in the database, whoever has written there.

SQLite has no type for identifiers, moments and JSON, only text: what is read from another spelling of it is the same, and has
the same hash, but no query finds it. An entry spelled anew would be whole, and on no page. Nor does it keep out what is no
identifier, moment or JSON at all.
"""

from collections.abc import Iterator
from typing import Any, cast

from django.db import Error, connection
from django.db.models import Exists, Field, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from vaults.models import AuditChain, AuditEntry

#: Fields that are read from text.
SPELLED = ("event", "at", "team_id", "actor_id", "vault_id", "detail", "azure_request_ids")
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
    is_head = Exists(AuditChain.objects.filter(id=1, seq=OuterRef("seq"), hash=OuterRef("hash")))
    return _read(with_spelling(AuditEntry.objects.filter(is_head, seq=seq)))


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
    """Has each field a value, spelled as we spell it? Of an entry that was read through."""
    return entry.at is not None and all(stored == ours for stored, ours in _spellings(entry))


def _spellings(entry: AuditEntry) -> Iterator[tuple[str | None, str | None]]:
    for name in SPELLED:
        if BEFORE + name in entry.__dict__:
            field = cast("Field[Any, Any]", AuditEntry._meta.get_field(name))
            yield entry.__dict__[BEFORE + name], field.get_db_prep_save(getattr(entry, name), connection)
