"""Limit on the values that one person may reveal: enough for a day's work, too few to copy a whole vault.

Reveals are counted in the audit record: it is the same for all processes, and no value is returned without an entry.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from vaults.actors import Actor
from vaults.acts import act
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action, RevealsSpent

WINDOW = timedelta(minutes=10)
#: Acts that read a value for a person.
COUNTED = (Action.SECRET_REVEAL, Action.CERTIFICATE_EXPORT)

log = structlog.get_logger("vaults.reveals")


def keep_within_limit(actor: Actor, vault: Vault) -> None:
    """Call this inside the recording of a reveal, which is counted too. Raises RevealsSpent.

    The first refusal of a window is recorded as a separate act, for people who monitor the record.
    """
    since = timezone.now() - WINDOW
    entries = AuditEntry.objects.filter(actor_id=actor.account_id, at__gt=since)
    reveals = entries.filter(action__in=COUNTED)
    begun = reveals.filter(state=AuditState.STARTED)
    if begun.count() <= settings.REVEAL_LIMIT:  # the usual case, for which the refused ones need not be told apart
        return
    refused = reveals.filter(state=AuditState.DENIED)
    counted = begun.exclude(event__in=refused.values("event"))
    if counted.count() <= settings.REVEAL_LIMIT:
        return
    if not entries.filter(action=Action.SECRET_REVEAL_LIMIT).exists():
        log.warning("the limit of revealed values is reached", user=str(actor.account_id), limit=settings.REVEAL_LIMIT)
        with act(actor, Action.SECRET_REVEAL_LIMIT, vault, count=settings.REVEAL_LIMIT):
            pass
    oldest = counted.order_by("at").values_list("at", flat=True)[0]
    raise RevealsSpent(settings.REVEAL_LIMIT, WINDOW // timedelta(minutes=1), (oldest - since).total_seconds())
