"""Explain refusals and failures in sentences: what was tried, what it means, what to do next.

Both the portal (a role is missing) and Azure (the service principal may not) can refuse. A problem states which one did.
"""

from vaults.access import NotReached
from vaults.audit.appending import AuditUnavailable
from vaults.azure.errors import (
    AuthenticationError,
    AzureError,
    InvalidInput,
    NotAddressable,
    ServiceError,
    TransportError,
)
from vaults.clients import UnknownCloud
from vaults.models import Connection, Vault
from vaults.permissions import RevealsSpent, RoleMissing
from vaults.problems.network import explain_malformed, explain_transport
from vaults.problems.portal import explain_portal, explain_unaddressable
from vaults.problems.problem import Problem
from vaults.problems.service import explain_service
from vaults.problems.signin import explain_authentication
from vaults.sealing import SealBroken

__all__ = ["EXPECTED", "Expected", "Problem", "explain"]

#: All exceptions of an action that are not defects of the portal.
Expected = (
    AzureError | RoleMissing | NotReached | RevealsSpent | AuditUnavailable | SealBroken | UnknownCloud | InvalidInput
)
EXPECTED = (AzureError, RoleMissing, NotReached, RevealsSpent, AuditUnavailable, SealBroken, UnknownCloud, InvalidInput)


def explain(error: Expected, *, vault: Vault | None = None, connection: Connection | None = None) -> Problem:
    """The problem that explains an expected error to a person."""
    problem = _explained(error, vault, connection)
    if problem.retry_after is None and isinstance(error, AzureError | RevealsSpent):
        problem.retry_after = error.retry_after
    return problem


def _explained(error: Expected, vault: Vault | None, connection: Connection | None) -> Problem:
    match error:
        case AuthenticationError():
            return explain_authentication(error)
        case TransportError():
            return explain_transport(error)
        case ServiceError():
            return explain_service(error, vault)
        case NotAddressable():
            return explain_unaddressable(error)
        case AzureError():
            return explain_malformed(error)
        case _:
            return explain_portal(error, vault.connection if vault else connection)
