"""Keys: who may, do it, record it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vaults import access, audit, clients, index
from vaults.actions.changes import (
    NameTaken,
    changing,
    differences,
    look_up_lost,
    refuse_if_changed,
    version_opened_on,
)
from vaults.keyvault.client import VaultClient
from vaults.keyvault.errors import Forbidden, KeyVaultError, NotFound
from vaults.keyvault.paging import Page
from vaults.keyvault.parallel import gather
from vaults.keyvault.types import DeletedKey, Key, KeyProperties
from vaults.models import User, Vault
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class KeyContent:
    """What a person chose for a new key; None and empty are left out of the request."""

    kty: str
    key_size: int | None = None
    crv: str | None = None
    key_ops: Sequence[str] | None = None
    enabled: bool | None = None
    not_before: datetime | None = None
    expires_on: datetime | None = None
    tags: Mapping[str, str] | None = None

    def made(self, version: KeyProperties) -> bool:
        """Could this version be the one that this content made?"""
        return (
            dict(version.tags) == dict(self.tags or {})
            and version.expires_on == self.expires_on
            and version.not_before == self.not_before
        )


def list_keys(actor: User, vault: Vault, page_token: str | None = None) -> Page[KeyProperties]:
    """One page of 25, as Azure gives it. (A list names no key type: that takes a call for each key.)"""
    with audit.recording(actor, Action.KEY_LIST, vault.team, vault=vault) as event:
        access.require(actor, Action.KEY_LIST, vault.team)
        page = clients.for_vault(vault, event).keys.list_page(page_token)
        event.detail["count"] = len(page.items)
    return page


def read_key(actor: User, vault: Vault, name: str, version: str = "") -> tuple[Key, Sequence[KeyProperties]]:
    """The public part of a key's version, and all versions, newest first: two calls side by side."""
    with audit.recording(actor, Action.KEY_READ, vault.team, vault=vault, name=name, version=version) as event:
        access.require(actor, Action.KEY_READ, vault.team)
        client = clients.for_vault(vault, event)
        key, versions = gather(lambda: client.keys.get(name, version), lambda: client.keys.versions(name))
        return key, versions


def create_key(actor: User, vault: Vault, name: str, content: KeyContent) -> KeyProperties:
    """Raises NameTaken where the name is in use; Conflict where a deleted key holds it."""
    with changing(actor, Action.KEY_CREATE, vault, name) as event:
        access.require(actor, Action.KEY_CREATE, vault.team)
        client = clients.for_vault(vault, event)
        if _exists(client, name):
            raise NameTaken
        made = _create(client, event, name, content, ())
    index.remember(vault, made)
    return made


def new_version_of_key(actor: User, vault: Vault, name: str, content: KeyContent, opened_on: str) -> KeyProperties:
    """Raises ChangedMeanwhile where another version came first."""
    with changing(actor, Action.KEY_NEW_VERSION, vault, name) as event:
        access.require(actor, Action.KEY_NEW_VERSION, vault.team)
        client = clients.for_vault(vault, event)
        versions = client.keys.versions(name)
        if not versions:
            raise NotFound(f"The vault lists no version of {name}.", status=404)
        refuse_if_changed(versions[0], opened_on)
        made = _create(client, event, name, content, versions)
    index.remember(vault, made)
    return made


def update_key(
    actor: User, vault: Vault, name: str, wanted: Mapping[str, Any], key_ops: Sequence[str], opened_on: str
) -> None:
    """Bring one version's attributes, tags and permitted operations to what is wanted; only what differs is sent."""
    version = opened_on.partition(".")[0]
    with changing(actor, Action.KEY_UPDATE, vault, name, version=version) as event:
        access.require(actor, Action.KEY_UPDATE, vault.team)
        client = clients.for_vault(vault, event)
        key, versions = gather(lambda: client.keys.get(name, version), lambda: client.keys.versions(name))
        changes = differences(version_opened_on(versions, opened_on), wanted)
        if set(key_ops) != set(key.key_ops):
            changes["key_ops"] = list(key_ops)
        event.detail["attributes"] = sorted(changes)
        updated = client.keys.update(name, version, **changes).properties if changes else None
    if updated and version == versions[0].version:
        index.remember(vault, updated)


def delete_key(actor: User, vault: Vault, name: str) -> DeletedKey:
    """Soft-delete every version."""
    with audit.recording(actor, Action.KEY_DELETE, vault.team, vault=vault, name=name) as event:
        access.require(actor, Action.KEY_DELETE, vault.team)
        deleted = clients.for_vault(vault, event).keys.delete(name)
    index.remember(vault, deleted)
    return deleted


def _exists(client: VaultClient, name: str) -> bool:
    """Best effort: a service principal that may create but not list is not kept from creating."""
    try:
        return bool(client.keys.versions(name))
    except (Forbidden, NotFound):
        return False


def _create(
    client: VaultClient,
    event: audit.Event,
    name: str,
    content: KeyContent,
    before: Sequence[KeyProperties],
) -> KeyProperties:
    try:
        made = client.keys.create(
            name,
            kty=content.kty,
            key_size=content.key_size,
            crv=content.crv,
            key_ops=content.key_ops or None,
            enabled=content.enabled,
            not_before=content.not_before,
            expires_on=content.expires_on,
            tags=content.tags or None,
        ).properties
    except KeyVaultError as lost:
        made = look_up_lost(lost, event, lambda: client.keys.versions(name), before, content.made)
    event.version = made.version
    return made
