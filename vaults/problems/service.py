"""The vault responded with an error."""

from vaults.azure.errors import Conflict, Forbidden, NotFound, ServiceError, Throttled, Unauthorized, Unavailable
from vaults.keyvault.refusals import is_about_no_item, is_about_the_api_version, is_about_the_vault
from vaults.models import Vault
from vaults.problems.forbidden import explain_forbidden
from vaults.problems.problem import Problem, problem_of, wait

THROTTLED_SECONDS = 10.0
"""Seconds to wait if the vault does not state a time."""


def explain_service(error: ServiceError, vault: Vault | None) -> Problem:
    match error:
        case Forbidden() if vault:
            return explain_forbidden(error, vault)
        case Unauthorized():
            return problem_of(
                error,
                "service.token_refused",
                "The vault belongs to another tenant or cloud than this connection, or the token was withdrawn.",
                "Compare the connection's tenant with the vault's directory in the Azure Portal, and test the connection.",
            )
        case NotFound():
            return problem_of(
                error,
                "service.not_found",
                "It never existed, was deleted, or Azure has not completed its creation or recovery yet.",
                "Look under Deleted: what was deleted lately can be recovered.",
                404,
            )
        case ServiceError() if is_about_no_item(error):
            return _no_vault(error)
        case Conflict():
            return _conflict(error)
        case Throttled():
            return _throttled(error)
        case Unavailable():
            when = f"Wait {wait(error.retry_after)}, then try again" if error.retry_after else "Try again in a moment"
            return problem_of(
                error,
                "service.error",
                "The vault answered that it can't serve this now.",
                f"{when}; Azure's status page may tell more.",
            )
        case _:
            return _refused_request(error)


def _throttled(error: Throttled) -> Problem:
    seconds = error.retry_after or THROTTLED_SECONDS
    problem = problem_of(
        error,
        "service.throttled",
        "Too many requests reached it in the last seconds, from here or elsewhere; it did not look at this one.",
        f"Nothing was changed. Wait {wait(seconds)}, then try again.",
        503,
    )
    problem.retry_after = seconds
    return problem


def _no_vault(error: ServiceError) -> Problem:
    """A 404 that is not about an item."""
    if is_about_the_vault(error):
        return problem_of(
            error,
            "service.no_such_vault",
            "Azure knows no vault at this address: it was deleted, belongs to another cloud, or its name is misspelt.",
            "Compare the vault's name and the connection's cloud with the Azure Portal. What was deleted lately is listed there "
            "under Manage deleted vaults, and can be recovered.",
            404,
        )
    return problem_of(
        error,
        "service.no_key_vault",
        "Something answered “not found” (404) without a word about an item, as a gateway or a wrong host does. Whether the "
        "item exists is not known.",
        "Compare the vault's address with the Azure Portal, and check this server's way there: DNS, private endpoint, proxy.",
        404 if error.code else 502,
    )


def _refused_request(error: ServiceError) -> Problem:
    """400, and other responses that reject the request: to send the same request again does not help."""
    if is_about_the_api_version(error):
        return problem_of(
            error,
            "service.api_version",
            error.words,
            "Choose another one in the field “API version” of the connection (Connections, Edit).",
            400,
        )
    if error.status == 405:
        return problem_of(
            error,
            "service.operation_not_offered",
            error.words or "What answers at the vault's address does not take this kind of request.",
            "The connection's “API version” may be older than the operation, or a proxy on the way may let only some "
            "methods pass.",
        )
    if "does not match the public part of the specified private key" in error.message:
        return problem_of(
            error,
            "service.foreign_key",
            "Its public key is not the one that Key Vault holds the private key of. Nothing was stored.",
            "Take the certificate that was signed for the operation's present CSR: a new operation has a new key.",
            400,
        )
    if error.code == "Malformed backup blob":
        return problem_of(
            error,
            "service.backup_refused",
            "It is damaged or cut off, of another kind, or it was made in another subscription or geography than this vault's: "
            "Key Vault does not tell which. Nothing was stored.",
            "Take the file as it was made, choose its kind, and restore it into a vault of the same subscription and geography.",
            400,
        )
    return problem_of(
        error,
        "service.request_refused",
        error.words or f"The answer has status {error.status} and gives no reason.",
        "Correct what it names, and try again."
        if error.words
        else "Look at what was sent: a name or a value may break a rule.",
        400 if error.status == 400 else 502,
    )


def _conflict(error: Conflict) -> Problem:
    match error.inner_code:
        case "ObjectIsDeletedButRecoverable":
            return problem_of(
                error,
                "service.name_of_deleted",
                "A deleted item keeps its name until it is purged.",
                "Recover it, purge it, or choose another name.",
                409,
            )
        case "ObjectIsBeingDeleted":
            return problem_of(
                error,
                "service.being_deleted",
                "Azure needs some seconds to complete this.",
                "Try again in a few seconds.",
                409,
            )
        case _ if error.message.startswith("There was a conflict restoring the "):
            return problem_of(
                error,
                "service.restore_conflict",
                "The name in the backup is in use, a deleted item holds it, or an item of this name was purged a few seconds "
                "ago. A certificate needs the name among keys and secrets too. Nothing was restored.",
                "Look for the name in the lists and under Deleted; after a purge, try again in a minute.",
                409,
            )
        case _:
            return problem_of(
                error,
                "service.conflict",
                error.words or "Azure reports a conflict.",
                "Look at the item's state, and try again when the other work has ended.",
                409,
            )
