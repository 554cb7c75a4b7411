"""The checks of a request to a vault: token, network, API version, route, permission, body, limits, in this order.

Source: Key Vault REST: "Authentication, requests and responses".
"""

import re
import sqlite3
from typing import Any
from uuid import uuid4

from vaults.emulator.dataplane import access, network, pending, renewal, rotation
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.limits import Limits
from vaults.emulator.dataplane.route import Route
from vaults.emulator.dataplane.routes import ROUTER
from vaults.emulator.dataplane.versions import API_VERSIONS, reaches, stable
from vaults.emulator.entra.tokens import VAULT_RESOURCE, Caller, RefusedError, Tokens
from vaults.emulator.state import objects, operations
from vaults.emulator.state.addresses import Place
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.service import Service
from vaults.emulator.wire import rules
from vaults.emulator.wire.errors import VaultError, bad_parameter, unauthorized
from vaults.emulator.wire.http import Headers, NotJsonError, Request, Response, json_response


class DataPlane:
    """The data plane of all vaults of an emulator."""

    def __init__(self, service: Service, tokens: Tokens) -> None:
        self._service = service
        self._tokens = tokens
        self._limits = Limits()

    def answer(self, vault: Vault, place: Place, request: Request) -> Response:
        try:
            response = self._operate(vault, place, request)
        except VaultError as error:
            response = json_response(error.status, error.body(), error.headers)
        response.headers.extend(_common_headers(vault, request))
        return response

    def _operate(self, vault: Vault, place: Place, request: Request) -> Response:
        caller = self._authenticate(vault, place, request)
        network.check(vault, caller, request.client)
        api_version = _api_version(request)
        route, params = _route(request, api_version)
        for check, name in ((rules.check_name, "name"), (rules.check_version, "version")):
            if name in params:
                check(params[name])
        assignment = access.require(self._service.store, vault, caller, route, "/".join(request.segments))
        body = _body(request)
        call = Call(
            self._service,
            vault,
            caller,
            f"https://{request.host.removesuffix(':443')}",
            f"https://{place.link_host}",
            api_version,
            int(self._service.clock()),
            request.query,
            params,
            body,
            re.split("[,;]", request.headers.get("accept", ""), maxsplit=1)[0].strip().lower(),
        )
        if self._service.has_limits:
            self._limits.spend(call, route)
        self._apply_due(call)
        response = route.operation(call)
        if assignment is not None:
            response.headers.append(("x-ms-keyvault-rbac-assignment-id", assignment))
        return response

    def _authenticate(self, vault: Vault, place: Place, request: Request) -> Caller:
        """The caller. Raises the 401 with the challenge, before anything else is checked."""
        challenge = f'Bearer authorization="{place.issuer}/{vault.tenant}", resource="{VAULT_RESOURCE}"'
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized("AKV10000: Request is missing a Bearer or PoP token.", challenge)
        try:
            return self._tokens.check(token.strip(), (VAULT_RESOURCE,), vault.tenant, self._service.clock())
        except RefusedError as refused:
            raise unauthorized(refused.message, challenge) from None

    def _apply_due(self, call: Call) -> None:
        """Apply what is due: purges, completed operations, and rotation or renewal of the object in the path."""
        now, store, vault = self._service.clock(), self._service.store, call.vault.id
        due = store.remembered(("due", vault), lambda db: _next_due(db, vault))
        if due is not None and due <= now:
            with store.writing() as db:
                objects.purge_due(db, vault, now)
                pending.complete_due(call, db)
        name = call.params.get("name", "").lower()
        if name and store.remembered(("acting", vault, name), lambda db: objects.may_have_policy(db, vault, name)):
            rotation.rotate_due(call)
            renewal.renew_due(call)


def _next_due(db: sqlite3.Connection, vault: int) -> float | None:
    """When the next purge or the end of an operation is due in a vault."""
    moments = (objects.next_purge(db, vault), operations.next_completion(db, vault))
    return min((moment for moment in moments if moment is not None), default=None)


def _body(request: Request) -> dict[str, Any]:
    """The body; that of GET and DELETE is ignored."""
    if request.method in ("GET", "DELETE"):
        return {}
    try:
        return request.json()
    except NotJsonError:
        raise bad_parameter("The request body is not a valid JSON object.") from None


def _api_version(request: Request) -> str:
    version = request.query.get("api-version")
    if not version:
        raise bad_parameter("api-version must be specified")
    try:
        stable(version)
    except LookupError:
        raise bad_parameter(
            f"The specified version ({version}) is not recognized. Consider using the latest supported "
            f"version ({API_VERSIONS[-1]})."
        ) from None
    return version


def _route(request: Request, api_version: str) -> tuple[Route, dict[str, str]]:
    found = ROUTER.find(request.method, request.segments)
    if found is not None and reaches(api_version, found[0].since):
        return found
    if request.method == "POST" and len(request.segments) == 2 and request.segments[0].lower() == "keys":
        raise bad_parameter("Operation not specified")
    if ROUTER.has_path(request.segments):
        raise VaultError(405, "MethodNotAllowed", f"HTTP {request.method} not allowed")
    raise VaultError(404, "NotFound", f"There is no operation at the path {request.path}.")


def _common_headers(vault: Vault, request: Request) -> Headers:
    headers = [
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Expires", "-1"),
        ("x-ms-keyvault-region", vault.region),
        ("x-ms-request-id", str(uuid4())),
        ("x-ms-keyvault-service-version", "1.9.395.1"),
        ("x-ms-keyvault-network-info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"),
        ("X-Content-Type-Options", "nosniff"),
        ("Strict-Transport-Security", "max-age=31536000;includeSubDomains"),
    ]
    client_id = request.headers.get("x-ms-client-request-id")
    if client_id and len(client_id) <= 100 and client_id.isprintable():
        headers.append(("x-ms-client-request-id", client_id))
    return headers
