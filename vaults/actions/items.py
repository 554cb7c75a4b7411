"""What is done alike to secrets, keys and certificates: list, delete, look at what is deleted, recover, purge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import AzureError, NotFound
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.observe import AnyDeleted
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page
from vaults.keyvault.parts import Part, part, require_some
from vaults.kinds import KINDS, Kind
from vaults.models import Vault
from vaults.permissions import Action


def list_items(actor: Actor, vault: Vault, kind: Kind, page_token: str | None = None) -> Page[Any]:
    """One page of 25, as Azure gives it. (The list of keys names no key type: that takes a call for each key.)"""
    with act(actor, kind.actions.list, vault) as doing:
        page = kind.live_page(doing.client, page_token)
        doing.detail["count"] = len(page.items)
        doing.record_unread(Part(error=page.broken_off))
    return page


def delete_item(actor: Actor, vault: Vault, kind: Kind, name: str) -> AnyDeleted:
    """Soft-delete every version; of a certificate also its key and its secret."""
    with act(actor, kind.actions.delete, vault, name=name) as doing:
        deleted: AnyDeleted = doing.client_of(kind).delete(name)
    observe.remember(vault, deleted)
    return deleted


@dataclass(frozen=True, slots=True)
class DeletedItems:
    """A page of one kind's deleted items, and why Azure did not list them, or not all."""

    kind: Kind
    page: Page[AnyDeleted]
    error: AzureError | None = None

    @property
    def items(self) -> Sequence[AnyDeleted]:
        return self.page.items


def list_deleted(actor: Actor, vault: Vault, tokens: Mapping[Kind, str | None] | None = None) -> Sequence[DeletedItems]:
    """One page of 25 of each kind, side by side; one that is refused, or fails, does not hide the others.

    `tokens`: the kinds that have a next page, and what asks for it.
    """
    with act(actor, Action.DELETED_LIST, vault) as doing:
        wanted = dict.fromkeys(KINDS) if tokens is None else tokens
        found = gather(*(partial(_list_deleted, doing.client, kind, token) for kind, token in wanted.items()))
        doing.detail["count"] = sum(len(each.items) for each in found)
        if not doing.detail["count"]:
            require_some(*(Part(error=each.error) for each in found))
        doing.record_unread(*(Part(error=each.error) for each in found))
    return found


def _list_deleted(client: VaultClient, kind: Kind, token: str | None) -> DeletedItems:
    read = part(lambda: kind.client(client).deleted_page(token))
    page: Page[AnyDeleted] = read.value or Page((), None)
    return DeletedItems(kind, page, read.error or page.broken_off)


def read_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> AnyDeleted | None:
    """A deleted item, or None until Azure has completed its deletion (or after it was recovered or purged)."""
    with act(actor, kind.actions.read, vault, name=name, kind="deleted") as doing:
        try:
            found: AnyDeleted = doing.client_of(kind).get_deleted(name)
        except NotFound:
            return None
        return found


def is_back(actor: Actor, vault: Vault, kind: Kind, name: str) -> bool:
    """Has the recovery of an item completed, so that its page can be opened?"""
    with act(actor, kind.actions.read, vault, name=name) as doing:
        try:
            return bool(doing.client_of(kind).versions(name))
        except NotFound:
            return False


def recover_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> None:
    with act(actor, kind.actions.recover, vault, name=name) as doing:
        recovered = doing.client_of(kind).recover(name)
    observe.remember(vault, recovered)


def purge_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> None:
    """Destroy it for good."""
    with act(actor, kind.actions.purge, vault, name=name) as doing:
        doing.client_of(kind).purge(name)
    observe.forget(vault, kind.name, name)
