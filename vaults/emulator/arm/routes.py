"""Resource Manager's front door: which address is which operation."""

from collections.abc import Callable

from vaults.emulator.arm import absent, changes, deleted, metadata, policies, roles, vaults
from vaults.emulator.arm.call import ArmCall, ArmError, authenticate, check, common_headers
from vaults.emulator.entra.tokens import Tokens
from vaults.emulator.state import removal
from vaults.emulator.state.addresses import Addresses, Place
from vaults.emulator.state.service import Service
from vaults.emulator.wire.http import Request, Response, json_response

KEY_VAULT = "microsoft.keyvault"
AUTHORIZATION = "microsoft.authorization"


class Arm:
    """Azure Resource Manager for the vaults of one emulator."""

    def __init__(
        self, service: Service, tokens: Tokens, addresses: Addresses, vaults_changed: Callable[[], None]
    ) -> None:
        self._service = service
        self._tokens = tokens
        self._addresses = addresses
        self._vaults_changed = vaults_changed

    def answer(self, place: Place, request: Request) -> Response:
        clock = self._service.clock
        try:
            if metadata.is_asked(request):
                return metadata.endpoints(request, place.issuer, self._addresses.vault_suffix)
            caller = authenticate(self._tokens, clock, request)
            body = check(request)
            with self._service.store.writing() as db:
                removal.purge_due_vaults(db, clock())
            call = ArmCall(self._service, self._addresses, self._vaults_changed, caller, int(clock()), request, body)
            response = _operate(call)
        except ArmError as error:
            response = json_response(error.status, error.body())
        response.headers.extend(common_headers())
        return response


def _operate(call: ArmCall) -> Response:
    segments = call.request.segments
    if len(segments) >= 4 and AUTHORIZATION in (segment.lower() for segment in segments):
        return _authorization(call, segments)
    # Words of an address are compared without case, names are kept as they are.
    fixed = [segment.lower() if number % 2 == 0 else segment for number, segment in enumerate(segments)]
    match call.request.method, fixed:
        case "GET", ["subscriptions"]:
            return vaults.list_subscriptions(call)
        case "GET", ["subscriptions", subscription]:
            return vaults.get_subscription(call, subscription)
        case "GET", ["subscriptions", subscription, "resources"]:
            return vaults.list_resources(call, f"/subscriptions/{subscription}")
        case "GET", ["subscriptions", subscription, "resourcegroups", group, "resources"]:
            return vaults.list_resources(call, f"/subscriptions/{subscription}/resourceGroups/{group}")
        case method, ["subscriptions", subscription, "providers", provider, *rest] if _is_vaults(provider):
            return _in_subscription(call, method, subscription, rest)
        case "GET", ["providers", provider, "operations"] if _is_vaults(provider):
            return deleted.list_operations(call)
        case method, [
            "subscriptions",
            subscription,
            "resourcegroups",
            group,
            "providers",
            provider,
            *rest,
        ] if _is_vaults(provider):
            return _in_group(call, method, subscription, group, rest)
    raise _unknown(call)


def _in_subscription(call: ArmCall, method: str, subscription: str, rest: list[str]) -> Response:
    match method, rest:
        case "GET", ["vaults"]:
            return vaults.list_vaults(call, subscription)
        case "GET", ["managedhsms"] | ["deletedmanagedhsms"]:
            return absent.list_managed_hsms(call, f"/subscriptions/{subscription}")
        case "GET", ["deletedvaults"]:
            return deleted.list_deleted_vaults(call, subscription)
        case "POST", ["checknameavailability"]:
            return deleted.check_name_availability(call, subscription)
        case "POST", ["checkmhsmnameavailability"]:
            return absent.check_hsm_name(call, subscription)
        case "GET", ["locations", location, "deletedvaults", name]:
            return deleted.get_deleted_vault(call, subscription, location, name)
        case "POST", ["locations", location, "deletedvaults", name, "purge"]:
            return deleted.purge_deleted_vault(call, subscription, location, name)
        case "GET", ["locations", location, "operationresults", operation]:
            return deleted.get_operation_result(call, subscription, location, operation)
    raise _unknown(call)


def _in_group(call: ArmCall, method: str, subscription: str, group: str, rest: list[str]) -> Response:
    match method, rest:
        case "GET", ["vaults"]:
            return vaults.list_vaults(call, subscription, group)
        case "GET", ["vaults", name]:
            return vaults.get_vault(call, subscription, group, name)
        case "PUT", ["vaults", name]:
            return changes.create_or_update(call, subscription, group, name)
        case "PATCH", ["vaults", name]:
            return changes.update(call, subscription, group, name)
        case "DELETE", ["vaults", name]:
            return changes.delete(call, subscription, group, name)
        case "PUT", ["vaults", name, "accesspolicies", kind]:
            return policies.update_access_policies(call, subscription, group, name, kind)
    return _of_what_is_not_here(call, method, subscription, group, rest)


def _of_what_is_not_here(call: ArmCall, method: str, subscription: str, group: str, rest: list[str]) -> Response:
    match method, rest:
        case "GET", ["managedhsms"]:
            return absent.list_managed_hsms(call, f"/subscriptions/{subscription}/resourceGroups/{group}")
        case "GET", ["managedhsms", name]:
            return absent.get_managed_hsm(call, subscription, group, name)
        case "GET", ["vaults", name, "privatelinkresources"]:
            return absent.list_private_link_resources(call, subscription, group, name)
        case "GET", ["vaults", name, "privateendpointconnections"]:
            return absent.list_private_endpoint_connections(call, subscription, group, name)
        case "GET", ["vaults", name, "privateendpointconnections", connection]:
            return absent.get_private_endpoint_connection(call, subscription, group, name, connection)
    raise _unknown(call)


def _authorization(call: ArmCall, segments: list[str]) -> Response:
    """Operations at a scope: everything before `/providers/Microsoft.Authorization`."""
    at = [segment.lower() for segment in segments].index(AUTHORIZATION)
    scope = "/" + "/".join(segments[: at - 1])
    match call.request.method, segments[at + 1 : at + 2], segments[at + 2 :]:
        case "GET", ["permissions"], []:
            return roles.list_permissions(call, scope)
        case "GET", ["roleDefinitions"], []:
            return roles.list_role_definitions(call, scope)
        case "GET", ["roleAssignments"], []:
            return roles.list_role_assignments(call, scope)
        case "GET", ["roleAssignments"], [assignment]:
            return roles.get_role_assignment(call, scope, assignment)
        case "PUT", ["roleAssignments"], [assignment]:
            return roles.create_role_assignment(call, scope, assignment)
        case "DELETE", ["roleAssignments"], [assignment]:
            return roles.delete_role_assignment(call, scope, assignment)
    raise _unknown(call)


def _is_vaults(provider: str) -> bool:
    return provider.lower() == KEY_VAULT


def _unknown(call: ArmCall) -> ArmError:
    return ArmError(404, "InvalidResourceType", f"The emulator has no {call.request.method} {call.request.path}.")
