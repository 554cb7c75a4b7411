"""Removal of a vault, a service principal or a tenant from all tables."""

import sqlite3

from vaults.emulator.state import directory, issuers, objects, operations, people, policies, registry, roles, settings
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.registry import Vault


def purge_vault(db: sqlite3.Connection, vault: Vault) -> None:
    """Remove a vault and everything in it; its name and port are free again."""
    policies.remove_vault(db, vault.id)
    objects.remove_vault(db, vault.id)
    operations.remove_vault(db, vault.id)
    issuers.remove_vault(db, vault.id)
    settings.remove_authorities(db, vault.id)
    roles.remove_scope(db, vault.resource_id)
    registry.remove(db, vault)


def purge_due_vaults(db: sqlite3.Connection, now: float) -> None:
    """Remove the deleted vaults whose retention has ended."""
    for vault in registry.deleted_vaults(db):
        if vault.purge_on is not None and vault.purge_on <= now:
            purge_vault(db, vault)


def remove_principal(db: sqlite3.Connection, principal: Principal) -> None:
    """Remove a service principal, its credentials, redirect URIs, access policies and roles."""
    directory.remove_principal(db, principal.client_id)
    people.remove_redirect_uris(db, principal.client_id)
    policies.remove_principal(db, principal)
    roles.remove_principal(db, principal.object_id)


def remove_tenant(db: sqlite3.Connection, tenant: str) -> None:
    """Remove a tenant with its service principals and people; its vaults must have been purged before."""
    for principal in directory.all_principals(db):
        if principal.tenant == tenant:
            remove_principal(db, principal)
    people.remove_people(db, tenant)
    directory.remove_tenant(db, tenant)
