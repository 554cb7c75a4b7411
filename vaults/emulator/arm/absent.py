"""Managed HSMs and private endpoints, of which there are none here: az requests them nevertheless.

Source: Key Vault management REST: Managed HSMs - List, List Deleted, Get, Check Name Availability; Private Link Resources - List
By Vault; Private Endpoint Connections - List By Resource, Get.
"""

import re

from vaults.emulator.arm.call import VAULT_TYPE, ArmCall, bad_request, group_scope, not_found
from vaults.emulator.wire.http import Response, json_response

HSM_TYPE = "Microsoft.KeyVault/managedHSMs"
HSM_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
READ_LINKS = "Microsoft.KeyVault/vaults/privateLinkResources/read"
READ_CONNECTIONS = "Microsoft.KeyVault/vaults/privateEndpointConnections/read"


def list_managed_hsms(call: ArmCall, subscription: str, group: str = "") -> Response:
    """The Managed HSMs of a subscription or resource group, also the deleted ones: none."""
    with call.service.store.reading() as db:
        call.require(db, f"{HSM_TYPE}/read", group_scope(subscription, group))
    return json_response(200, {"value": []})


def get_managed_hsm(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """Always raises 404."""
    resource = f"{HSM_TYPE}/{name}"
    with call.service.store.reading() as db:
        call.require(
            db, f"{HSM_TYPE}/read", f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{resource}"
        )
    raise not_found(resource, group)


def check_hsm_name(call: ArmCall, subscription: str) -> Response:
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.KeyVault/checkMhsmNameAvailability/read", f"/subscriptions/{subscription}")
    name = call.body.get("name")
    if not isinstance(name, str):
        raise bad_request("The parameter name is not specified.")
    if HSM_NAME.fullmatch(name):
        return json_response(200, {"nameAvailable": True})
    message = f"The name '{name}' is invalid. A name must be between 3-24 alphanumeric characters."
    return json_response(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})


def list_private_link_resources(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """The resource that a private endpoint of a vault connects to: the same for all vaults."""
    with call.vault(READ_LINKS, subscription, group, name) as (_, vault):
        resource = {
            "id": f"{vault.resource_id}/privateLinkResources/vault",
            "name": "vault",
            "type": f"{VAULT_TYPE}/privateLinkResources",
            "properties": {
                "groupId": "vault",
                "requiredMembers": ["default"],
                "requiredZoneNames": ["privatelink.vaultcore.azure.net"],
            },
        }
    return json_response(200, {"value": [resource]})


def list_private_endpoint_connections(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    with call.vault(READ_CONNECTIONS, subscription, group, name):
        return json_response(200, {"value": [], "nextLink": None})


def get_private_endpoint_connection(
    call: ArmCall, subscription: str, group: str, name: str, connection: str
) -> Response:
    """Always raises 404."""
    with call.vault(READ_CONNECTIONS, subscription, group, name):
        raise not_found(f"{VAULT_TYPE}/{name}/privateEndpointConnections/{connection}", group)
