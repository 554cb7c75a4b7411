"""Record the operations of certificates: what the vault shows of them, and how they ended.

A vault forgets an operation that is deleted or replaced; then only these rows tell what became of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from vaults.actors import Actor, Person
from vaults.inventory.rows import storable
from vaults.inventory.store import BATCH, locked
from vaults.keyvault.identifiers import fold
from vaults.keyvault.types import CertificateOperation
from vaults.kinds import CERTIFICATE
from vaults.models import InventoryItem, Outcome, RecordedOperation, Vault
from vaults.models.operation import GUESSED

#: Outcomes are shown for this time, then removed: the audit trail keeps the acts.
OUTCOMES_KEPT = timedelta(days=30)
#: An open page asks every few seconds. If nothing has changed, the time of the look is stored this often.
NOTED_EVERY = timedelta(seconds=30)

_OUTCOMES = {
    "completed": Outcome.ISSUED,
    "failed": Outcome.FAILED,
    "cancelled": Outcome.CANCELLED,
    "canceled": Outcome.CANCELLED,
}
#: Columns that a later look replaces.
_FACTS = ("issuer", "status", "status_details", "error_code", "error_message", "cancellation_requested")
_CHANGED = ("name", "folded_name", "request_id", *_FACTS, "last_seen", "ended_at", "outcome")


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation as the vault has shown it, and when it was asked for."""

    operation: CertificateOperation
    at: datetime


def see(vault: Vault, seen: Iterable[Seen]) -> None:
    """Store what was seen, each certificate at most once; other operations of the same certificates have been replaced."""
    rows = [_row(vault, each) for each in seen]
    for start in range(0, len(rows), BATCH):
        with locked(vault):
            _merge(_with_known(vault, rows[start : start + BATCH]))


def is_known(vault: Vault, seen: Seen) -> bool:
    """True if there is nothing to store of what was seen."""
    [(row, stored)] = _with_known(vault, [_row(vault, seen)])
    return not _is_news(row, _known(row, stored)) and not _replaced_by(row, stored)


def see_deletion(actor: Actor, vault: Vault, operation: CertificateOperation, at: datetime) -> None:
    """Record that the actor has deleted an operation; `operation` is how it was then."""
    see(vault, [Seen(operation, at)])
    _end(_open(vault, operation.name), at, Outcome.DELETED, actor)


def end(vault: Vault, names: Sequence[str], at: datetime, outcome: Outcome) -> None:
    """Record that what was in progress of these certificates has ended. What was seen later than `at` stays."""
    for start in range(0, len(names), BATCH):
        _end(_open(vault, *names[start : start + BATCH]), at, outcome)


def open_names(vault: Vault) -> set[str]:
    """Folded names of the certificates with an operation that is in progress, as far as is known."""
    return set(vault.operations.filter(ended_at=None).values_list("folded_name", flat=True))


def is_open(vault: Vault, name: str) -> bool:
    """True if the certificate of this name has an operation that is in progress, as far as is known."""
    return RecordedOperation.objects.filter(_open(vault, name)).exists()


def remove_old(vault: Vault, now: datetime) -> None:
    vault.operations.filter(ended_at__lt=now - OUTCOMES_KEPT).delete()


def _open(vault: Vault, *names: str) -> Q:
    return Q(vault=vault, ended_at=None, folded_name__in=[fold(name) for name in names])


def _end(which: Q, at: datetime, outcome: Outcome, actor: Actor | None = None) -> None:
    """One conditional statement, so that it needs no lock."""
    found = RecordedOperation.objects.filter(which, last_seen__lte=at)
    by = actor.user if isinstance(actor, Person) else None
    found.update(ended_at=at, outcome=outcome, last_seen=at, ended_by=actor.label[:255] if actor else "", ended_user=by)


def _row(vault: Vault, seen: Seen) -> RecordedOperation:
    """An unsaved row for an operation."""
    operation = seen.operation
    outcome = _OUTCOMES.get(operation.status)
    return RecordedOperation(
        vault=vault,
        name=operation.name[:127],
        folded_name=fold(operation.name[:127]),
        request_id=_bounded(operation.request_id, 255),
        issuer=_bounded(operation.issuer_name, 255),
        status=_bounded(operation.status, 60),
        status_details=_bounded(operation.status_details, 1000),
        error_code=_bounded(operation.error_code, 120),
        error_message=_bounded(operation.error_message, 1000),
        cancellation_requested=operation.cancellation_requested,
        begun_at=seen.at,
        last_seen=seen.at,
        ended_at=seen.at if outcome else None,
        outcome=outcome or "",
    )


def _bounded(text: str | None, length: int) -> str:
    return storable(text or "")[:length]


Rows = Sequence[RecordedOperation]


def _with_known(vault: Vault, rows: Rows) -> list[tuple[RecordedOperation, Rows]]:
    """Each row with those that are stored of its certificate."""
    stored = defaultdict(list)
    for each in vault.operations.filter(folded_name__in=[row.folded_name for row in rows]):
        stored[each.folded_name].append(each)
    return [(row, stored[row.folded_name]) for row in rows]


def _known(row: RecordedOperation, stored: Rows) -> RecordedOperation | None:
    """The stored row of the same operation. One that is in progress, of an unknown request, is taken for it."""
    same = [each for each in stored if each.request_id == row.request_id]
    unknown = [each for each in stored if not each.request_id and each.ended_at is None]
    return next(iter(same + unknown), None)


def _is_news(row: RecordedOperation, known: RecordedOperation | None) -> bool:
    if known is None:
        return row.outcome != Outcome.ISSUED  # each certificate has one that has issued it, of whatever age
    if row.last_seen <= known.last_seen or (known.ended_at and known.outcome not in GUESSED):
        return False
    is_same = not known.ended_at and all(getattr(row, name) == getattr(known, name) for name in (*_FACTS, "outcome"))
    return not is_same or row.last_seen >= known.last_seen + NOTED_EVERY


def _replaced_by(row: RecordedOperation, stored: Rows) -> list[RecordedOperation]:
    """The other operations of the certificate that are not known to have ended."""
    known = _known(row, stored)
    return [each for each in stored if each is not known and each.ended_at is None and each.last_seen <= row.last_seen]


def _merge(rows: Sequence[tuple[RecordedOperation, Rows]]) -> None:
    new: list[RecordedOperation] = []
    changed: list[RecordedOperation] = []
    for row, stored in rows:
        known = _known(row, stored)
        for other in _replaced_by(row, stored):
            other.ended_at, other.outcome = row.last_seen, Outcome.REPLACED
            changed.append(other)
        if known and _is_news(row, known):
            changed.append(_changed(known, row))
        elif _is_news(row, known):
            new.append(row)
    _find_starts(new)
    RecordedOperation.objects.bulk_create(new)
    RecordedOperation.objects.bulk_update(changed, _CHANGED, batch_size=100)


def _changed(known: RecordedOperation, row: RecordedOperation) -> RecordedOperation:
    for name in _CHANGED:
        setattr(known, name, getattr(row, name))
    return known


def _find_starts(new: Rows) -> None:
    """Fill in who started these operations, if it was done through this portal: the certificate's row has it."""
    if not new:
        return
    names = [row.folded_name for row in new]
    items = InventoryItem.objects.filter(vault=new[0].vault, kind=CERTIFICATE.name, folded_name__in=names)
    ours = {item.folded_name: item for item in items.exclude(transition_request="").select_related("transition_user")}
    for row in new:
        item = ours.get(row.folded_name)
        if item and item.transition_request == row.request_id and item.transition_since:
            row.begun_at = item.transition_since
            row.started_by, row.started_user = item.transition_by, item.transition_user
