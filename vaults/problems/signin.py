"""Entra ID gave no token."""

from vaults.keyvault.errors import AuthenticationError
from vaults.problems.problem import Problem, problem_of

#: By reason: title, meaning, what to do.
SENTENCES = {
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
    "unknown_certificate": (
        "The certificate is not registered",
        "Entra ID knows the application, but not this certificate.",
        "Upload its public part under Certificates & secrets of the app registration, then test the connection.",
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


def explain_authentication(error: AuthenticationError) -> Problem:
    title, meaning, todo = SENTENCES[error.reason]
    return problem_of(error, title, meaning, todo)
