"""Resource Manager's view of vaults: lists, properties, access policies.

Key Vault management REST: Vaults - Get, List By Subscription, List By Resource Group, Update Access Policy.
"""

from datetime import UTC, datetime
from typing import Any

from vaults.emulator import registry, roles
from vaults.emulator.access import PERMISSIONS
from vaults.emulator.arm import ArmCall, ArmError
from vaults.emulator.registry import Permissions, Vault
from vaults.emulator.web import Response, json_response

READ = "Microsoft.KeyVault/vaults/read"
WRITE = "Microsoft.KeyVault/vaults/write"
WRITE_POLICIES = "Microsoft.KeyVault/vaults/accessPolicies/write"
SINCE_2021 = "2021"  # recordings of earlier API versions have neither systemData nor publicNetworkAccess
VAULT_TYPE = "Microsoft.KeyVault/vaults"


def list_subscriptions(call: ArmCall) -> Response:
    """Subscriptions - List: those in which the caller has some role; none is an empty list, not a refusal."""
    with call.store.reading() as db:
        vaults = registry.all_vaults(db)
        visible = {
            vault.subscription: vault
            for vault in vaults
            if roles.roles_at(db, call.caller.object_id, vault.resource_id)
        }
    items = [_subscription(vault) for vault in visible.values()]
    return json_response(200, {"value": items, "count": {"type": "Total", "value": len(items)}})


def get_subscription(call: ArmCall, subscription: str) -> Response:
    with call.store.reading() as db:
        call.require(db, "Microsoft.Resources/subscriptions/read", f"/subscriptions/{subscription}")
        for vault in registry.all_vaults(db):
            if vault.subscription == subscription:
                return json_response(200, _subscription(vault))
    raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def list_vaults(call: ArmCall, subscription: str, group: str = "") -> Response:
    """Vaults of a subscription, or of one resource group in it."""
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    with call.store.reading() as db:
        call.require(db, READ, scope)
        items = [
            _shown(call, vault, registry.access_policies(db, vault))
            for vault in registry.all_vaults(db)
            if roles.covers(scope, vault.resource_id)
        ]
    return json_response(200, {"value": items})


def list_resources(call: ArmCall, subscription: str) -> Response:
    """Resources - List, with the filter that asks for vaults: addresses only, no properties."""
    scope = f"/subscriptions/{subscription}"
    with call.store.reading() as db:
        call.require(db, "Microsoft.Resources/subscriptions/resources/read", scope)
        vaults = [vault for vault in registry.all_vaults(db) if vault.subscription == subscription]
    return json_response(200, {"value": [_head(vault) for vault in vaults]})


def get_vault(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    with call.vault(READ, subscription, group, name) as (db, vault):
        return json_response(200, _shown(call, vault, registry.access_policies(db, vault)))


def update_vault(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """Vaults - Update; of its properties only enableRbacAuthorization can be changed here."""
    properties = call.body.get("properties")
    wanted = properties.get("enableRbacAuthorization") if isinstance(properties, dict) else None
    with call.vault(WRITE, subscription, group, name) as (db, vault):
        if isinstance(wanted, bool):
            registry.set_rbac(db, vault, wanted)
            vault = registry.find_vault(db, name) or vault
        return json_response(200, _shown(call, vault, registry.access_policies(db, vault)))


def update_access_policies(call: ArmCall, subscription: str, group: str, name: str, kind: str) -> Response:
    """Vaults - Update Access Policy, for the principals named: `add` unites, `replace` sets, `remove` takes away.

    The answer carries the resulting entries of those principals, as recorded.
    """
    with call.vault(WRITE_POLICIES, subscription, group, name) as (db, vault):
        entries = _read_entries(call.body, vault)
        results: dict[str, Permissions] = {}
        for object_id, given in entries.items():
            present = registry.permissions_of(db, vault, object_id)
            results[object_id] = _changed(kind, present, given)
            registry.set_permissions(db, vault, object_id, results[object_id])
    answer = {
        "id": f"{vault.resource_id}/accessPolicies/",
        "type": f"{VAULT_TYPE}/accessPolicies",
        "properties": {"accessPolicies": [_entry(vault, *result) for result in results.items()]},
    }
    return json_response(200, answer)


def _changed(kind: str, present: Permissions, given: Permissions) -> Permissions:
    match kind.lower():
        case "add":
            return {name: _united(present.get(name, []), given.get(name, [])) for name in present | given}
        case "replace":
            return given
        case "remove":
            return {name: _without(had, given.get(name, [])) for name, had in present.items()}
    raise ArmError(400, "BadRequest", f"There is no operation '{kind}' on access policies.")


def _united(present: list[str], given: list[str]) -> list[str]:
    return [*present, *_without(given, present)]


def _without(names: list[str], removed: list[str]) -> list[str]:
    lowered = {name.lower() for name in removed}
    return [name for name in names if name.lower() not in lowered]


def _read_entries(body: dict[str, Any], vault: Vault) -> dict[str, Permissions]:
    """The access policies of a request by object id. Raises 400 for what the service would not take."""
    try:
        entries = {}
        for entry in body["properties"]["accessPolicies"]:
            if entry["tenantId"].lower() != vault.tenant:
                raise ArmError(400, "BadRequest", "An access policy must name the tenant of the vault.")
            permissions = {name.lower(): list(given or []) for name, given in entry["permissions"].items()}
            for name, given in permissions.items():
                _check_permissions(name, given)
            entries[entry["objectId"].lower()] = permissions
    except (KeyError, TypeError, AttributeError):
        raise ArmError(400, "BadRequest", "The access policies cannot be read.") from None
    return entries


def _check_permissions(collection: str, given: list[str]) -> None:
    known = {name.lower() for name in (*PERMISSIONS.get(collection, ()), "all")}
    unknown = [name for name in given if collection != "storage" and name.lower() not in known]
    if unknown:
        raise ArmError(400, "BadRequest", f"'{unknown[0]}' is no permission of {collection}.")


def _subscription(vault: Vault) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{vault.subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": vault.subscription,
        "tenantId": vault.tenant,
        "displayName": "Local subscription",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Internal_2014-09-01",
            "quotaId": "Internal_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _head(vault: Vault) -> dict[str, Any]:
    return {
        "id": vault.resource_id,
        "name": vault.name,
        "type": VAULT_TYPE,
        "location": vault.location,
        "tags": {},
    }


def _shown(call: ArmCall, vault: Vault, policies: dict[str, Permissions]) -> dict[str, Any]:
    created = f"{datetime.fromtimestamp(vault.created, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    properties: dict[str, Any] = {
        "sku": {"family": "A", "name": vault.sku},
        "tenantId": vault.tenant,
        "accessPolicies": [_entry(vault, *policy) for policy in policies.items()],
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": vault.retention_days,
        "enableRbacAuthorization": vault.enable_rbac,
        "vaultUri": f"https://{call.addresses.vault_host(vault)}/",
        "provisioningState": "Succeeded",
    }
    if vault.purge_protection:
        properties["enablePurgeProtection"] = True
    shown = _head(vault) | {"properties": properties}
    if call.request.query["api-version"] < SINCE_2021:
        return shown
    properties["publicNetworkAccess"] = "Enabled"
    shown["systemData"] = {
        "createdBy": "emulator",
        "createdByType": "Application",
        "createdAt": created,
        "lastModifiedBy": "emulator",
        "lastModifiedByType": "Application",
        "lastModifiedAt": created,
    }
    return shown


def _entry(vault: Vault, object_id: str, permissions: Permissions) -> dict[str, Any]:
    return {"tenantId": vault.tenant, "objectId": object_id, "permissions": permissions}
