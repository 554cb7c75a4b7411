"""Administration of an emulator: tenants, service principals, vaults, permissions, and its clock."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from vaults.emulator.samples.names import ADMIN, SUBSCRIPTION_ID, TENANT_ID
from vaults.emulator.state import directory, policies, registry, roles
from vaults.emulator.state.addresses import Addresses
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.entries import PURGED
from vaults.emulator.state.objects import ObjectTable
from vaults.emulator.state.policies import Identity
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.role_definitions import find_role
from vaults.emulator.state.store import Store
from vaults.emulator.state.unknown import UnknownNameError
from vaults.emulator.wire import raw_members
from vaults.emulator.wire.kinds import Kind

CLOCK_AHEAD = "clock ahead"  # name of the setting


class Administration:
    """Methods that change the state of an emulator, without a request."""

    def __init__(self, store: Store, clock: Clock, addresses: Addresses) -> None:
        self.store = store
        self.clock = clock
        self.addresses = addresses

    def add_tenant(self, tenant: str, domain: str) -> None:
        with self.store.writing() as db:
            directory.add_tenant(db, tenant, domain)

    def add_principal(self, principal: Principal) -> None:
        with self.store.writing() as db:
            directory.add_principal(db, principal)

    def add_client_secret(self, client_id: str, secret: str, *, days: float = 365) -> None:
        """Add a client secret that is valid for some days; a negative number makes an expired one."""
        with self.store.writing() as db:
            directory.add_secret(db, client_id, secret, int(self.clock() + days * 86400))

    def add_vault(self, name: str, *, tenant: str = TENANT_ID, **settings: Any) -> Vault:
        """Create an empty vault; `settings` as in `registry.add_vault`."""
        settings.setdefault("subscription", SUBSCRIPTION_ID)
        with self.store.writing() as db:
            return registry.add_vault(db, name, tenant, created=int(self.clock()), **settings)

    def vault(self, name: str) -> Vault:
        """A vault by name. Raises UnknownNameError."""
        with self.store.reading() as db:
            vault = registry.find_vault(db, name)
        if vault is None:
            raise UnknownNameError(f"There is no vault {name}.")
        return vault

    def principal(self, identifier: str) -> Principal:
        """A service principal by name, client id or object id. Raises UnknownNameError."""
        with self.store.reading() as db:
            principal = directory.find_principal(db, identifier)
        if principal is None:
            raise UnknownNameError(f"There is no service principal {identifier}.")
        return principal

    def vault_url(self, name: str) -> str:
        return f"https://{self.addresses.vault_host(self.vault(name))}"

    def hold(self, vault: str, kind: Kind, name: str, path: str, value: Any) -> None:
        """Keep a raw value in the newest version of an object, at a path such as "attributes.exp" (`raw_members`)."""
        with self.store.writing() as db:
            table = ObjectTable(db, self.vault(vault).id, kind, self.clock())
            entry = table.entry(name)
            if entry is None or entry.state == PURGED:
                raise UnknownNameError(f"There is no {kind.noun} {name} in {vault}.")
            version = table.version(entry)
            raw_members.hold(version.data, path, value)
            table.write(entry.name, version)

    def set_permissions(self, vault: str, object_id: str, permissions: Mapping[str, Iterable[str]]) -> None:
        """Replace the access policy of a principal."""
        with self.store.writing() as db:
            found = registry.find_vault(db, vault)
            if found is None:
                raise UnknownNameError(f"There is no vault {vault}.")
            policies.set_permissions(db, found, Identity(object_id), permissions)

    def grant(self, *permissions: str, principal: str, vault: str | None = None) -> None:
        """Add permissions such as "secrets/purge" to a principal's access policy, in one vault or in all."""
        self._change(permissions, principal, vault, lambda granted, name: [*granted, name])

    def deny(self, *permissions: str, principal: str = ADMIN.name, vault: str | None = None) -> None:
        """Remove permissions from a principal's access policy, in one vault or in all."""
        self._change(permissions, principal, vault, lambda granted, _name: granted)

    def assign_role(self, role: str, *, principal: str, vault: str | None = None) -> None:
        """Give a principal an Azure role, by name or id, on one vault or on the whole subscription."""
        found = find_role(role)
        if found is None:
            raise UnknownNameError(f"There is no role {role}.")
        object_id = self.principal(principal).object_id
        with self.store.writing() as db:
            for each in registry.all_vaults(db):
                if vault is None:
                    scope = f"/subscriptions/{each.subscription}"
                elif each.name == vault.lower():
                    scope = each.resource_id
                else:
                    continue
                if not any(held == found for held in roles.roles_at(db, object_id, scope)):
                    roles.assign(db, str(uuid4()), object_id, found, scope)

    def _change(
        self,
        permissions: Iterable[str],
        principal: str,
        vault: str | None,
        change: Callable[[list[str], str], list[str]],
    ) -> None:
        identity = Identity(self.principal(principal).object_id)
        with self.store.writing() as db:
            chosen = [each for each in registry.all_vaults(db) if vault is None or each.name == vault.lower()]
            if not chosen:
                raise UnknownNameError(f"There is no vault {vault}.")
            for each in chosen:
                policy = policies.permissions_of(db, each, identity)
                for permission in permissions:
                    collection, name = policies.parse_permission(permission)
                    rest = [had for had in policy.get(collection, []) if had.lower() != name.lower()]
                    policy[collection] = change(rest, name)
                policies.set_permissions(db, each, identity, policy)

    def move_clock(self, seconds: float | None) -> None:
        """Move the clock forward; a restart keeps it. None: back to the real time."""
        if seconds is None:
            self.clock.ahead = 0.0
        else:
            self.clock.advance(seconds)
        self.store.set_setting(CLOCK_AHEAD, repr(self.clock.ahead).encode())
