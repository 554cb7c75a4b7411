"""Update the inventory from what the portal has changed or a page has read: one item, with the time of the observation.

An error here never fails a change, because Azure has already made it. A scan corrects what could not be stored.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db import Error, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from vaults.actors import Actor, Person
from vaults.inventory import certificates, foresight, operations
from vaults.inventory import contacts as of_contacts
from vaults.inventory.rows import AnyDeleted, Live, item_of, storable
from vaults.inventory.store import BEGUN, LAST_TRANSITION, SEEN, locked, put, store
from vaults.keyvault.identifiers import fold
from vaults.keyvault.types import Certificate, CertificateOperation, CertificateProperties, Contacts
from vaults.kinds import CERTIFICATE, Kind
from vaults.models import InventoryItem, Outcome, Vault
from vaults.models.inventory import DELETED, Transition
from vaults.models.prepared import Parameter, Prepared

log = structlog.get_logger("vaults.inventory.observe")

Found = TypeVar("Found")

#: Columns of a row that a change without a result sets: the item is gone.
GONE = ("gone_since", "observed_at", *LAST_TRANSITION)
#: Columns that a request for a further version of a certificate sets.
REQUESTED = ("pending", "observed_at", "last_seen", *LAST_TRANSITION)


def read(look: Callable[[], Found], otherwise: Found) -> Found:
    """The result of `look` in the index, or `otherwise` if the index can't be read: pages about Azure work without it."""
    # Only a transaction that has begun needs protection from the error. Without one, SQLite would take the writer's lock.
    apart = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with apart:
            return look()
    except Error:
        log.exception("the index could not be read")
        return otherwise


@contextmanager
def _best_effort(vault: Vault) -> Iterator[None]:
    """Log any error, and request a scan of the vault instead."""
    try:
        with transaction.atomic():
            yield
    except Exception:
        log.exception("the index could not be written", vault=vault.slug)
        _ask_for_scan(vault)


def _ask_for_scan(vault: Vault) -> None:
    try:
        Vault.objects.filter(pk=vault.pk).update(scan_requested_at=timezone.now())
    except Error:
        log.exception("no scan could be asked for", vault=vault.slug)


def remember(vault: Vault, found: Live) -> None:
    """Replace what is known about an item by what a change has returned. The state of a certificate's operation is kept."""
    answered_at = timezone.now()
    with _best_effort(vault), locked(vault):
        row, known = item_of(vault, found, answered_at), None
        if row.kind == CERTIFICATE.name:
            known = known_item(vault, row.kind, row.name)
        if known and known.is_live and known.pending:
            row.pending, row.transition = True, known.transition
        put(vault, row, SEEN)


def remember_deletion(actor: Actor, vault: Vault, deleted: AnyDeleted) -> None:
    """An item deleted in a vault without soft delete is gone at once."""
    with _best_effort(vault):
        row = item_of(vault, deleted, timezone.now())
        if deleted.properties.recoverable is False:
            row.gone_since = row.observed_at
            put(vault, row, GONE)
        else:
            _begin(row, Transition.DELETING, actor)
            put(vault, row, BEGUN)
        if row.kind == CERTIFICATE.name:
            operations.end(vault, [row.name], row.observed_at, Outcome.FORGOTTEN)


def remember_recovery(actor: Actor, vault: Vault, recovered: Live) -> None:
    answered_at = timezone.now()
    with _best_effort(vault), locked(vault):
        row = item_of(vault, recovered, answered_at)
        _begin(row, Transition.RECOVERING, actor)
        row.transition_deleted_on = _deletion_of(row)
        put(vault, row, BEGUN)


def remember_purge(actor: Actor, vault: Vault, kind: Kind, name: str) -> None:
    answered_at = timezone.now()
    with _best_effort(vault), locked(vault):
        row = _unseen_row(vault, kind, name, answered_at)
        row.gone_since = row.deleted_on = answered_at
        _begin(row, Transition.PURGING, actor)
        row.transition_deleted_on = _deletion_of(row)
        put(vault, row, GONE)


def remember_request(actor: Actor, vault: Vault, name: str, request_id: str) -> None:
    """Record that a certificate was requested. If it has an earlier version, only its state "pending" changes."""
    answered_at = timezone.now()
    with _best_effort(vault), locked(vault):
        row = _unseen_row(vault, CERTIFICATE, name, answered_at)
        row.enabled, row.pending, row.issued = True, True, False
        _begin(row, Transition.PENDING, actor, request_id)
        known = known_item(vault, CERTIFICATE.name, name)
        put(vault, row, REQUESTED if known and known.is_live else BEGUN)


def _unseen_row(vault: Vault, kind: Kind, name: str, now: datetime) -> InventoryItem:
    return InventoryItem(vault=vault, kind=kind.name, name=name, first_seen=now, last_seen=now, observed_at=now)


def _begin(row: InventoryItem, transition: Transition, actor: Actor, request_id: str = "") -> None:
    row.transition, row.transition_since = transition, row.observed_at
    row.transition_by = actor.label[:255]
    row.transition_user = actor.user if isinstance(actor, Person) else None
    row.transition_request = as_stored(request_id)


def as_stored(request_id: str) -> str:
    """Azure's id of a request, as the inventory keeps it."""
    return storable(request_id)[:255]


def _deletion_of(row: InventoryItem) -> datetime | None:
    known = known_item(row.vault, row.kind, row.name)
    return known.time_of_deletion if known else None


def see(vault: Vault, found: Live | AnyDeleted, asked_at: datetime) -> None:
    """Correct a known item that a page has just read, if it is in another state than known or its transition has ended.

    An item that is not known yet stays unknown until the next scan.
    """
    with _best_effort(vault):
        row = item_of(vault, found, asked_at)
        known = known_item(vault, row.kind, row.name)
        if known and (known.transition or known.gone_since or known.is_live == bool(row.deleted_on)):
            row.pending = known.pending and known.is_live and not row.deleted_on
            store(vault, [row])


def see_live(vault: Vault, found: Live, asked_at: datetime) -> None:
    """The same for a live item. In the usual case, where nothing else is known of it, no transaction begins."""
    known = _known_state(vault, item_of(vault, found, asked_at).kind, found.name)
    if known and (known.transition or not known.is_live):
        see(vault, found, asked_at)


def pending_names(vault: Vault) -> set[str]:
    """Folded names of the certificates whose operation was in progress when last checked.

    The list of certificates does not show this: it includes a never-issued
    one also if its operation has failed or was deleted.
    """
    found = vault.items.existing().filter(kind=CERTIFICATE.name, pending=True)
    return set(found.values_list("folded_name", flat=True))


def pending_if_read(vault: Vault, kind: Kind) -> set[str]:
    """The same for a list's page; an empty set if the index can't be read."""
    nothing: set[str] = set()
    return read(lambda: pending_names(vault), nothing) if kind is CERTIFICATE else nothing


def see_certificate(
    vault: Vault, name: str, asked_at: datetime, pending: bool | None, shown: CertificateProperties | None = None
) -> None:
    """Update a known certificate from what a page has just read: whether an operation is in progress, and what is issued.

    A certificate that is not known yet stays unknown until the next scan.
    """
    known = _known_state(vault, CERTIFICATE.name, name)
    if known and shown and not known.is_live:
        see(vault, shown, asked_at)
    if known is None or not known.is_live:
        return
    is_first = bool(shown and shown.issued and not known.issued)
    is_other = pending is not None and pending != known.pending
    if not is_first and not is_other:  # the usual case: no transaction begins
        return
    with _best_effort(vault):
        if pending is not None and is_other:
            _set_pending(vault, name, asked_at, pending)
        if shown and is_first:
            row = item_of(vault, shown, asked_at)
            row.pending = known.pending if pending is None else pending
            store(vault, [row])


def see_contents(
    vault: Vault, certificate: Certificate, asked_at: datetime, providers: Mapping[str, str] | None = None
) -> None:
    """Keep what a page has just read of a certificate's current version. In the usual case, where it is known, no transaction
    begins. `providers`: of the vault's issuers by folded name; None if they were not read."""
    properties = certificate.properties
    if not properties.issued:
        return
    seen = certificates.Read(certificate, asked_at, properties.updated_on, properties.x5t)
    if not read(lambda: certificates.is_known(vault, seen), True):
        with _best_effort(vault):
            certificates.keep(vault, [seen], providers)
            foresight.foresee(vault, timezone.now(), [fold(properties.name)])


def see_contacts(vault: Vault, contacts: Contacts) -> None:
    """Keep whether the vault has contacts, if that is known to be otherwise. Where it is not known, the next scan finds out."""
    if vault.has_contacts not in (None, of_contacts.are_any(contacts)):
        with _best_effort(vault):
            of_contacts.see(vault, of_contacts.are_any(contacts))


def end_request(vault: Vault, name: str, asked_at: datetime, *, completed: bool = False) -> None:
    """Record that the operation has ended or is gone. If a first version was issued, request a scan."""
    with _best_effort(vault):
        operations.end(vault, [name], asked_at, Outcome.ISSUED if completed else Outcome.FORGOTTEN)
        known = known_item(vault, CERTIFICATE.name, name)
        if known and known.pending:
            _set_pending(vault, name, asked_at, False)
        if completed and known and known.is_live and not known.issued:
            _ask_for_scan(vault)


def see_operation(vault: Vault, operation: CertificateOperation, asked_at: datetime) -> None:
    """Record an operation as the vault has just shown it. In the usual case, where it is known so, no transaction begins."""
    seen = operations.Seen(operation, asked_at)
    if not read(lambda: operations.is_known(vault, seen), True):
        with _best_effort(vault):
            operations.see(vault, [seen])


def remember_deleted_operation(actor: Actor, vault: Vault, operation: CertificateOperation) -> None:
    with _best_effort(vault):
        operations.see_deletion(actor, vault, operation, timezone.now())


def _set_pending(vault: Vault, name: str, asked_at: datetime, pending: bool) -> None:
    """`asked_at`: when the operation was asked for; what is known of a later time stays."""
    changed: dict[str, Any] = {"pending": pending, "observed_at": asked_at}
    with locked(vault):
        rows = _rows(vault, CERTIFICATE.name, name).filter(observed_at__lte=asked_at)
        if not pending:
            rows.filter(transition=Transition.PENDING).update(transition="")
        rows.update(**changed)


def known_item(vault: Vault, kind: str, name: str) -> InventoryItem | None:
    """The row of an item, also if it is gone."""
    return _rows(vault, kind, name).select_related("transition_user").first()


def deleted_certificates(vault: Vault, names: Collection[str]) -> set[str]:
    """Those of the folded names that a deleted certificate has. Without names, no query."""
    if not names:
        return set()
    found = InventoryItem.objects.filter(DELETED, vault=vault, kind=CERTIFICATE.name, folded_name__in=names)
    return set(found.values_list("folded_name", flat=True))


_ITEM = InventoryItem._meta
_STATE: Prepared[InventoryItem] = Prepared(
    lambda: InventoryItem.objects.filter(
        vault=Parameter("vault", Vault._meta.pk),
        kind=Parameter("kind", _ITEM.get_field("kind")),
        folded_name=Parameter("name", _ITEM.get_field("folded_name")),
    )
)


def _known_state(vault: Vault, kind: str, name: str) -> InventoryItem | None:
    """The row of an item, also if it is gone; None if the index can't be read."""
    nothing: list[InventoryItem] = []
    return next(iter(read(lambda: _STATE(vault=vault.pk, kind=kind, name=fold(name)), nothing)), None)


def spelling_of(vault: Vault, kind: Kind, name: str) -> str:
    """The item's name as the vault spells it; as it was given if the item is not known."""
    known = read(lambda: known_item(vault, kind.name, name), None)
    return known.name if known else name


def last_request(vault: Vault, name: str) -> InventoryItem | None:
    """The row of a certificate whose last transition is a request through this portal, in progress or ended."""
    found = _rows(vault, CERTIFICATE.name, name).exclude(transition_request="")
    return found.select_related("transition_user").first()


def _rows(vault: Vault, kind: str, name: str) -> QuerySet[InventoryItem]:
    return vault.items.filter(kind=kind, folded_name=fold(name))
