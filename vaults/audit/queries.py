"""Audit queries for pages and jobs. `entries`: the entries that the user may see, see `access.visible_to`."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from vaults.audit import stored
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditEntryQuerySet, AuditState
from vaults.permissions import Action

Entries = AuditEntryQuerySet


def open_entries(before: datetime) -> list[AuditEntry]:
    """At most 100 "started" entries without an outcome, between a month old and `before`, when their acts must have ended."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    begun = AuditEntry.objects.filter(state=AuditState.STARTED, at__lt=before, at__gt=before - timedelta(days=31))
    return list(begun.filter(~Exists(later)).order_by("seq")[:100])


def last_verdict(entries: Entries) -> AuditEntry | None:
    """The newest verification with a recorded result (those of earlier versions have none). Check it with `is_ours`."""
    ended = events(entries).filter(action=Action.AUDIT_VERIFY, state__in=[AuditState.SUCCEEDED, AuditState.FAILED])
    return next((entry for entry in stored.with_spelling(ended).iterator(20) if "broken" in entry.detail), None)


def events(entries: Entries) -> Entries:
    """One entry for each act, newest first: its outcome, or its start if there is no outcome yet."""
    later = AuditEntry.objects.filter(event=OuterRef("event"), seq__gt=OuterRef("seq"))
    return entries.filter(~Exists(later)).with_accounts()


def activity(entries: Entries, vault: Vault, name: str, limit: int = 8) -> list[AuditEntry]:
    """The newest acts on one item of a vault, without successful reads."""
    return list(changes(entries).filter(vault_id=vault.pk, name=name)[:limit])


def changes(entries: Entries) -> Entries:
    """Acts that changed something, returned a value, failed or were refused; newest first."""
    return only_changes(events(entries))


#: Endings of the names of acts whose success is not listed: reads, scans, sign-ins and related acts.
LOOKING = (".list", ".read", ".scan", ".check", ".sign_in", ".sign_out", ".session_end", ".confirm")


def only_changes(entries: Entries) -> Entries:
    """Without successful reads, scans and sign-ins. A sign-in from a browser new to the account is included."""
    looking = [action for action in Action if action.endswith(LOOKING)]
    no_news = Q(action__in=looking, state__in=[AuditState.SUCCEEDED, AuditState.STARTED])
    return entries.filter(~no_news | Q(action=Action.ACCOUNT_SIGN_IN, detail__browser="new"))
