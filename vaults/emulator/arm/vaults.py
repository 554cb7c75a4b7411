"""Subscriptions and vaults.

Source: Azure Resource Manager REST: Subscriptions - List, Get; Resources - List. Key Vault management REST: Vaults -
Get, List By Subscription, List By Resource Group.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vaults.emulator.arm.call import VAULT_TYPE, ArmCall, ArmError, group_scope, paged
from vaults.emulator.arm.policies import entry
from vaults.emulator.dataplane import network
from vaults.emulator.state import policies, registry, roles
from vaults.emulator.state.policies import Identity, Permissions
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire.http import Response, json_response

READ = "Microsoft.KeyVault/vaults/read"
# The API versions from which on recordings have a member.
SINCE_SOFT_DELETE, SINCE_SYSTEM_DATA, SINCE_PUBLIC_ACCESS = "2019", "2021", "2021-06"
SINCE_RETENTION, SINCE_SWITCHES = "2023-07-01", "2025-05-01"  # returned even if never set
IN_COLUMNS = ("enableRbacAuthorization", "softDeleteRetentionInDays")
SWITCHES = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")


def list_subscriptions(call: ArmCall) -> Response:
    """Subscriptions - List: those in which the caller has a role; an empty list if there is none."""
    with call.service.store.reading() as db:
        visible = roles.subscriptions(db, call.caller.object_id)
    items = [_subscription(call, subscription) for subscription in visible]
    return json_response(200, {"value": items, "count": {"type": "Total", "value": len(items)}})


def get_subscription(call: ArmCall, subscription: str) -> Response:
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.Resources/subscriptions/read", f"/subscriptions/{subscription}")
        if subscription in roles.subscriptions(db, call.caller.object_id):
            return json_response(200, _subscription(call, subscription))
    raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def list_vaults(call: ArmCall, subscription: str, group: str = "") -> Response:
    """Vaults of a subscription, or of one resource group in it."""
    scope = group_scope(subscription, group)
    with call.service.store.reading() as db:
        call.require(db, READ, scope)
        items = {
            _order(vault): vault_body(call, vault, policies.access_policies(db, vault))
            for vault in registry.all_vaults(db)
            if roles.covers(scope, vault.resource_id)
        }
    return paged(call, items)


def list_resources(call: ArmCall, subscription: str, group: str = "") -> Response:
    """Resources - List, List By Resource Group, with the filter that asks for vaults: addresses only, no properties."""
    scope = group_scope(subscription, group)
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.Resources/subscriptions/resources/read", scope)
        vaults = [vault for vault in registry.all_vaults(db) if roles.covers(scope, vault.resource_id)]
    return json_response(200, {"value": [head(vault) for vault in vaults]})


def get_vault(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    with call.vault(READ, subscription, group, name) as (db, vault):
        return json_response(200, vault_body(call, vault, policies.access_policies(db, vault)))


def _subscription(call: ArmCall, subscription: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": call.caller.tenant,
        "displayName": "Local subscription",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Internal_2014-09-01",
            "quotaId": "Internal_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _order(vault: Vault) -> str:
    """The key that orders the list, as found in recorded skip tokens."""
    return f"{vault.resource_group}|{vault.name}"


def head(vault: Vault) -> dict[str, Any]:
    return {
        "id": vault.resource_id,
        "name": vault.name_as_written,
        "type": VAULT_TYPE,
        "location": vault.location,
        "tags": vault.tags,
    }


def vault_body(
    call: ArmCall, vault: Vault, granted: dict[Identity, Permissions], *, fresh: bool = False
) -> dict[str, Any]:
    """A vault with its properties. Only newer API versions return properties that were never set.

    `fresh`: the response to its creation, with the provisioning state of a new vault and its address as written and
    without a slash.
    """
    waiting = fresh or vault.created + call.service.settle_seconds > call.service.clock()
    version = call.request.query["api-version"]
    columns = {"enableRbacAuthorization": vault.enable_rbac, "softDeleteRetentionInDays": vault.retention_days}
    properties: dict[str, Any] = {
        "sku": {"family": "A", "name": vault.sku},
        "tenantId": vault.tenant,
        "accessPolicies": [entry(vault, *policy) for policy in granted.items()],
        **dict.fromkeys(SWITCHES if version >= SINCE_SWITCHES else SWITCHES[:1], False),
        **{name: vault.properties[name] for name in SWITCHES if name in vault.properties},
        **{name: columns[name] for name in IN_COLUMNS if name in vault.properties},
        "vaultUri": _address(call, vault, fresh=fresh),
        "provisioningState": "RegisteringDns" if waiting else "Succeeded",
    }
    if vault.enable_rbac:
        properties["enableRbacAuthorization"] = True
    if vault.properties.get("networkAcls", network.OPEN) != network.OPEN:
        properties["networkAcls"] = vault.properties["networkAcls"]
    if vault.purge_protection:
        properties["enablePurgeProtection"] = True
    if version >= SINCE_SOFT_DELETE:
        properties["enableSoftDelete"] = True
    if version >= SINCE_RETENTION:
        properties["softDeleteRetentionInDays"] = vault.retention_days
    if version >= SINCE_PUBLIC_ACCESS:
        properties["publicNetworkAccess"] = vault.properties.get("publicNetworkAccess", "Enabled")
    resource = head(vault) | {"properties": properties}
    if version >= SINCE_SYSTEM_DATA:
        resource["systemData"] = _system_data(vault)
    return resource


def _address(call: ArmCall, vault: Vault, *, fresh: bool) -> str:
    if fresh:
        return f"https://{call.addresses.vault_host(replace(vault, name=vault.name_as_written))}"
    return f"https://{call.addresses.vault_host(vault)}/"


def _system_data(vault: Vault) -> dict[str, str]:
    created = f"{datetime.fromtimestamp(vault.created, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    return {
        "createdBy": "emulator",
        "createdByType": "Application",
        "createdAt": created,
        "lastModifiedBy": "emulator",
        "lastModifiedByType": "Application",
        "lastModifiedAt": created,
    }
