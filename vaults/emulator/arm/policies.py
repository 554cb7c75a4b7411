"""Access policies. Source: Key Vault management REST, Vaults - Update Access Policy."""

import re
from typing import Any

from vaults.emulator.arm.call import VAULT_TYPE, ArmCall, ArmError, bad_request
from vaults.emulator.state import policies
from vaults.emulator.state.policies import PERMISSIONS, Identity, Permissions
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire.http import Response, json_response

WRITE_POLICIES = "Microsoft.KeyVault/vaults/accessPolicies/write"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
MOST = 1024  # access policies that a vault may have


def update_access_policies(call: ArmCall, subscription: str, group: str, name: str, kind: str) -> Response:
    """Vaults - Update Access Policy, for the principals named: `add` merges, `replace` sets, `remove` removes.

    As recorded, the response has the resulting entries of those principals.
    """
    with call.vault(WRITE_POLICIES, subscription, group, name) as (db, vault):
        entries = read_entries(call.body.get("properties"), vault)
        results: dict[Identity, Permissions] = {}
        for identity, requested in entries.items():
            present = policies.permissions_of(db, vault, identity)
            results[identity] = _changed(kind, present, requested)
            policies.set_permissions(db, vault, identity, results[identity])
    answer = {
        "id": f"{vault.resource_id}/accessPolicies/",
        "type": f"{VAULT_TYPE}/accessPolicies",
        "properties": {"accessPolicies": [entry(vault, *result) for result in results.items()]},
    }
    return json_response(200, answer)


def _changed(kind: str, present: Permissions, requested: Permissions) -> Permissions:
    match kind.lower():
        case "add":
            return {name: _united(present.get(name, []), requested.get(name, [])) for name in present | requested}
        case "replace":
            return requested
        case "remove":
            return {name: _without(had, requested.get(name, [])) for name, had in present.items()}
    raise bad_request(f"There is no operation '{kind}' on access policies.")


def _united(present: list[str], requested: list[str]) -> list[str]:
    return [*present, *_without(requested, present)]


def _without(names: list[str], removed: list[str]) -> list[str]:
    lowered = {name.lower() for name in removed}
    return [name for name in names if name.lower() not in lowered]


def read_entries(properties: Any, vault: Vault) -> dict[Identity, Permissions]:
    """The access policies of a request. Raises 400 for invalid ones."""
    entries = {}
    try:
        for requested in properties["accessPolicies"]:
            if requested["tenantId"].lower() != vault.tenant:
                raise bad_request("An access policy must name the tenant of the vault.")
            permissions = {name.lower(): list(names or []) for name, names in requested["permissions"].items()}
            for collection, names in permissions.items():
                _check_permissions(collection, names)
            application = requested.get("applicationId")
            if not all(GUID.fullmatch(each) for each in (requested["objectId"], application or requested["objectId"])):
                raise _invalid()
            identity = Identity(requested["objectId"].lower(), "" if application is None else application.lower())
            entries[identity] = permissions
    except (KeyError, TypeError, AttributeError):
        raise _invalid() from None
    if len(entries) > MOST:
        raise bad_request(f"A vault has at most {MOST} access policies.")
    return entries


def entry(vault: Vault, identity: Identity, permissions: Permissions) -> dict[str, Any]:
    """One access policy in the format of Resource Manager."""
    application = {"applicationId": identity.application_id} if identity.application_id else {}
    return {"tenantId": vault.tenant, "objectId": identity.object_id, **application, "permissions": permissions}


def _invalid() -> ArmError:
    """The error for any invalid entry; its text is quoted in public reports."""
    return bad_request("An invalid value was provided for 'accessPolicies'.")


def _check_permissions(collection: str, requested: list[str]) -> None:
    if not all(isinstance(name, str) for name in requested):
        raise _invalid()
    known = {name.lower() for name in (*PERMISSIONS.get(collection, ()), "all")}
    unknown = [name for name in requested if collection != "storage" and name.lower() not in known]
    if unknown:
        raise _invalid()
