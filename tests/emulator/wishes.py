"""What is sent to Resource Manager to get a vault."""

from typing import Any

from vaults.emulator import ADMIN, TENANT_ID


def wish(**properties: Any) -> dict[str, Any]:
    entry = {"tenantId": TENANT_ID, "objectId": ADMIN.object_id, "permissions": {"secrets": ["get", "set"]}}
    common = {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "Standard"}, "accessPolicies": [entry]}
    return {"location": "West Europe", "tags": {"a": "b"}, "properties": common | properties}
