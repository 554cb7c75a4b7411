"""Limit on the values that one person may reveal: enough for a day's work, too few to copy a whole vault.

Reveals are counted in the audit record: it is the same for all processes, and no value is returned without an entry.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Case, QuerySet, Sum, Value, When
from django.utils import timezone

from vaults.actors import Actor
from vaults.acts import act
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action, RevealsSpent

WINDOW = timedelta(minutes=10)
#: By act: how many values it reads.
VALUES_READ: Final = {
    Action.SECRET_REVEAL: 1,
    Action.SECRET_COMPARE: 2,
    Action.CERTIFICATE_EXPORT: 1,
    Action.KEY_DECRYPT: 1,
    Action.KEY_UNWRAP: 1,
    Action.KEY_SECURE_UNWRAP: 1,
    Action.KEY_RELEASE: 1,
    Action.SECRET_BACKUP: 1,
    Action.KEY_BACKUP: 1,
    Action.CERTIFICATE_BACKUP: 1,
}

log = structlog.get_logger("vaults.reveals")


def keep_within_limit(actor: Actor, vault: Vault) -> None:
    """Call this inside the recording of an act in VALUES_READ, which is counted too. Raises RevealsSpent.

    The first refusal of a window is recorded as a separate act, for people who monitor the record.
    """
    since = timezone.now() - WINDOW
    entries = AuditEntry.objects.filter(actor_id=actor.account_id, at__gt=since)
    reveals = entries.filter(action__in=VALUES_READ)
    begun = reveals.filter(state=AuditState.STARTED)
    if _values(begun) <= settings.REVEAL_LIMIT:  # the usual case, for which the refused ones need not be told apart
        return
    refused = reveals.filter(state=AuditState.DENIED)
    counted = begun.exclude(event__in=refused.values("event"))
    if _values(counted) <= settings.REVEAL_LIMIT:
        return
    if not entries.filter(action=Action.SECRET_REVEAL_LIMIT).exists():
        log.warning("the limit of revealed values is reached", user=str(actor.account_id), limit=settings.REVEAL_LIMIT)
        with act(actor, Action.SECRET_REVEAL_LIMIT, vault, count=settings.REVEAL_LIMIT):
            pass
    oldest = counted.order_by("at").values_list("at", flat=True)[0]
    raise RevealsSpent(settings.REVEAL_LIMIT, WINDOW // timedelta(minutes=1), (oldest - since).total_seconds())


def _values(entries: QuerySet[AuditEntry]) -> int:
    """The number of values that these acts read."""
    each = Case(*(When(action=action, then=Value(count)) for action, count in VALUES_READ.items()))
    return entries.aggregate(values=Sum(each))["values"] or 0
