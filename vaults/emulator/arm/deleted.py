"""Deleted vaults, name availability, and the operations of the provider Microsoft.KeyVault.

Source: Key Vault management REST: Vaults - List Deleted, Get Deleted, Purge Deleted, Check Name Availability; Operations -
List.
"""

import json
from datetime import UTC, datetime
from typing import Any

from vaults.emulator.arm.call import VAULT_TYPE, ArmCall, ArmError, bad_request, paged
from vaults.emulator.arm.changes import in_use
from vaults.emulator.dataplane.routes import ROUTES
from vaults.emulator.state import registry, removal
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire import jwt
from vaults.emulator.wire.http import Headers, Response, json_response

PROVIDER = "Microsoft.KeyVault"
POLL_SECONDS = "5"
NO_DELETED_VAULT = (
    "The specified deleted vault '{name}' does not exist. Ensure that the vault was indeed deleted and that it is in "
    "recoverable state. If soft delete was not enabled then the vault is permanently deleted. Follow this link for "
    "more information: https://go.microsoft.com/fwlink/?linkid=2149745"
)
ACTIONS = (
    "vaults/read",
    "vaults/write",
    "vaults/delete",
    "vaults/accessPolicies/write",
    "deletedVaults/read",
    "locations/deletedVaults/read",
    "locations/deletedVaults/purge/action",
    "locations/operationResults/read",
    "checkNameAvailability/read",
    "checkMhsmNameAvailability/read",
    "managedHSMs/read",
    "vaults/privateLinkResources/read",
    "vaults/privateEndpointConnections/read",
    "operations/read",
)


def list_deleted_vaults(call: ArmCall, subscription: str) -> Response:
    with call.service.store.reading() as db:
        call.require(db, f"{PROVIDER}/deletedVaults/read", f"/subscriptions/{subscription}")
        vaults = [vault for vault in registry.deleted_vaults(db) if vault.subscription == subscription]
    return paged(call, {vault.name: _deleted_vault_body(vault) for vault in vaults})


def get_deleted_vault(call: ArmCall, subscription: str, location: str, name: str) -> Response:
    return json_response(200, _deleted_vault_body(_find(call, "read", subscription, location, name)))


def purge_deleted_vault(call: ArmCall, subscription: str, location: str, name: str) -> Response:
    """Vaults - Purge Deleted: 202 and the address of the operation's result."""
    vault = _find(call, "purge/action", subscription, location, name)
    if vault.purge_protection:
        raise ArmError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    done = call.service.clock() + call.service.settle_seconds
    with call.service.store.writing() as db:
        registry.purge_at(db, vault, done)
        removal.purge_due_vaults(db, call.service.clock())
    operation = jwt.encode(json.dumps({"created": call.now, "done": done}).encode())
    return Response(202, b"", _poll(call, subscription, location, operation))


def get_operation_result(call: ArmCall, subscription: str, location: str, operation: str) -> Response:
    """The result of a purge: 202 until it is done, then 200."""
    with call.service.store.reading() as db:
        call.require(db, f"{PROVIDER}/locations/operationResults/read", f"/subscriptions/{subscription}")
    try:
        times = json.loads(jwt.decode(operation))
        created, done = _timestamp(times["created"]), float(times["done"])
        finished = _timestamp(done)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        raise ArmError(404, "NotFound", "There is no such operation.") from None
    if done > call.service.clock():
        body = {"createdDateTime": created, "status": "NotStarted"}
        return json_response(202, body, _poll(call, subscription, location, operation))
    return json_response(200, {"createdDateTime": created, "lastActionDateTime": finished, "status": "Succeeded"})


def check_name_availability(call: ArmCall, subscription: str) -> Response:
    name = call.body.get("name")
    if not isinstance(name, str) or str(call.body.get("type")).lower() != VAULT_TYPE.lower():
        raise bad_request(f"The request must have a name and the type {VAULT_TYPE}.")
    with call.service.store.reading() as db:
        call.require(db, f"{PROVIDER}/checkNameAvailability/read", f"/subscriptions/{subscription}")
        taken = registry.find_in_any_state(db, name) is not None
    try:
        registry.check_vault_name(name)
    except ValueError as error:
        return json_response(200, _unavailable("AccountNameInvalid", str(error)))
    if taken:
        return json_response(200, _unavailable("AlreadyExists", in_use(call, name)))
    return json_response(200, {"nameAvailable": True})


def list_operations(_call: ArmCall) -> Response:
    """Operations - List: management actions, and the data actions of vaults."""
    data = sorted({f"vaults/{route.data_action}" for route in ROUTES})
    items = [
        {
            "name": f"{PROVIDER}/{action}",
            "display": {"provider": "Microsoft Key Vault", "resource": action.split("/")[0], "operation": action},
            "isDataAction": is_data,
        }
        for actions, is_data in ((ACTIONS, False), (data, True))
        for action in actions
    ]
    return json_response(200, {"value": items})


def _find(call: ArmCall, action: str, subscription: str, location: str, name: str) -> Vault:
    scope = f"/subscriptions/{subscription}/providers/{PROVIDER}/locations/{location}/deletedVaults/{name}"
    with call.service.store.reading() as db:
        call.require(db, f"{PROVIDER}/locations/deletedVaults/{action}", scope)
        vault = registry.find_in_any_state(db, name)
    where = (subscription, location.replace(" ", "").lower())
    if vault is None or vault.deleted_on is None or (vault.subscription, vault.region) != where:
        raise ArmError(404, "DeletedVaultNotFound", NO_DELETED_VAULT.format(name=name))
    return vault


def _deleted_vault_body(vault: Vault) -> dict[str, Any]:
    base = f"/subscriptions/{vault.subscription}/providers/{PROVIDER}/locations/{vault.region}"
    properties: dict[str, Any] = {
        "vaultId": vault.resource_id,
        "location": vault.location,
        "tags": vault.tags,
        "deletionDate": _iso(vault.deleted_on or 0),
        "scheduledPurgeDate": _iso(vault.purge_on or 0),
    }
    if vault.purge_protection:
        properties["purgeProtectionEnabled"] = True
    return {
        "id": f"{base}/deletedVaults/{vault.name_as_written}",
        "name": vault.name_as_written,
        "type": f"{PROVIDER}/deletedVaults",
        "properties": properties,
    }


def _poll(call: ArmCall, subscription: str, location: str, operation: str) -> Headers:
    address = f"https://{call.request.host}/subscriptions/{subscription}/providers/{PROVIDER}/locations/{location}"
    version = call.request.query["api-version"]
    return [
        ("Location", f"{address}/operationResults/{operation}?api-version={version}"),
        ("Retry-After", POLL_SECONDS),
    ]


def _unavailable(reason: str, message: str) -> dict[str, Any]:
    return {"nameAvailable": False, "reason": reason, "message": message}


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _timestamp(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%SZ}"
