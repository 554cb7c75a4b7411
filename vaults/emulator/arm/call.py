"""Calls of Azure Resource Manager: authentication, authorization, errors and pages.

Source: Azure Resource Manager REST: Subscriptions, Vaults, Access Policies, Deleted Vaults, Permissions, Role
Definitions, Role Assignments. Resource groups are only names in a path: they are not stored.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from vaults.emulator.entra.tokens import ARM_AUDIENCES, Caller, RefusedError, Tokens
from vaults.emulator.state import registry, roles
from vaults.emulator.state.addresses import Addresses
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.service import Service
from vaults.emulator.wire import jwt
from vaults.emulator.wire.http import NotJsonError, Request, Response, json_response

VAULT_TYPE = "Microsoft.KeyVault/vaults"
PAGE = 15  # items of a list, as recorded for deleted vaults


class ArmError(Exception):
    """An error response of Resource Manager."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}


@dataclass(slots=True)
class ArmCall:
    """A request of an authenticated caller. `vaults_changed` tells the server that a vault was added or removed."""

    service: Service
    addresses: Addresses
    vaults_changed: Callable[[], None]
    caller: Caller
    now: int
    request: Request
    body: dict[str, Any] = field(repr=False)

    @contextmanager
    def vault(
        self, action: str, subscription: str, group: str, name: str
    ) -> Iterator[tuple[sqlite3.Connection, Vault]]:
        """The vault of a path, inside a transaction, if the caller is allowed the action. Raises 403 and 404."""
        with self.service.store.writing() as db:
            scope = vault_scope(subscription, group, name)
            self.require(db, action, scope)
            vault = registry.find_vault(db, name)
            if vault is None or vault.resource_id.lower() != scope.lower():
                raise not_found(f"Microsoft.KeyVault/vaults/{name}", group)
            yield db, vault

    def require(self, db: sqlite3.Connection, action: str, scope: str) -> None:
        """Raise 403 unless a role of the caller allows an action at a scope."""
        if not roles.allows(db, self.caller.object_id, action, scope):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{self.caller.app_id}' with object id '{self.caller.object_id}' does not have "
                f"authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. "
                "If access was recently granted, please refresh your credentials.",
            )


def group_scope(subscription: str, group: str) -> str:
    """A subscription, or a resource group in it."""
    return f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")


def vault_scope(subscription: str, group: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"


def not_found(resource: str, group: str) -> ArmError:
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{resource}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def bad_request(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)


def paged(call: ArmCall, items: dict[str, dict[str, Any]]) -> Response:
    """One page of a list. The keys of `items` determine the order.

    As recorded, each page with items has a nextLink, even if nothing follows; the last page is empty.
    """
    try:
        after = jwt.decode(call.request.query.get("$skiptoken", "")).decode()
        top = int(call.request.query.get("$top", PAGE))
    except ValueError:
        raise bad_request("The $skiptoken or $top of the request cannot be read.") from None
    keys = sorted(key for key in items if key > after)[: max(1, min(top, PAGE))]
    answer: dict[str, Any] = {"value": [items[key] for key in keys]}
    if keys:
        kept = f"&$top={top}" if "$top" in call.request.query else ""
        token = jwt.encode(keys[-1].encode())
        address = f"https://{call.request.host}{quote(call.request.path)}"
        answer["nextLink"] = f"{address}?api-version={call.request.query['api-version']}&$skiptoken={token}{kept}"
    return json_response(200, answer)


def authenticate(tokens: Tokens, clock: Clock, request: Request) -> Caller:
    """The caller. Raises 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ArmError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing or invalid.",
        )
    try:
        return tokens.check(token.strip(), ARM_AUDIENCES, None, clock())
    except RefusedError as refused:
        raise ArmError(401, "InvalidAuthenticationToken", refused.message) from None


def check(request: Request) -> dict[str, Any]:
    """The body of a request that names its API version. Raises 400."""
    required_api_version(request)
    try:
        return request.json()
    except NotJsonError:
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be read.") from None


def required_api_version(request: Request) -> str:
    """The API version that a request names. Raises 400."""
    version = request.query.get("api-version")
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return version


def common_headers() -> list[tuple[str, str]]:
    return [
        ("Cache-Control", "no-cache"),
        ("x-ms-ratelimit-remaining-subscription-reads", "11999"),
        ("x-ms-request-id", str(uuid4())),
        ("X-Content-Type-Options", "nosniff"),
    ]
