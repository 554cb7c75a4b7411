"""The metadata index: what is known of a vault's items without asking, kept by scans and by the portal's own changes."""

from django.db import transaction

from vaults.keyvault.types import (
    CertificateProperties,
    DeletedCertificate,
    DeletedKey,
    DeletedSecret,
    KeyProperties,
    SecretProperties,
)
from vaults.models import InventoryItem, Vault

Kind = InventoryItem.Kind
Live = SecretProperties | KeyProperties | CertificateProperties
AnyDeleted = DeletedSecret | DeletedKey | DeletedCertificate


def item_of(vault: Vault, found: Live | AnyDeleted) -> InventoryItem:
    """What a list says of an item, live or deleted, as a row; not saved."""
    if isinstance(found, DeletedSecret | DeletedKey | DeletedCertificate):
        item = item_of(vault, found.properties)
        item.deleted_on, item.scheduled_purge_on = found.deleted_on, found.scheduled_purge_on
        return item
    item = InventoryItem(
        vault=vault,
        name=found.name,
        enabled=found.enabled is not False,
        not_before=found.not_before,
        expires_on=found.expires_on,
        created_on=found.created_on,
        updated_on=found.updated_on,
        tags=dict(found.tags),
    )
    match found:
        case SecretProperties():
            item.kind, item.managed = Kind.SECRET, found.managed
            item.content_type = (found.content_type or "")[:255]
        case KeyProperties():
            item.kind, item.managed = Kind.KEY, found.managed
        case CertificateProperties():
            item.kind = Kind.CERTIFICATE
            item.subject = (found.subject or "")[:1000]
    return item


def remember(vault: Vault, found: Live | AnyDeleted) -> None:
    """Keep what a change has just shown of an item, in place of what was known. It tells nothing of an operation."""
    item = item_of(vault, found)
    with transaction.atomic():
        if item.kind == Kind.CERTIFICATE and not item.deleted_on:
            item.pending = item.name.lower() in pending_names(vault)
        forget(vault, Kind(item.kind), item.name)
        item.save()


def forget(vault: Vault, kind: Kind, name: str) -> None:
    vault.items.filter(kind=kind, name__iexact=name).delete()


def remember_request(vault: Vault, name: str) -> None:
    """A certificate was asked for; one that has an earlier version stays as it is known."""
    known = vault.items.filter(kind=Kind.CERTIFICATE, name__iexact=name)
    if not known.update(pending=True):
        InventoryItem.objects.create(vault=vault, kind=Kind.CERTIFICATE, name=name, enabled=True, pending=True)


def pending_names(vault: Vault) -> set[str]:
    """Certificates, in lower case, whose operation was under way when it was last looked at. The list doesn't tell: it has
    one that was never issued whether its operation goes on, has failed or was deleted."""
    names = vault.items.filter(kind=Kind.CERTIFICATE, pending=True).values_list("name", flat=True)
    return {name.lower() for name in names}


def end_request(vault: Vault, name: str) -> None:
    """The operation has come to an end, or is gone; the next scan or look tells more."""
    vault.items.filter(kind=Kind.CERTIFICATE, name__iexact=name, pending=True).update(pending=False)
