"""Deleted items of all three kinds: list, look, recover, purge. Azure takes some seconds to settle each of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from vaults import access, clients
from vaults.actions.parts import Part, part, record_unread, require_some
from vaults.audit import recording
from vaults.azure.errors import KeyVaultError, NotFound
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.observe import AnyDeleted
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page
from vaults.models import InventoryItem, User, Vault
from vaults.permissions import Action

COLLECTIONS = ("secrets", "keys", "certificates")
RECOVER = {
    "secrets": Action.SECRET_RECOVER,
    "keys": Action.KEY_RECOVER,
    "certificates": Action.CERTIFICATE_RECOVER,
}
PURGE = {"secrets": Action.SECRET_PURGE, "keys": Action.KEY_PURGE, "certificates": Action.CERTIFICATE_PURGE}
READ = {"secrets": Action.SECRET_READ, "keys": Action.KEY_READ, "certificates": Action.CERTIFICATE_READ}


@dataclass(frozen=True, slots=True)
class DeletedItems:
    """A page of one collection's deleted items, and why Azure did not list them, or not all."""

    collection: str
    page: Page[AnyDeleted]
    error: KeyVaultError | None = None

    @property
    def items(self) -> Sequence[AnyDeleted]:
        return self.page.items


def list_deleted(actor: User, vault: Vault, tokens: Mapping[str, str | None] | None = None) -> list[DeletedItems]:
    """One page of 25 of each of the three collections, side by side; one that is refused, or fails, does not hide the others.

    `tokens`: the collections that have a next page, and what asks for it.
    """
    with recording.recording(actor, Action.DELETED_LIST, vault.team, vault=vault) as event:
        access.require(actor, Action.DELETED_LIST, vault.team)
        client = clients.for_vault(vault, event)
        wanted = dict.fromkeys(COLLECTIONS) if tokens is None else tokens
        found = gather(*(partial(_list, client, collection, token) for collection, token in wanted.items()))
        event.detail["count"] = sum(len(each.items) for each in found)
        if not event.detail["count"]:
            require_some(*(Part(error=each.error) for each in found))
        record_unread(event, *(Part(error=each.error) for each in found))
    return list(found)


def _list(client: VaultClient, collection: str, token: str | None) -> DeletedItems:
    read = part(lambda: _collection(client, collection).deleted_page(token))
    page: Page[AnyDeleted] = read.value or Page((), None)
    return DeletedItems(collection, page, read.error or page.broken_off)


def read_deleted(actor: User, vault: Vault, collection: str, name: str) -> AnyDeleted | None:
    """A deleted item, or None while Azure has not settled its deletion (or after it was recovered or purged)."""
    action = READ[collection]
    with recording.recording(actor, action, vault.team, vault=vault, name=name, kind="deleted") as event:
        access.require(actor, action, vault.team)
        try:
            return _collection(clients.for_vault(vault, event), collection).get_deleted(name)  # type: ignore[no-any-return]
        except NotFound:
            return None


def is_back(actor: User, vault: Vault, collection: str, name: str) -> bool:
    """Has a recovered item settled, so that its page can be opened?"""
    action = READ[collection]
    with recording.recording(actor, action, vault.team, vault=vault, name=name) as event:
        access.require(actor, action, vault.team)
        try:
            return bool(_collection(clients.for_vault(vault, event), collection).versions(name))
        except NotFound:
            return False


def recover_deleted(actor: User, vault: Vault, collection: str, name: str) -> None:
    action = RECOVER[collection]
    with recording.recording(actor, action, vault.team, vault=vault, name=name) as event:
        access.require(actor, action, vault.team)
        back = _collection(clients.for_vault(vault, event), collection).recover(name)
    observe.remember(vault, back)


def purge_deleted(actor: User, vault: Vault, collection: str, name: str) -> None:
    """Destroy it for good."""
    action = PURGE[collection]
    with recording.recording(actor, action, vault.team, vault=vault, name=name) as event:
        access.require(actor, action, vault.team)
        _collection(clients.for_vault(vault, event), collection).purge(name)
    observe.forget(vault, InventoryItem.Kind(collection.removesuffix("s")), name)


def _collection(client: VaultClient, collection: str) -> Any:
    return {"secrets": client.secrets, "keys": client.keys, "certificates": client.certificates}[collection]
