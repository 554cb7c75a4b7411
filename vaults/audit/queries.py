"""What pages and jobs ask of the audit trail."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from vaults.audit import stored
from vaults.models import AuditEntry, Team, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action


def open_entries(before: datetime) -> list[AuditEntry]:
    """Starts without an outcome, from before a moment at which their acts must have ended; not older than a month."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    begun = AuditEntry.objects.filter(state=AuditState.STARTED, at__lt=before, at__gt=before - timedelta(days=31))
    return list(begun.filter(~Exists(later)).order_by("seq")[:100])


def last_verdict(team: Team) -> AuditEntry | None:
    """The team's newest verification that tells what it found: those of earlier versions don't. To be asked `is_ours`."""
    ended = events(team).filter(action=Action.AUDIT_VERIFY, state__in=[AuditState.SUCCEEDED, AuditState.FAILED])
    return next((entry for entry in stored.with_spelling(ended).iterator(20) if "broken" in entry.detail), None)


def events(team: Team) -> QuerySet[AuditEntry]:
    """One entry for each act of the team, newest first: its outcome, or its start while there is none."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    return AuditEntry.objects.filter(~Exists(later), team_id=team.pk).with_accounts()


def activity(vault: Vault, name: str, limit: int = 8) -> list[AuditEntry]:
    """The newest acts on one item of a vault; looking at it is not among them."""
    return list(changes(vault.team).filter(vault_id=vault.pk, name=name)[:limit])


def changes(team: Team) -> QuerySet[AuditEntry]:
    """Acts that changed something, handed a value out, or were refused; newest first."""
    return only_changes(events(team))


#: How acts end whose success is no news: looks, scans, sign-ins and what belongs to them.
LOOKING = (".list", ".read", ".scan", ".check", ".sign_in", ".sign_out", ".session_end", ".confirm")


def only_changes(entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """Without the looks, scans and sign-ins that went well; a sign-in by a browser that the account did not know is news."""
    looking = [action for action in Action if action.endswith(LOOKING)]
    no_news = Q(action__in=looking, state__in=[AuditState.SUCCEEDED, AuditState.STARTED])
    return entries.filter(~no_news | Q(action=Action.ACCOUNT_SIGN_IN, detail__browser="new"))
