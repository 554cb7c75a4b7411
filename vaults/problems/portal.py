"""The portal itself failed or refused."""

from vaults.access import NotReached
from vaults.acts import FormNotNoted
from vaults.audit.appending import AuditUnavailable
from vaults.azure.errors import (
    AmbiguousPath,
    InvalidClouds,
    InvalidIdentifier,
    InvalidInput,
    InvalidTenant,
    NotAddressable,
)
from vaults.clients import UnknownCloud
from vaults.models import Connection
from vaults.permissions import RevealsSpent, RoleMissing
from vaults.problems.problem import Problem, wait
from vaults.sealing import SealBroken

PortalError = RoleMissing | NotReached | RevealsSpent | AuditUnavailable | SealBroken | UnknownCloud | InvalidInput


def explain_portal(error: PortalError, connection: Connection | None) -> Problem:
    match error:
        case RoleMissing():
            return Problem(
                "portal.role_missing",
                "The portal refused; Azure was not asked. Your role in this team does not allow it.",
                [f"Ask an owner of the team for the role {error.role}."],
                status=403,
                facts={"role": error.role},
            )
        case NotReached():
            return Problem(
                "portal.not_reached",
                "The connection of this page was taken away from the vault, or the address names one that never reached it. "
                "Nothing was sent to Azure.",
                ["Open the vault again: its head shows the connection in use."],
                status=404,
            )
        case RevealsSpent():
            return Problem(
                "portal.reveals_spent",
                "The portal refused; Azure was not asked. So that nobody carries a whole vault away unseen, each person can "
                "reveal so many values in that time. The team's audit trail says that the limit was reached.",
                [f"Wait {wait(error.retry_after)}. An operator can set another limit (KVPORTAL_REVEAL_LIMIT)."],
                status=429,
                facts={"limit": error.limit, "minutes": error.minutes},
            )
        case InvalidIdentifier():
            return Problem(
                "portal.invalid_name",
                str(error),
                ["Look at the address: a name in it has other characters than letters, digits and hyphens."],
                status=404,
            )
        case FormNotNoted():
            return Problem(
                "portal.form_not_noted",
                "A form is noted before its work begins, so that it has one effect however often it is sent. "
                "That failed, so nothing was sent.",
                ["Try again in a moment; if it stays so, the database needs a look."],
                status=503,
            )
        case AuditUnavailable():
            return Problem(
                "portal.audit_unavailable",
                "Nothing is done without its record, so nothing was sent, or nothing is shown of what was answered.",
                ["Try again in a moment; if it stays so, the database needs a look."],
                status=503,
            )
        case SealBroken():
            return Problem(
                "portal.seal_broken",
                "It was altered, or was sealed with a key this server does not have.",
                ["Give the server its key ring back, or edit the connection and enter the credential anew."],
                status=500,
            )
        case InvalidTenant():
            return Problem(
                "portal.invalid_tenant",
                str(error),
                ["Edit the connection and correct it."],
                status=400,
            )
        case InvalidClouds():
            return Problem(
                "portal.invalid_clouds",
                f"This server does not know where to send anything. {error}",
                ["An operator corrects the file that KVPORTAL_CLOUDS_FILE names."],
                status=500,
            )
        case _:
            name = connection.cloud if connection else ""
            return Problem(
                "portal.host_not_allowed",
                str(error) if not isinstance(error, UnknownCloud) else f"This server knows no cloud named {name}.",
                [
                    "Compare the vault's name with the connection's cloud. An operator can add clouds (KVPORTAL_CLOUDS_FILE)."
                ],
                status=400,
            )


def explain_unaddressable(error: NotAddressable) -> Problem:
    if isinstance(error, AmbiguousPath):
        return Problem(
            "portal.ambiguous_path",
            f"{error.message} Azure would have done that, not what was asked for here. Nothing was sent.",
            ["Give it another name: make a new item, and let those who use this one change to it."],
            status=400,
        )
    return Problem(
        "portal.invalid_version",
        f"{error.message} What stands in its place could be a word of Key Vault's own addresses. Nothing was sent.",
        ["Open the item without a version: that shows its current one."],
        status=404,
    )
