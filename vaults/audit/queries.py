"""What pages and jobs ask of the audit trail. `entries`: those that may be seen, see `access.visible_to`."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from vaults.audit import stored
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditEntryQuerySet, AuditState
from vaults.permissions import Action

Entries = AuditEntryQuerySet


def open_entries(before: datetime) -> list[AuditEntry]:
    """Starts without an outcome, from before a moment at which their acts must have ended; not older than a month."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    begun = AuditEntry.objects.filter(state=AuditState.STARTED, at__lt=before, at__gt=before - timedelta(days=31))
    return list(begun.filter(~Exists(later)).order_by("seq")[:100])


def last_verdict(entries: Entries) -> AuditEntry | None:
    """The newest verification that tells what it found: those of earlier versions don't. To be asked `is_ours`."""
    ended = events(entries).filter(action=Action.AUDIT_VERIFY, state__in=[AuditState.SUCCEEDED, AuditState.FAILED])
    return next((entry for entry in stored.with_spelling(ended).iterator(20) if "broken" in entry.detail), None)


def events(entries: Entries) -> Entries:
    """One entry for each act, newest first: its outcome, or its start while there is none."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    return entries.filter(~Exists(later)).with_accounts()


def activity(entries: Entries, vault: Vault, name: str, limit: int = 8) -> list[AuditEntry]:
    """The newest acts on one item of a vault; looking at it is not among them."""
    return list(changes(entries).filter(vault_id=vault.pk, name=name)[:limit])


def changes(entries: Entries) -> Entries:
    """Acts that changed something, handed a value out, or were refused; newest first."""
    return only_changes(events(entries))


#: How acts end whose success is no news: looks, scans, sign-ins and what belongs to them.
LOOKING = (".list", ".read", ".scan", ".check", ".sign_in", ".sign_out", ".session_end", ".confirm")


def only_changes(entries: Entries) -> Entries:
    """Without the looks, scans and sign-ins that went well; a sign-in by a browser that the account did not know is news."""
    looking = [action for action in Action if action.endswith(LOOKING)]
    no_news = Q(action__in=looking, state__in=[AuditState.SUCCEEDED, AuditState.STARTED])
    return entries.filter(~no_news | Q(action=Action.ACCOUNT_SIGN_IN, detail__browser="new"))


def request_of(entries: Entries, vault: Vault, name: str, request_id: str) -> AuditEntry | None:
    """Who asked for a certificate operation through the portal, and when; None where it was begun elsewhere."""
    asked = entries.filter(
        vault_id=vault.pk,
        name=name,
        state=AuditState.SUCCEEDED,
        action__in=[Action.CERTIFICATE_CREATE, Action.CERTIFICATE_NEW_VERSION],
        detail__request_id=request_id,
    )
    return asked.with_accounts().order_by("-seq").first()
