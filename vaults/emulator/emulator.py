"""The emulator as a whole: its state, its rules, and the WSGI application that everybody reaches it by."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from vaults.emulator.arm.dispatch import Arm
from vaults.emulator.dataplane.dispatch import DataPlane
from vaults.emulator.entra import refused_signin
from vaults.emulator.entra.issuer import Issuer
from vaults.emulator.entra.tokens import Tokens
from vaults.emulator.faults.faults import Faults
from vaults.emulator.samples.names import (
    ADMIN,
    DEPLOY,
    DEPLOY_PERMISSIONS,
    SUBSCRIPTION_ID,
    TENANT_DOMAIN,
    TENANT_ID,
    VAULT_NAMES,
)
from vaults.emulator.state import directory, keymaterial, policies, registry, roles
from vaults.emulator.state.addresses import Addresses, NamedHosts, Place
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.entries import PURGED
from vaults.emulator.state.objects import Shelf
from vaults.emulator.state.policies import Identity
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.role_definitions import find_role
from vaults.emulator.state.service import Service
from vaults.emulator.state.store import Location, Store
from vaults.emulator.wire import raw_members
from vaults.emulator.wire.http import (
    Exchange,
    ReceivedRequest,
    Request,
    Response,
    json_response,
    phrase,
    read_environ,
    received,
)
from vaults.emulator.wire.kinds import Kind

ARM_PATHS = ("subscriptions", "providers", "tenants", "metadata")
LATELY = 200  # requests that are remembered for whoever looks at the control page


class Emulator(Faults):
    """A local Azure Key Vault with its token issuer and Resource Manager, and the verbs of `Faults` to make it misbehave.

    `certificate_seconds` is how long a self-signed certificate takes, `settle_seconds` how long a deletion, recovery or
    purge needs to take hold; without `has_limits` no vault says that it was asked too often. `new_key` makes keys: tests
    take theirs from a pool.
    """

    def __init__(
        self,
        state: Location,
        *,
        addresses: Addresses | None = None,
        clock: Callable[[], float] = time.time,
        certificate_seconds: float = 8,
        settle_seconds: float = 2,
        has_limits: bool = True,
        new_key: keymaterial.NewKey = keymaterial.fresh_key,
    ) -> None:
        super().__init__()
        self.store = Store(state)
        self.clock = Clock(clock, float(self.store.setting("clock ahead") or 0))
        self.addresses = addresses or NamedHosts()
        self.recording = False
        self.requests: list[ReceivedRequest] = []
        self.lately: deque[Exchange] = deque(maxlen=LATELY)
        self.control: Callable[[Request], Response] | None = None
        self.tokens = Tokens(self.store, new_key)
        self.service = Service(self.store, self.clock, new_key, settle_seconds, certificate_seconds, has_limits)
        self._issuer = Issuer(self.store, self.tokens, self.clock)
        self.vaults_changed: Callable[[], None] = lambda: None
        self._arm = Arm(self.service, self.tokens, self.addresses, lambda: self.vaults_changed())
        self._data_plane = DataPlane(self.service, self.tokens)

    @classmethod
    def for_tests(cls, **options: Any) -> "Emulator":
        """In memory, with a tenant, ADMIN (every permission), DEPLOY (few) and three empty vaults.

        Deletions take hold at once, keys come from a pool, vaults may be asked as often as one likes, requests are
        recorded.
        """
        options.setdefault("settle_seconds", 0)
        options.setdefault("has_limits", False)
        options.setdefault("new_key", keymaterial.pooled_key)
        emulator = cls(":memory:", **options)
        emulator.recording = True
        emulator.add_tenant(TENANT_ID, TENANT_DOMAIN)
        for each in (ADMIN, DEPLOY):
            emulator.add_principal(Principal(each.client_id, TENANT_ID, each.object_id, each.name))
            emulator.add_client_secret(each.client_id, each.client_secret)
        for name in VAULT_NAMES:
            emulator.add_vault(name)
            emulator.set_permissions(name, ADMIN.object_id, policies.EVERYTHING)
        emulator.set_permissions(VAULT_NAMES[0], DEPLOY.object_id, DEPLOY_PERMISSIONS)
        emulator.assign_role("Owner", principal=ADMIN.name)
        return emulator

    # What there is

    def add_tenant(self, tenant: str, domain: str) -> None:
        with self.store.writing() as db:
            directory.add_tenant(db, tenant, domain)

    def add_principal(self, principal: Principal) -> None:
        with self.store.writing() as db:
            directory.add_principal(db, principal)

    def add_client_secret(self, client_id: str, secret: str, *, days: float = 365) -> None:
        """Let an application sign in with one more secret, good for some days; a negative number makes an expired one."""
        with self.store.writing() as db:
            directory.add_secret(db, client_id, secret, int(self.clock() + days * 86400))

    def add_vault(self, name: str, *, tenant: str = TENANT_ID, **settings: Any) -> Vault:
        """Create an empty vault; `settings` as in `registry.add_vault`."""
        settings.setdefault("subscription", SUBSCRIPTION_ID)
        with self.store.writing() as db:
            return registry.add_vault(db, name, tenant, created=int(self.clock()), **settings)

    def vault(self, name: str) -> Vault:
        """A vault by name. Raises LookupError."""
        with self.store.reading() as db:
            vault = registry.find_vault(db, name)
        if vault is None:
            raise LookupError(f"There is no vault {name}.")
        return vault

    def principal(self, identifier: str) -> Principal:
        """A service principal by name, client id or object id. Raises LookupError."""
        with self.store.reading() as db:
            principal = directory.find_principal(db, identifier)
        if principal is None:
            raise LookupError(f"There is no service principal {identifier}.")
        return principal

    def vault_url(self, name: str) -> str:
        return f"https://{self.addresses.vault_host(self.vault(name))}"

    # What is in them

    def hold(self, vault: str, kind: Kind, name: str, path: str, value: Any) -> None:
        """Have the newest version of an object shown with a raw value at a path such as "attributes.exp"."""
        with self.store.writing() as db:
            shelf = Shelf(db, self.vault(vault).id, kind, self.clock())
            entry = shelf.entry(name)
            if entry is None or entry.state == PURGED:
                raise LookupError(f"There is no {kind.collection.removesuffix('s')} {name} in {vault}.")
            version = shelf.version(entry)
            raw_members.hold(version.data, path, value)
            shelf.write(entry.name, version)

    # Who may do what

    def set_permissions(self, vault: str, object_id: str, permissions: Mapping[str, Iterable[str]]) -> None:
        """Replace a principal's own entry among the access policies."""
        with self.store.writing() as db:
            found = registry.find_vault(db, vault)
            if found is None:
                raise LookupError(f"There is no vault {vault}.")
            policies.set_permissions(db, found, Identity(object_id), permissions)

    def grant(self, *permissions: str, principal: str, vault: str | None = None) -> None:
        """Add permissions such as "secrets/purge" to a principal's access policy, in one vault or in all."""
        self._change(permissions, principal, vault, lambda granted, name: [*granted, name])

    def deny(self, *permissions: str, principal: str = ADMIN.name, vault: str | None = None) -> None:
        """Take permissions away, in one vault or in all."""
        self._change(permissions, principal, vault, lambda granted, _name: granted)

    def assign_role(self, role: str, *, principal: str, vault: str | None = None) -> None:
        """Give a principal an Azure role, by name or id, on one vault or on the whole subscription."""
        found = find_role(role)
        if found is None:
            raise LookupError(f"There is no role {role}.")
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
                raise LookupError(f"There is no vault {vault}.")
            for each in chosen:
                policy = policies.permissions_of(db, each, identity)
                for permission in permissions:
                    collection, name = policies.parse_permission(permission)
                    rest = [had for had in policy.get(collection, []) if had.lower() != name.lower()]
                    policy[collection] = change(rest, name)
                policies.set_permissions(db, each, identity, policy)

    # Time

    def move_clock(self, seconds: float | None) -> None:
        """Push the time forward, for good: it outlives a restart. None goes back to the real time."""
        if seconds is None:
            self.clock.ahead = 0.0
        else:
            self.clock.advance(seconds)
        self.store.set_setting("clock ahead", repr(self.clock.ahead).encode())

    # Trouble of the issuer alone

    def refuse_sign_in(self, number: int, times: int = 1, *, text: str = "", retry_after: str | None = None) -> None:
        """Answer token requests with this AADSTS number; `text` in place of its usual one (`refused_signin`)."""
        self.interfere(
            refused_signin.refuse(number, text, retry_after, self.clock),
            times,
            what=f"sign-in refused with AADSTS{number}",
            method="POST",
            path=refused_signin.ENDPOINT,
            host=self.addresses.issuer_host,
        )

    # Requests

    def answer(self, request: Request) -> Response:
        """Have one request answered. Raises ConnectionLostError where trouble was asked for."""
        if self.recording:
            self.requests.append(received(request))
        host = request.host
        place = self.store.remembered(("place", host), lambda db: self.addresses.find(db, host))
        if place is None:
            return json_response(404, {"error": {"code": "NotFound", "message": "This host is not served here."}})
        if self.control is not None and place.vault is None and request.segments[:1] == ["control"]:
            return self.control(request)
        exchange = Exchange(self.clock(), request.method, request.host, request.path)
        self.lately.append(exchange)
        vault_host = self.addresses.vault_host(place.vault) if place.vault else None
        response = self.with_trouble(request, lambda: self._answer(place, request), vault_host)
        exchange.status = response.status
        if request.method == "HEAD":
            response.body = b""  # HTTP: such an answer has none, and no vault has such an operation
        return response

    def _answer(self, place: Place, request: Request) -> Response:
        if place.vault is not None:
            return self._data_plane.answer(place.vault, place, request)
        first = request.segments[0].lower() if request.segments else ""
        if first in ARM_PATHS:
            return self._arm.answer(place, request)
        return self._issuer.answer(request)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application; rooms are told apart by the Host header."""
        request = read_environ(environ)
        response = _too_large() if request is None else self.answer(request)
        if response.delay:
            self.hold_back(response.delay)
        if isinstance(response.body, bytes) and not any(name == "Content-Length" for name, _ in response.headers):
            response.headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {phrase(response.status)}", response.headers)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def close(self) -> None:
        self.store.close()


def _too_large() -> Response:
    message = "The request body is larger than any that a vault takes."
    return json_response(413, {"error": {"code": "RequestEntityTooLarge", "message": message}})
