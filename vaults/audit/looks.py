"""Looks: acts that only read. A look has one entry, committed while the calls to Azure are in progress.

A look with another outcome than expected has one more. The same person's next look at the same object through the same
connection within ten minutes belongs to the first one: its calls carry the first one's id, and only another outcome is a new
entry. So does each poll of a page that follows something, for as long as it polls.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from vaults.audit import stored
from vaults.audit.appending import append
from vaults.models import AuditEntry
from vaults.models.prepared import Parameter, Prepared

WINDOW = timedelta(minutes=10)
#: The fields that say who looked, at which object, and through which connection.
_SAME = ("actor_id", "action", "team_id", "vault_id", "connection_id", "kind", "folded_name", "version")


class Look:
    """A look in progress. `entry`: its first entry, not yet committed; it gets the id of the look that this one repeats."""

    def __init__(self, entry: AuditEntry, polled: uuid.UUID | None = None) -> None:
        """`polled`: the id of the look whose page now polls."""
        self._entry = entry
        self._known = _newest_like(entry, polled)
        if self._known:
            entry.event = self._known.event

    def commit(self) -> None:
        """Commit the entry, unless this look is one that is known. Raises AuditUnavailable."""
        if self._known is None:
            append(self._entry)
            self._known = self._entry

    def end(self, outcome: AuditEntry) -> None:
        """Commit the outcome, unless an entry says it already. Raises AuditUnavailable."""
        if self._known is None or _told(self._known) != _told(outcome):
            append(outcome)


def _told(entry: AuditEntry) -> tuple[object, ...]:
    return entry.state, entry.status, entry.code, entry.inner_code, entry.detail.get("not_read")


def _like(same: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(look=True, **same).order_by("-at", "-id")


def _recent(same: Mapping[str, Any]) -> list[AuditEntry]:
    """The newest looks within the window."""
    since = timezone.now() - WINDOW
    try:
        found = _prepared(frozenset(name for name in same if same[name] is None))(since=since, **same)
        return [each for each in found if stored.is_fit(each)]
    except stored.UNREADABLE:  # one of them was not written by the portal
        return stored.readable(_like(same).filter(at__gt=since)[:10])


@cache
def _prepared(absent: frozenset[str]) -> Prepared[AuditEntry]:
    """That query, with values for all fields but these. (A comparison with None has another form.)"""
    same = {name: None if name in absent else _parameter(name, name) for name in _SAME}
    return Prepared(lambda: _like(same).filter(at__gt=_parameter("since", "at"))[:10])


def _parameter(name: str, field: str) -> Parameter:
    return Parameter(name, AuditEntry._meta.get_field(field))


def _newest_like(entry: AuditEntry, polled: uuid.UUID | None) -> AuditEntry | None:
    if entry.actor_id is None:
        return None
    same = {name: getattr(entry, name) for name in _SAME}
    found = _recent(same)
    if polled:
        found = stored.readable(_like(same).filter(event=polled)[:1]) + found
    part = entry.detail.get("kind")  # of an object: its operation, its deleted item
    return next((each for each in found if each.detail.get("kind") == part), None)
