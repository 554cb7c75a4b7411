"""The metadata index: what is known about a vault's items without a call to Azure. Scans and the portal's own changes update it.

An error here never fails a change, because Azure has already made it. A scan corrects what could not be stored.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import structlog
from django.db import Error, transaction
from django.db.models import QuerySet
from django.utils import timezone

from vaults.keyvault.types import (
    CertificateProperties,
    DeletedCertificate,
    DeletedKey,
    DeletedSecret,
    KeyProperties,
    SecretProperties,
)
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.models import InventoryItem, Vault

log = structlog.get_logger("vaults.inventory.observe")

Found = TypeVar("Found")
Live = SecretProperties | KeyProperties | CertificateProperties
AnyDeleted = DeletedSecret | DeletedKey | DeletedCertificate


def item_of(vault: Vault, found: Live | AnyDeleted) -> InventoryItem:
    """An unsaved row for an item from a list, live or deleted."""
    if isinstance(found, DeletedSecret | DeletedKey | DeletedCertificate):
        item = item_of(vault, found.properties)
        # An item in a list of deleted items is deleted, even without a valid date.
        item.deleted_on, item.scheduled_purge_on = found.deleted_on or timezone.now(), found.scheduled_purge_on
        item.odd |= storable_all(found.odd)
        return item
    item = InventoryItem(
        vault=vault,
        name=found.name,
        enabled=None if "enabled" in found.odd else found.enabled is not False,
        not_before=found.not_before,
        expires_on=found.expires_on,
        created_on=found.created_on,
        updated_on=found.updated_on,
        tags=storable_all(found.tags),
        odd=storable_all(found.odd),
    )
    match found:
        case SecretProperties():
            item.kind, item.managed = SECRET.name, found.managed
            item.content_type = storable(found.content_type or "")[:255]
        case KeyProperties():
            item.kind, item.managed = KEY.name, found.managed
        case CertificateProperties():
            item.kind, item.issued = CERTIFICATE.name, found.issued
            if not found.issued:
                item.not_before = item.expires_on = None
            item.subject = storable(found.subject or "")[:1000]
    return item


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL can't store."""
    return text.replace("\0", "\ufffd")


def storable_all(texts: Mapping[str, str]) -> dict[str, str]:
    return {storable(name): storable(text) for name, text in texts.items()}


def read(look: Callable[[], Found], otherwise: Found) -> Found:
    """The result of `look` in the index, or `otherwise` if the index can't be read: pages about Azure work without it."""
    try:
        with transaction.atomic():
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


def remember(vault: Vault, found: Live | AnyDeleted) -> None:
    """Replace what is known about an item by what a change has returned. The state of an operation is kept.

    An item deleted in a vault without soft delete is removed.
    """
    with _best_effort(vault):
        item = item_of(vault, found)
        if item.kind == CERTIFICATE.name and not item.deleted_on:
            item.pending = item.name.lower() in pending_names(vault)
        _known(vault, item.kind, item.name).delete()
        if not (isinstance(found, AnyDeleted) and found.properties.recoverable is False):
            item.save()


def forget(vault: Vault, kind: str, name: str) -> None:
    with _best_effort(vault):
        _known(vault, kind, name).delete()


def remember_request(vault: Vault, name: str) -> None:
    """Record that a certificate was requested. If it has an earlier version, only its state "pending" changes."""
    with _best_effort(vault):
        if not _known(vault, CERTIFICATE.name, name).update(pending=True):
            InventoryItem.objects.create(
                vault=vault, kind=CERTIFICATE.name, name=name, enabled=True, pending=True, issued=False
            )


def pending_names(vault: Vault) -> set[str]:
    """Names, in lower case, of the certificates whose operation was in progress when last checked.

    The list of certificates does not show this: it includes a never-issued
    one also if its operation has failed or was deleted.
    """
    names = vault.items.filter(kind=CERTIFICATE.name, pending=True).values_list("name", flat=True)
    return {name.lower() for name in names}


def pending_if_read(vault: Vault, kind: Kind) -> set[str]:
    """The same for a list's page; an empty set if the index can't be read."""
    nothing: set[str] = set()
    return read(lambda: pending_names(vault), nothing) if kind is CERTIFICATE else nothing


def see_certificate(vault: Vault, name: str, pending: bool | None, shown: CertificateProperties | None = None) -> None:
    """Update a known certificate from what a page has just read: whether an operation is in progress, and what is issued.

    A certificate that is not known yet stays unknown until the next scan.
    """
    with _best_effort(vault):
        known = _known(vault, CERTIFICATE.name, name).filter(deleted_on=None).first()
        if known and pending is not None and known.pending != pending:
            _known(vault, CERTIFICATE.name, name).update(pending=pending)
        if known and shown and shown.issued and not known.issued:
            remember(vault, shown)


def end_request(vault: Vault, name: str, *, completed: bool = False) -> None:
    """Record that the operation has ended or is gone. If a first version was issued, request a scan."""
    with _best_effort(vault):
        known = _known(vault, CERTIFICATE.name, name)
        known.filter(pending=True).update(pending=False)
        if completed and known.filter(issued=False).exists():
            _ask_for_scan(vault)


def _known(vault: Vault, kind: str, name: str) -> QuerySet[InventoryItem]:
    return vault.items.filter(kind=kind, name__iexact=name)
