"""The emulator: its faces put together as one WSGI application."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from vaults.emulator.administration import CLOCK_AHEAD, Administration
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
    TENANT_DOMAIN,
    TENANT_ID,
    VAULT_NAMES,
)
from vaults.emulator.state import keymaterial, policies
from vaults.emulator.state.addresses import Addresses, NamedHosts, Place
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.service import Service
from vaults.emulator.state.store import Location, Store
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

ARM_PATHS = ("subscriptions", "providers", "tenants", "metadata")
MOST_RECENT = 200  # requests that the control page shows


class Emulator(Administration, Faults):
    """A local Azure Key Vault with its token issuer and Resource Manager, and the methods of `Faults` to make it fail.

    `certificate_seconds` is how long a self-signed certificate takes, `settle_seconds` how long a deletion, recovery or
    purge takes to settle; without `has_limits` no vault answers 429. `new_key` generates keys: tests use a pool.
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
        store = Store(state)
        Administration.__init__(
            self, store, Clock(clock, float(store.setting(CLOCK_AHEAD) or 0)), addresses or NamedHosts()
        )
        Faults.__init__(self)
        self.recording = False
        self.requests: list[ReceivedRequest] = []
        self.recent: deque[Exchange] = deque(maxlen=MOST_RECENT)
        self.control: Callable[[Request], Response] | None = None
        self.tokens = Tokens(self.store, new_key)
        self.service = Service(self.store, self.clock, new_key, settle_seconds, certificate_seconds, has_limits)
        self._issuer = Issuer(self.store, self.tokens, self.clock)
        self.vaults_changed: Callable[[], None] = lambda: None
        self._arm = Arm(self.service, self.tokens, self.addresses, lambda: self.vaults_changed())
        self._data_plane = DataPlane(self.service, self.tokens)

    @classmethod
    def for_tests(cls, **options: Any) -> "Emulator":
        """An emulator in memory with a tenant, ADMIN (all permissions), DEPLOY (few) and three empty vaults.

        Deletions settle at once, keys come from a pool, there are no limits, requests are recorded.
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

    def answer(self, request: Request) -> Response:
        """Handle one request. Raises ConnectionLostError if a fault closes the connection."""
        if self.recording:
            self.requests.append(received(request))
        host = request.host
        place = self.store.remembered(("place", host), lambda db: self.addresses.find(db, host))
        if place is None:
            return json_response(404, {"error": {"code": "NotFound", "message": "This host is not served here."}})
        if self.control is not None and place.vault is None and request.segments[:1] == ["control"]:
            return self.control(request)
        exchange = Exchange(self.clock(), request.method, request.host, request.path)
        self.recent.append(exchange)
        vault_host = self.addresses.vault_host(place.vault) if place.vault else None
        response = self.apply_faults(request, lambda: self._answer(place, request), vault_host)
        exchange.status = response.status
        if request.method == "HEAD":
            response.body = b""  # a response to HEAD has no body
        return response

    def _answer(self, place: Place, request: Request) -> Response:
        if place.vault is not None:
            return self._data_plane.answer(place.vault, place, request)
        first = request.segments[0].lower() if request.segments else ""
        if first in ARM_PATHS:
            return self._arm.answer(place, request)
        return self._issuer.answer(request)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application; the Host header and the path choose the face."""
        request = read_environ(environ)
        response = _too_large() if request is None else self.answer(request)
        if response.delay:
            self.delay_response(response.delay)
        if isinstance(response.body, bytes) and not any(name == "Content-Length" for name, _ in response.headers):
            response.headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {phrase(response.status)}", response.headers)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def close(self) -> None:
        self.store.close()


def _too_large() -> Response:
    message = "The request body is larger than any that a vault takes."
    return json_response(413, {"error": {"code": "RequestEntityTooLarge", "message": message}})
