"""Unsaved rows of the inventory for what Azure has returned."""

from collections.abc import Mapping
from datetime import datetime

from vaults.keyvault.types import (
    CertificateProperties,
    DeletedCertificate,
    DeletedKey,
    DeletedSecret,
    KeyProperties,
    SecretProperties,
)
from vaults.kinds import CERTIFICATE, KEY, SECRET
from vaults.models import InventoryItem, Vault

Live = SecretProperties | KeyProperties | CertificateProperties
AnyDeleted = DeletedSecret | DeletedKey | DeletedCertificate


def item_of(vault: Vault, found: Live | AnyDeleted, observed_at: datetime) -> InventoryItem:
    """An unsaved row for an item, live or deleted."""
    if isinstance(found, DeletedSecret | DeletedKey | DeletedCertificate):
        item = item_of(vault, found.properties, observed_at)
        # An item in a list of deleted items is deleted, even without a valid date.
        item.deleted_on, item.scheduled_purge_on = found.deleted_on or observed_at, found.scheduled_purge_on
        item.recovery_level = storable(found.properties.recovery_level or "")[:60]
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
        first_seen=observed_at,
        last_seen=observed_at,
        observed_at=observed_at,
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
            item.thumbprint = storable(found.x5t)[:40]
    return item


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL can't store."""
    return text.replace("\0", "\ufffd")


def storable_all(texts: Mapping[str, str]) -> dict[str, str]:
    return {storable(name): storable(text) for name, text in texts.items()}
