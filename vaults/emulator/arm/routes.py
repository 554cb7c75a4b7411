"""Resource Manager's operations: method and path template. A path without a route is a 404.

The words of a path are compared without case, but for those that follow `/providers/Microsoft.Authorization`.
"""

from collections.abc import Callable

from vaults.emulator.arm import absent, changes, deleted, metadata, policies, roles, vaults
from vaults.emulator.arm.call import ArmError
from vaults.emulator.wire.http import Request, Response
from vaults.emulator.wire.router import Found, Router

AUTHORIZATION = "microsoft.authorization"
SUBSCRIPTION = "subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourcegroups/{{group}}"
IN_SUBSCRIPTION = f"{SUBSCRIPTION}/providers/microsoft.keyvault"
IN_GROUP = f"{GROUP}/providers/microsoft.keyvault"

Operation = Callable[..., Response]  # (call, **parameters of the path)

#: Operations without a token.
METADATA = Router([("GET", "metadata/endpoints", metadata.endpoints)])
ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "subscriptions", vaults.list_subscriptions),
    ("GET", SUBSCRIPTION, vaults.get_subscription),
    ("GET", f"{SUBSCRIPTION}/resources", vaults.list_resources),
    ("GET", f"{GROUP}/resources", vaults.list_resources),
    ("GET", "providers/microsoft.keyvault/operations", deleted.list_operations),
    ("GET", f"{IN_SUBSCRIPTION}/vaults", vaults.list_vaults),
    ("GET", f"{IN_SUBSCRIPTION}/managedhsms", absent.list_managed_hsms),
    ("GET", f"{IN_SUBSCRIPTION}/deletedmanagedhsms", absent.list_managed_hsms),
    ("GET", f"{IN_SUBSCRIPTION}/deletedvaults", deleted.list_deleted_vaults),
    ("POST", f"{IN_SUBSCRIPTION}/checknameavailability", deleted.check_name_availability),
    ("POST", f"{IN_SUBSCRIPTION}/checkmhsmnameavailability", absent.check_hsm_name),
    ("GET", f"{IN_SUBSCRIPTION}/locations/{{location}}/deletedvaults/{{name}}", deleted.get_deleted_vault),
    ("POST", f"{IN_SUBSCRIPTION}/locations/{{location}}/deletedvaults/{{name}}/purge", deleted.purge_deleted_vault),
    ("GET", f"{IN_SUBSCRIPTION}/locations/{{location}}/operationresults/{{operation}}", deleted.get_operation_result),
    ("GET", f"{IN_GROUP}/vaults", vaults.list_vaults),
    ("GET", f"{IN_GROUP}/vaults/{{name}}", vaults.get_vault),
    ("PUT", f"{IN_GROUP}/vaults/{{name}}", changes.create_or_update),
    ("PATCH", f"{IN_GROUP}/vaults/{{name}}", changes.update),
    ("DELETE", f"{IN_GROUP}/vaults/{{name}}", changes.delete),
    ("PUT", f"{IN_GROUP}/vaults/{{name}}/accesspolicies/{{kind}}", policies.update_access_policies),
    ("GET", f"{IN_GROUP}/managedhsms", absent.list_managed_hsms),
    ("GET", f"{IN_GROUP}/managedhsms/{{name}}", absent.get_managed_hsm),
    ("GET", f"{IN_GROUP}/vaults/{{name}}/privatelinkresources", absent.list_private_link_resources),
    ("GET", f"{IN_GROUP}/vaults/{{name}}/privateendpointconnections", absent.list_private_endpoint_connections),
    (
        "GET",
        f"{IN_GROUP}/vaults/{{name}}/privateendpointconnections/{{connection}}",
        absent.get_private_endpoint_connection,
    ),
)
#: Operations at a scope: the part of the path after the provider.
AT_SCOPE: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "permissions", roles.list_permissions),
    ("GET", "roleDefinitions", roles.list_role_definitions),
    ("GET", "roleAssignments", roles.list_role_assignments),
    ("GET", "roleAssignments/{assignment}", roles.get_role_assignment),
    ("PUT", "roleAssignments/{assignment}", roles.create_role_assignment),
    ("DELETE", "roleAssignments/{assignment}", roles.delete_role_assignment),
)
_ROUTER = Router(ROUTES)
_AT_SCOPE = Router(AT_SCOPE, exact=True)


def find_operation(request: Request) -> Found[Operation]:
    """The operation of a request and its parameters. Raises the 404 of Resource Manager."""
    segments = request.segments
    words = [segment.lower() for segment in segments]
    if len(segments) >= 4 and AUTHORIZATION in words:
        at = words.index(AUTHORIZATION)
        found = _AT_SCOPE.find(request.method, segments[at + 1 :])
        scope = {"scope": "/" + "/".join(segments[: at - 1])}
    else:
        found = _ROUTER.find(request.method, segments)
        scope = {}
    if found is None:
        raise ArmError(404, "InvalidResourceType", f"The emulator has no {request.method} {request.path}.")
    operation, params = found
    return operation, scope | params
