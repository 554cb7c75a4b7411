"""Authorization in a vault: by access policies, or by role assignments if the vault uses RBAC.

Checked before any lookup, so that a 403 never reveals whether an object exists.
"""

from vaults.emulator.dataplane.route import Route
from vaults.emulator.entra.tokens import Caller
from vaults.emulator.state import roles
from vaults.emulator.state.policies import Identity, Permissions, compound_permissions, permissions_of
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.store import Store
from vaults.emulator.wire.errors import VaultError


def require(store: Store, vault: Vault, caller: Caller, route: Route, path: str) -> str | None:
    """Raise the vault's 403 unless the caller has the permission of a route.

    Returns the role assignment that allows it, None in a vault with access policies.
    """
    if not vault.enable_rbac:
        key = ("permissions", vault.id, caller.object_id)
        granted = store.remembered(key, lambda db: permissions_of(db, vault, Identity(caller.object_id)))
        if not any(_has(granted, wanted) for wanted in route.permissions):
            raise _refused_by_policy(store, vault, caller, route)
        return None
    resource = f"{vault.resource_id}/{path}"
    with store.reading() as db:
        assignment = roles.allowing(db, caller.object_id, f"Microsoft.KeyVault/vaults/{route.data_action}", resource)
    if assignment is None:
        raise _refused_by_rbac(vault, caller, route, resource)
    return assignment


def _has(granted: Permissions, permission: str) -> bool:
    """Permission names are compared without case; "all" has never covered purge."""
    collection, _, name = permission.lower().partition("/")
    lowered = {each.lower() for each in granted.get(collection, [])}
    return name in lowered or ("all" in lowered and name != "purge")


def _refused_by_policy(store: Store, vault: Vault, caller: Caller, route: Route) -> VaultError:
    """The 403; with another text if a compound identity with the caller has the permission."""
    collection, _, name = route.permissions[0].partition("/")
    who = f"appid={caller.app_id};oid={caller.object_id};numgroups=0;iss={caller.issuer}"
    with store.reading() as db:
        compound = compound_permissions(db, vault, caller.object_id)
    if any(_has(granted, wanted) for granted in compound for wanted in route.permissions):
        message = (
            f"The policy requires the caller '{who}' to use on-behalf-of (OBO) flow. For more information on OBO, "
            "please see https://go.microsoft.com/fwlink/?linkid=2152310"
        )
    else:
        message = (
            f"The user, group or application '{who}' does not have {collection} {name} permission on key vault "
            f"'{vault.name};location={vault.region}'. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287"
        )
    return VaultError(403, "Forbidden", message, "ForbiddenByPolicy")


def _refused_by_rbac(vault: Vault, caller: Caller, route: Route, resource: str) -> VaultError:
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe "
        "propagation time.",
        f"Caller: appid={caller.app_id};oid={caller.object_id};iss={caller.issuer}",
        f"Action: 'Microsoft.KeyVault/vaults/{route.data_action}'",
        f"Resource: '{resource.lower()}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault.name};location={vault.region}",
        "",
    )
    return VaultError(403, "Forbidden", "\r\n".join(lines), "ForbiddenByRbac")
