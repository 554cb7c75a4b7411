"""Write rows of the inventory. Nothing older overwrites newer: each row has the time that it is true for.

One writer at a time for each vault, so that a scan can't overwrite what a person has just changed between its read and its
write. (SQLite has one writer anyway.)
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q

from vaults.keyvault.identifiers import fold
from vaults.models import InventoryItem, Vault
from vaults.models.inventory import SETTLES_WITHIN, Transition

#: Rows written in one transaction: a person's change waits for no more.
BATCH = 500
#: Key Vault's longest retention time. A row that has been gone for longer is removed.
GONE_ROWS_KEPT = timedelta(days=90)

IDENTITY = ("vault", "kind", "folded_name")
#: Columns about the last transition. Only the change that begins one sets them.
LAST_TRANSITION = (
    "transition",
    "transition_since",
    "transition_by",
    "transition_user",
    "transition_deleted_on",
    "transition_request",
)
#: Columns that each look at an item replaces.
SEEN = tuple(
    field.name
    for field in InventoryItem._meta.fields
    if field.name not in {"id", "first_seen", *IDENTITY, *LAST_TRANSITION[1:]}
)
#: Columns that a change replaces which begins a transition.
BEGUN = tuple(dict.fromkeys([*SEEN, *LAST_TRANSITION]))
#: Those of a look that tell of the item and not of the look.
FACTS = tuple(name for name in SEEN if name not in {"folded_name", "tag_text", "observed_at", "last_seen"})


@contextmanager
def locked(vault: Vault) -> Iterator[None]:
    """A transaction in which no one else writes rows of this vault."""
    with transaction.atomic():
        list(Vault.objects.select_for_update(no_key=True).filter(pk=vault.pk).values_list("pk"))
        yield


def store(vault: Vault, seen: Iterable[InventoryItem]) -> None:
    """Merge unsaved rows of items that were seen, each item at most once."""
    for kind, rows in groupby(sorted(seen, key=lambda row: row.kind), key=lambda row: row.kind):
        found = list(rows)
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            with locked(vault):
                _merge(batch, known_rows(vault, kind, [row.name for row in batch]))


def _merge(seen: Sequence[InventoryItem], known: Mapping[str, InventoryItem]) -> None:
    """Of most items only the time of the look is new: a whole row costs several times as much."""
    changed, unchanged = [], defaultdict(list)
    for row in seen:
        before = known.get(fold(row.name))
        if before and _is_the_same(row, before):
            unchanged[row.observed_at].append(before.pk)
        elif before is None or _is_news(row, before):
            changed.append(row)
    upsert(changed, SEEN)
    for at, pks in unchanged.items():
        InventoryItem.objects.filter(pk__in=pks, observed_at__lt=at).update(observed_at=at, last_seen=at)


def put(vault: Vault, row: InventoryItem, columns: Collection[str]) -> None:
    """Store the result of a change. The vault has just answered with it, so that no transition explains it otherwise."""
    with locked(vault):
        known = known_rows(vault, row.kind, [row.name]).get(fold(row.name))
        if known is None or known.observed_at <= row.observed_at:
            upsert([row], columns)


def upsert(rows: Iterable[InventoryItem], columns: Collection[str]) -> None:
    """Insert the rows; of a known item, replace these columns."""
    InventoryItem.objects.bulk_create(rows, update_conflicts=True, unique_fields=IDENTITY, update_fields=columns)


def known_rows(vault: Vault, kind: str, names: Sequence[str]) -> dict[str, InventoryItem]:
    """The stored rows of these items by folded name, also of items that are gone."""
    found = vault.items.filter(kind=kind, folded_name__in=[fold(name) for name in names])
    return {row.folded_name: row for row in found}


def mark_gone(vault: Vault, listed: Q, begun: datetime) -> None:
    """Mark the items of a list as gone that it did not contain, after it was read completely. `begun`: when its reading began.

    An item whose transition Azure may not have completed can be missing in both of its lists for some minutes.
    """
    settling = ~Q(transition="") & Q(transition_since__gt=begun - SETTLES_WITHIN)
    with locked(vault):
        unseen = vault.items.existing().filter(listed, observed_at__lt=begun).exclude(settling)
        unseen.update(gone_since=begun, observed_at=begun, pending=False, transition="")


def remove_long_gone(vault: Vault, now: datetime) -> None:
    vault.items.filter(gone_since__lt=now - GONE_ROWS_KEPT).delete()


def _is_the_same(row: InventoryItem, known: InventoryItem) -> bool:
    return all(getattr(row, column) == getattr(known, column) for column in FACTS)


def _is_news(row: InventoryItem, known: InventoryItem) -> bool:
    """True if the row replaces the known one. It keeps the transition that is still in progress."""
    if known.observed_at > row.observed_at:
        return False
    if known.explains(row):
        row.transition = known.transition
        return known.transition == Transition.PENDING
    return True
