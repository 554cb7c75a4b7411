"""Acts that are the same for secrets, keys and certificates: list, delete, read deleted ones, recover, purge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils import timezone

from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import AzureError, NotFound
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.rows import AnyDeleted
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page
from vaults.keyvault.parts import Part, part, require_some
from vaults.kinds import KINDS, Kind
from vaults.models import Vault
from vaults.permissions import Action


def list_items(actor: Actor, vault: Vault, kind: Kind, page_token: str | None = None) -> Page[Any]:
    """One page of 25 items, as Azure returns it. (The list of keys has no key types: these need one call for each key.)"""
    with act(actor, kind.actions.list, vault) as doing:
        client = doing.client
        [page] = gather(lambda: kind.live_page(client, page_token), meanwhile=doing.meanwhile)
        doing.record_unread(Part(error=page.broken_off))
    return page


def delete_item(actor: Actor, vault: Vault, kind: Kind, name: str) -> AnyDeleted:
    """Soft-delete all versions. For a certificate, this also deletes its managed key and managed secret."""
    with act(actor, kind.actions.delete, vault, name=name) as doing:
        deleted: AnyDeleted = doing.client_of(kind).delete(name)
    observe.remember_deletion(actor, vault, deleted)
    return deleted


@dataclass(frozen=True, slots=True)
class DeletedItems:
    """A page of one kind's deleted items, and the error if Azure did not list all of them."""

    kind: Kind
    page: Page[AnyDeleted]
    error: AzureError | None = None

    @property
    def items(self) -> Sequence[AnyDeleted]:
        return self.page.items


def list_deleted(actor: Actor, vault: Vault, tokens: Mapping[Kind, str | None] | None = None) -> Sequence[DeletedItems]:
    """One page of 25 of each kind, in parallel. If one list is refused or fails, the others are still returned.

    `tokens`: page tokens of the kinds that have a next page; None for the first page of all kinds.
    """
    with act(actor, Action.DELETED_LIST, vault) as doing:
        wanted = dict.fromkeys(KINDS) if tokens is None else tokens
        found = gather(
            *(partial(_list_deleted, doing.client, kind, token) for kind, token in wanted.items()),
            meanwhile=doing.meanwhile,
        )
        if not any(each.items for each in found):
            require_some(*(Part(error=each.error) for each in found))
        doing.record_unread(*(Part(error=each.error) for each in found))
    return found


def _list_deleted(client: VaultClient, kind: Kind, token: str | None) -> DeletedItems:
    read = part(lambda: kind.client(client).deleted_page(token))
    page: Page[AnyDeleted] = read.value or Page((), None)
    return DeletedItems(kind, page, read.error or page.broken_off)


def read_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> AnyDeleted | None:
    """A deleted item. None if Azure has not completed the deletion yet, or if it was recovered or purged."""
    asked_at = timezone.now()
    with act(actor, kind.actions.read, vault, name=name, kind="deleted") as doing:
        try:
            found: AnyDeleted = doing.client_of(kind).get_deleted(name)
        except NotFound:
            return None
    observe.see(vault, found, asked_at)
    return found


def is_back(actor: Actor, vault: Vault, kind: Kind, name: str) -> bool:
    """True if the recovery of an item is complete, so that its page can be opened."""
    asked_at = timezone.now()
    with act(actor, kind.actions.read, vault, name=name) as doing:
        try:
            versions = doing.client_of(kind).versions(name)
        except NotFound:
            return False
    if versions:
        observe.see(vault, versions[0], asked_at)
    return bool(versions)


def recover_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> None:
    with act(actor, kind.actions.recover, vault, name=name) as doing:
        recovered = doing.client_of(kind).recover(name)
    observe.remember_recovery(actor, vault, recovered)


def purge_deleted(actor: Actor, vault: Vault, kind: Kind, name: str) -> None:
    """Delete it permanently."""
    with act(actor, kind.actions.purge, vault, name=name) as doing:
        doing.client_of(kind).purge(name)
    observe.remember_purge(actor, vault, kind, name)
