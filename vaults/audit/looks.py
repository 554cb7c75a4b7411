"""Looks: acts that only read. A look has one entry, committed while the calls to Azure are in progress.

A look with another outcome than expected has one more. The same person's next look at the same object through the same
connection within ten minutes belongs to the first one: its calls carry the first one's id, and only another outcome is a new
entry. So does each poll of a page that follows something, for as long as it polls.
"""

import uuid
from datetime import timedelta

from django.utils import timezone

from vaults.audit import stored
from vaults.audit.appending import append
from vaults.models import AuditEntry

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


def _newest_like(entry: AuditEntry, polled: uuid.UUID | None) -> AuditEntry | None:
    if entry.actor_id is None:
        return None
    looks = AuditEntry.objects.filter(look=True, **{name: getattr(entry, name) for name in _SAME})
    looks = looks.order_by("-at", "-id")
    found = stored.readable(looks.filter(at__gt=timezone.now() - WINDOW)[:10])
    if polled:
        found = stored.readable(looks.filter(event=polled)[:1]) + found
    part = entry.detail.get("kind")  # of an object: its operation, its deleted item
    return next((each for each in found if each.detail.get("kind") == part), None)
