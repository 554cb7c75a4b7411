"""Audit queries for pages and jobs. `entries`: those that the user may see, see `access.visible_to`.

Pages are read by the ids of entries, newest first, and never counted in full: each takes as long however long the trail is.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet

from vaults.audit import stored
from vaults.keyvault.identifiers import fold
from vaults.models import AuditEntry, Vault
from vaults.models.audit import MOST_ACCOUNTS, AuditEntryQuerySet, AuditState
from vaults.models.prepared import Parameter, PreparedRows
from vaults.permissions import Action

Entries = AuditEntryQuerySet
#: The acts that make a version of an item.
_MAKING = [action for action in Action if action.endswith((".create", ".new_version", ".rotate", ".import", ".merge"))]
PAGE_SIZE = 50
#: The most entries that are counted.
MOST_COUNTED = 500
#: The most entries of one event that are shown.
MOST_STEPS = 50
#: The most versions of an item whose makers are looked up, the newest ones.
MOST_MADE = 300
#: The number of newest acts that a page shows.
NEWEST = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """Entries for a page, newest first.

    `left_out`: the number of those that can't be read, because they were changed.
    `nothing_done`: True only if it is known that there are none.
    """

    entries: Sequence[AuditEntry] = ()
    left_out: int = 0
    nothing_done: bool = False


@dataclass(frozen=True, slots=True)
class Activity(Listed):
    """The newest acts on one item. `made`: by version, the act that made it through the portal."""

    made: Mapping[str, AuditEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `older`, `newer`: the ids to go on from, None at the ends.

    `count`: the number of all entries on a first page, None on others and if there are more than MOST_COUNTED.
    """

    listed: Listed = field(default_factory=Listed)
    older: int | None = None
    newer: int | None = None
    count: int | None = None

    @property
    def object_list(self) -> Sequence[AuditEntry]:
        return self.listed.entries


def open_entries(before: datetime) -> list[AuditEntry]:
    """At most 100 "started" entries without an outcome, between a month old and `before`, when their acts must have ended."""
    return list(_open(before)[:100])


def _open(before: datetime) -> Entries:
    """In the order of an index of what was started, so that no more of the trail is read."""
    begun = AuditEntry.objects.filter(state=AuditState.STARTED, at__lt=before, at__gt=before - timedelta(days=31))
    return _latest(begun).order_by("at", "id")


def entries_of(entries: Entries, event: uuid.UUID) -> list[AuditEntry]:
    """The entries of one event that can be read, the oldest first."""
    return stored.readable(entries.filter(event=event).with_accounts().order_by("id")[:MOST_STEPS])


def last_of(event: uuid.UUID) -> AuditEntry:
    """The newest entry of an act."""
    return AuditEntry.objects.filter(event=event).order_by("-id")[0]


def last_verdict(entries: Entries) -> AuditEntry | None:
    """The newest verification with a recorded result (those of earlier versions have none). Check it with `is_ours`."""
    ended = stored.with_spelling(verdicts(entries))
    return next((entry for entry in ended.iterator(20) if "broken" in entry.detail), None)


def verdicts(entries: Entries) -> Entries:
    """Verifications that ended, newest first."""
    ended = [AuditState.SUCCEEDED, AuditState.FAILED]
    return events(entries).filter(action=Action.AUDIT_VERIFY, state__in=ended)


def events(entries: Entries) -> Entries:
    """One entry for each act, newest first: its outcome, or its start if there is no outcome yet."""
    return _latest(entries).with_accounts()


def _latest(entries: Entries) -> Entries:
    """Of each act the newest entry. A look that went wrong stays, although a later one with another outcome has its id."""
    is_newest = ~Exists(AuditEntry.objects.filter(event=OuterRef("event"), id__gt=OuterRef("id")))
    return entries.filter(Q(look=True, news=True) | is_newest)


def changes(entries: Entries) -> Entries:
    """Without successful reads, scans and sign-ins. A sign-in from a browser new to the account is included."""
    return entries.filter(news=True)


def page_of(trails: Iterable[Entries], before: int | None = None, after: int | None = None) -> Page:
    """A page of one entry for each act: the newest ones, or those before or after an id. `trails`: see `access.Visible`."""
    if after is not None:
        found = _ids([trail.filter(id__gt=after).reverse() for trail in trails], PAGE_SIZE + 1)
        ids = found[:PAGE_SIZE][::-1]
        return Page(_listed(ids), older=ids[-1] if ids else None, newer=ids[0] if len(found) > PAGE_SIZE else None)
    counted = MOST_COUNTED if before is None else PAGE_SIZE
    earlier = [trail if before is None else trail.filter(id__lt=before) for trail in trails]
    found = _ids(earlier, counted + 1, newest_first=True)
    ids = found[:PAGE_SIZE]
    return Page(
        _listed(ids),
        older=ids[-1] if len(found) > PAGE_SIZE else None,
        newer=ids[0] if before is not None and ids else None,
        count=len(found) if before is None and len(found) <= MOST_COUNTED else None,
    )


def newest(trails: Iterable[Entries], limit: int = NEWEST) -> Listed:
    """The newest acts."""
    return _listed(_ids(list(trails), limit, newest_first=True))


def newest_changes(teams: Sequence[uuid.UUID], accounts: Sequence[str]) -> Listed:
    """The newest acts that are changes: of these teams, and about these accounts."""
    entries = AuditEntry.objects.all()
    if len(accounts) > MOST_ACCOUNTS:
        parts = [*(entries.of_team(team) for team in teams), entries.about_accounts(list(accounts))]
        return newest([changes(part) for part in parts])
    found = [*(_CHANGES_OF(team=team) for team in teams), *(_CHANGES_ABOUT(account=account) for account in accounts)]
    return _listed(list(islice((entry_id for (entry_id,) in merge(*found, reverse=True)), NEWEST)))


def _changes_in(part: Entries) -> QuerySet[AuditEntry, tuple[int]]:
    return _latest(changes(part)).values_list("id")[:NEWEST]


_CHANGES_OF = PreparedRows(lambda: _changes_in(AuditEntry.objects.of_team(_parameter("team", "team_id"))))
_CHANGES_ABOUT = PreparedRows(
    lambda: _changes_in(AuditEntry.objects.about_account(_parameter("account", "folded_name")))
)


def _parameter(name: str, field_name: str) -> Parameter:
    return Parameter(name, AuditEntry._meta.get_field(field_name))


def activity(entries: Entries, vault: Vault, kind: str, name: str, limit: int = NEWEST) -> Activity:
    """The newest acts on one item of a vault, however its name was spelled, without successful reads.

    A vault that was removed and added again has its earlier acts under the id that it had then.
    """
    removed = _removed(entries, vault)
    acts = of_name(entries.filter(vault_id__in=_ids_of(vault, removed), kind=kind), name)
    found = newest([changes(acts)], limit)
    if found.entries or found.left_out:
        return Activity(found.entries, found.left_out, made=_made(acts))
    return Activity(nothing_done=all(schema != 1 for _, schema in removed))


def _made(acts: Entries) -> dict[str, AuditEntry]:
    """By version, the act that made it. The request for a certificate is answered before there is a version: it names none."""
    makers = acts.filter(action__in=_MAKING, state=AuditState.SUCCEEDED).exclude(version="")
    entries = stored.readable(makers.with_accounts().order_by("-id")[:MOST_MADE])
    return {entry.version: entry for entry in entries}


def ids_of(entries: Entries, vault: Vault) -> list[uuid.UUID]:
    """The ids that the vault has now and had before it was removed and added again, as far as the entries tell."""
    return _ids_of(vault, _removed(entries, vault))


def of_name(entries: Entries, name: str) -> Entries:
    """Those about items of this name, however it was spelled."""
    return entries.filter(folded_name=fold(name))


def _removed(entries: Entries, vault: Vault) -> list[tuple[uuid.UUID | None, int]]:
    """Ids and schemas of removals of the vault. An entry of schema 1 does not tell which vault was removed."""
    is_same = Q(vault_cloud=vault.cloud, vault_host=vault.host)
    return list(entries.filter(is_same | Q(schema=1), action=Action.VAULT_REMOVE).values_list("vault_id", "schema"))


def _ids_of(vault: Vault, removed: list[tuple[uuid.UUID | None, int]]) -> list[uuid.UUID]:
    return [vault.pk, *vault.former_ids, *(vault_id for vault_id, schema in removed if vault_id and schema != 1)]


def _ids(trails: list[Entries], limit: int, *, newest_first: bool = False) -> list[int]:
    """The ids of one entry for each act, from trails that each are in order."""
    found = (_latest(trail).values_list("id", flat=True)[:limit] for trail in trails)
    return list(merge(*found, reverse=newest_first))[:limit]


def _listed(ids: list[int]) -> Listed:
    entries = stored.readable(AuditEntry.objects.filter(id__in=ids).with_accounts().order_by("-id"))
    return Listed(entries, len(ids) - len(entries))
