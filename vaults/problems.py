"""Refusals and failures as sentences: what was tried, what it means, what to do next.

Two may refuse: the portal (a role is missing) and Azure (the service principal may not). A problem says which.
"""

import re
from dataclasses import dataclass, field

from django.utils import timezone

from vaults.audit import AuditUnavailable
from vaults.clients import UnknownCloud
from vaults.keyvault.errors import (
    AuthenticationError,
    BadRequest,
    Conflict,
    Forbidden,
    HostileLink,
    InvalidIdentifier,
    InvalidInput,
    KeyVaultError,
    MalformedAnswer,
    NotFound,
    ServiceError,
    Throttled,
    TransportError,
    Unauthorized,
)
from vaults.models import Connection, Vault
from vaults.permissions import RoleMissing
from vaults.remedies import grant_remedy
from vaults.sealing import SealBroken


@dataclass(slots=True)
class Problem:
    """What a page shows of a refusal. `status` is the HTTP status of a page that is nothing but this problem."""

    title: str
    meaning: str
    todo: list[str] = field(default_factory=list)
    command: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)
    status: int = 502
    permission: str = ""


#: Everything an action may raise that is not a defect of ours.
EXPECTED = (
    KeyVaultError,
    RoleMissing,
    AuditUnavailable,
    SealBroken,
    UnknownCloud,
    InvalidInput,
)

AUTHENTICATION_SENTENCES = {
    "wrong_secret": (
        "The client secret is wrong",
        "Entra ID knows the application, but not this secret.",
        "Enter the secret's value (not its ID) on the connection's page.",
    ),
    "expired_secret": (
        "The client secret has expired",
        "Entra ID knows this secret, but its time is over.",
        "Make a new client secret in Entra ID, enter it on the connection's page, and test the connection.",
    ),
    "unknown_tenant": (
        "There is no such tenant",
        "Entra ID does not know the tenant ID of this connection in this cloud.",
        "Compare the tenant ID and the cloud with the directory's overview page in Entra ID.",
    ),
    "unknown_application": (
        "The tenant does not know this application",
        "There is no application with this client ID in this tenant.",
        "Compare the application (client) ID; the service principal may live in another tenant.",
    ),
    "unreachable": (
        "The sign-in service can't be reached",
        "No answer came from the cloud's sign-in host, so no token could be asked for.",
        "Check this server's way out: DNS, firewall, proxy. Then try again.",
    ),
    "other": (
        "Entra ID gave no token",
        "The sign-in service refused for a reason of its own; its code is below.",
        "Look the code up, correct the connection, and test it.",
    ),
}

TRANSPORT_SENTENCES = {
    "connect": "Nobody answers at the vault's address.",
    "tls": "The host that answers can't prove that it is the vault.",
    "timeout": "The vault did not answer in time.",
    "broken": "The answer broke off in the middle.",
    "busy": "Too many calls to this vault are waiting already.",
    "resting": "The vault failed several times in a row, so it is left alone for a moment.",
}


def explain(error: Exception, *, vault: Vault | None = None, connection: Connection | None = None) -> Problem:
    """The problem that one of EXPECTED makes for a person."""
    connection = vault.connection if vault else connection
    match error:
        case RoleMissing():
            return Problem(
                f"This needs the role {error.role}",
                "The portal refused; Azure was not asked. Your role in this team does not hold "
                f"the right to do this ({error.action}).",
                [f"Ask an owner of the team for the role {error.role}."],
                status=403,
            )
        case AuthenticationError():
            return _authentication(error)
        case TransportError():
            return _transport(error)
        case Forbidden() if vault:
            return _forbidden(error, vault)
        case ServiceError():
            return _service(error)
        case HostileLink():
            return _plain(
                error,
                "The vault's list leads elsewhere",
                "A page of the list named a next page outside this list. It was not followed, and no token was sent there.",
                "Tell whoever runs the network between this server and Azure: somebody may be changing answers.",
            )
        case MalformedAnswer():
            return _plain(
                error,
                "The answer does not look like Key Vault's",
                error.message,
                "A proxy or a sign-in page may stand between this server and Azure. Nothing of the answer was used.",
            )
        case InvalidIdentifier():
            return Problem(
                "Key Vault has no such names",
                str(error),
                [
                    "Look at the address: a name or a version in it has other characters than letters, digits and hyphens."
                ],
                status=404,
            )
        case AuditUnavailable():
            return Problem(
                "The audit trail can't be written",
                "Nothing is done without its record, so nothing was sent, or nothing is shown of what was answered.",
                ["Try again in a moment; if it stays so, the database needs a look."],
                status=503,
            )
        case SealBroken():
            return Problem(
                "The stored credential can't be opened",
                "It was altered, or was sealed with a key this server does not have.",
                ["Give the server its key ring back, or enter the credential anew on the connection's page."],
                status=500,
            )
        case _:
            name = connection.cloud if connection else ""
            return Problem(
                "The address is not one of this cloud's vaults",
                str(error) if not isinstance(error, UnknownCloud) else f"This server knows no cloud named {name}.",
                [
                    "Compare the vault's name and the connection's cloud; an operator can add clouds (KVPORTAL_CLOUDS_FILE)."
                ],
                status=400,
            )


def _details(error: KeyVaultError) -> list[tuple[str, str]]:
    found = [
        ("Status", str(error.status or "")),
        ("Code", error.code),
        ("Inner code", error.inner_code),
        ("Azure's request ID", error.request_id),
        ("Azure's words", error.message if isinstance(error, ServiceError) else ""),
        ("Time", timezone.now().strftime("%Y-%m-%d %H:%M:%S UTC")),
    ]
    return [(label, text) for label, text in found if text]


def _plain(error: KeyVaultError, title: str, meaning: str, todo: str, status: int = 502) -> Problem:
    return Problem(title, meaning, [todo], details=_details(error), status=status)


def _authentication(error: AuthenticationError) -> Problem:
    title, meaning, todo = AUTHENTICATION_SENTENCES[error.reason]
    return _plain(error, title, meaning, todo)


def _transport(error: TransportError) -> Problem:
    meaning = TRANSPORT_SENTENCES[error.reason]
    if error.maybe_done:
        return _plain(
            error,
            "The answer was lost",
            f"{meaning} The request may have been carried out all the same.",
            "Look at the item before you try again: a second try could make a second version.",
            504,
        )
    todo = "Nothing was changed. Try again in a moment; if it stays so, check this server's way to the vault."
    return _plain(error, "The vault can't be reached", meaning, todo, 504)


def _service(error: ServiceError) -> Problem:
    match error:
        case Unauthorized():
            return _plain(
                error,
                "Azure did not accept the token",
                "The vault belongs to another tenant or cloud than this connection, or the token was withdrawn.",
                "Compare the connection's tenant with the vault's directory in the Azure Portal, and test the connection.",
            )
        case NotFound():
            return _plain(
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
            return _plain(
                error,
                "Azure is throttling this vault",
                f"Too many requests reached it in the last seconds, from here or elsewhere; it did not look at this one.{wait}",
                "Nothing was changed. Wait some seconds, then try again.",
                503,
            )
        case BadRequest():
            return _plain(
                error,
                "Azure did not accept the request",
                error.message or "A name or a value breaks Key Vault's rules.",
                "Correct what it names, and try again.",
                400,
            )
        case _:
            return _plain(
                error,
                "Azure has trouble of its own",
                "The vault answered that it can't serve this now.",
                "Try again in a moment; Azure's status page may tell more.",
            )


def _conflict(error: Conflict) -> Problem:
    match error.inner_code:
        case "ObjectIsDeletedButRecoverable":
            return _plain(
                error,
                "The name belongs to a deleted item",
                "A deleted item keeps its name until it is purged.",
                "Recover it, purge it, or choose another name.",
                409,
            )
        case "ObjectIsBeingDeleted":
            return _plain(
                error,
                "The item is still being deleted or recovered",
                "Azure takes some seconds to settle this.",
                "Try again in a few seconds.",
                409,
            )
        case _:
            return _plain(
                error,
                "Something else is going on with this name",
                error.message or "Azure reports a conflict.",
                "Look at the item's state, and try again when the other work has ended.",
                409,
            )


_NETWORK_CODES = {"ForbiddenByFirewall", "ForbiddenByConnection"}
_MANAGED_CODES = {"KeyManagedByKeyVault", "SecretManagedByKeyVault"}
_POLICY = re.compile(r"does not have (\w+) (\w+) permission")
_OBJECT_ID = re.compile(r"oid=([0-9a-fA-F-]{36})")


def _forbidden(error: Forbidden, vault: Vault) -> Problem:
    principal = f"the service principal of “{vault.connection.name}” ({vault.connection.client_id})"
    if error.inner_code in _NETWORK_CODES:
        return _plain(
            error,
            "The vault's firewall turned this server away",
            "Azure refused because of where the call came from; it says nothing about permissions.",
            f"Allow this server's address in the networking settings of {vault.name}, or use its private endpoint.",
            403,
        )
    if error.inner_code.endswith("Disabled"):
        return _plain(
            error,
            "The item is disabled",
            "Azure hands nothing out of a disabled item, whoever asks.",
            "Enable it first (Edit), if it should be used.",
            403,
        )
    if error.inner_code in _MANAGED_CODES:
        return _plain(
            error,
            "It belongs to a certificate",
            "Keys and secrets behind a certificate are managed by Key Vault and change only with it.",
            "Work on the certificate of the same name instead.",
            403,
        )
    policy = _POLICY.search(error.message)
    permission = f"{policy[1]}/{policy[2]}" if policy else error.permission
    if not permission:
        return _plain(
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
        _details(error),
        403,
        permission,
    )
