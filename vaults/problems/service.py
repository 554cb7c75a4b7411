"""The vault answered with an error."""

import re

from vaults.keyvault.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    ServiceError,
    Throttled,
    Unauthorized,
)
from vaults.models import Vault
from vaults.problems.problem import Problem, details_of, problem_of
from vaults.remedies import grant_remedy


def explain_service(error: ServiceError, vault: Vault | None) -> Problem:
    match error:
        case Forbidden() if vault:
            return _forbidden(error, vault)
        case Unauthorized():
            return problem_of(
                error,
                "Azure did not accept the token",
                "The vault belongs to another tenant or cloud than this connection, or the token was withdrawn.",
                "Compare the connection's tenant with the vault's directory in the Azure Portal, and test the connection.",
            )
        case NotFound():
            return problem_of(
                error,
                "Azure knows no such item",
                "It never existed, was deleted, or has not settled yet.",
                "Look under Deleted: what was deleted lately can be recovered.",
                404,
            )
        case Conflict():
            return _conflict(error)
        case Throttled():
            wait = f" Azure asks to wait {round(error.retry_after)} s." if error.retry_after else ""
            return problem_of(
                error,
                "Azure is throttling this vault",
                f"Too many requests reached it in the last seconds, from here or elsewhere; it did not look at this one.{wait}",
                "Nothing was changed. Wait some seconds, then try again.",
                503,
            )
        case BadRequest():
            return problem_of(
                error,
                "Azure did not accept the request",
                error.message or "A name or a value breaks Key Vault's rules.",
                "Correct what it names, and try again.",
                400,
            )
        case _:
            return problem_of(
                error,
                "Azure has trouble of its own",
                "The vault answered that it can't serve this now.",
                "Try again in a moment; Azure's status page may tell more.",
            )


def _conflict(error: Conflict) -> Problem:
    match error.inner_code:
        case "ObjectIsDeletedButRecoverable":
            return problem_of(
                error,
                "The name belongs to a deleted item",
                "A deleted item keeps its name until it is purged.",
                "Recover it, purge it, or choose another name.",
                409,
            )
        case "ObjectIsBeingDeleted":
            return problem_of(
                error,
                "The item is still being deleted or recovered",
                "Azure takes some seconds to settle this.",
                "Try again in a few seconds.",
                409,
            )
        case _:
            return problem_of(
                error,
                "Something else is going on with this name",
                error.message or "Azure reports a conflict.",
                "Look at the item's state, and try again when the other work has ended.",
                409,
            )


_NETWORK_CODES = {"ForbiddenByFirewall", "ForbiddenByConnection"}
_MANAGED_CODES = {"KeyManagedByKeyVault", "SecretManagedByKeyVault"}
_POLICY = re.compile(r"does not have (secrets|keys|certificates) ([a-zA-Z]+) permission")
_OBJECT_ID = re.compile(r"oid=([0-9a-fA-F-]{36})")


def _forbidden(error: Forbidden, vault: Vault) -> Problem:
    principal = f"the service principal of “{vault.connection.name}” ({vault.connection.client_id})"
    if error.inner_code in _NETWORK_CODES:
        return problem_of(
            error,
            "The vault's firewall turned this server away",
            "Azure refused because of where the call came from; it says nothing about permissions.",
            f"Allow this server's address in the networking settings of {vault.name}, or use its private endpoint.",
            403,
        )
    if error.inner_code.endswith("Disabled"):
        return problem_of(
            error,
            "The item is disabled",
            "Azure hands nothing out of a disabled item, whoever asks.",
            "Enable it first (Edit), if it should be used.",
            403,
        )
    if error.inner_code in _MANAGED_CODES:
        return problem_of(
            error,
            "It belongs to a certificate",
            "Keys and secrets behind a certificate are managed by Key Vault and change only with it.",
            "Work on the certificate of the same name instead.",
            403,
        )
    policy = _POLICY.search(error.message)
    permission = f"{policy[1]}/{policy[2]}" if policy else error.permission
    if not permission:
        return problem_of(
            error,
            "Azure refused",
            error.message or "Azure refused, without a reason.",
            "See the details.",
            403,
        )
    object_id = _OBJECT_ID.search(error.message)
    remedy = grant_remedy(vault, permission, rbac=error.inner_code == "ForbiddenByRbac")
    return Problem(
        f"Azure refused: {permission} is missing",
        f"{principal[0].upper()}{principal[1:]}"
        f"{f', object ID {object_id[1]},' if object_id else ''} lacks the permission {permission} on {vault.name}.",
        remedy.todo,
        remedy.command,
        details_of(error),
        403,
        permission,
    )
