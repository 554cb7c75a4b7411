"""No token: Entra ID refused, could not respond, was not reached, or was not called."""

from vaults.azure.errors import AuthenticationError
from vaults.problems.problem import Problem, details_of, wait

#: By reason: code, meaning, what to do.
SENTENCES = {
    "wrong_secret": (
        "sign_in.wrong_secret",
        "Entra ID knows the application, but not this secret.",
        "Edit the connection and enter the secret's value (not its ID).",
    ),
    "expired_secret": (
        "sign_in.expired_secret",
        "Entra ID knows this secret, but it has expired.",
        "Make a new client secret in Entra ID, edit the connection and enter its value, and test the connection.",
    ),
    "unknown_certificate": (
        "sign_in.unknown_certificate",
        "Entra ID knows the application, but not this certificate.",
        "Upload its public part under Certificates & secrets of the app registration, then test the connection.",
    ),
    "expired_certificate": (
        "sign_in.expired_certificate",
        "Entra ID knows this certificate, but it has expired.",
        "Upload the public part of a new one in Entra ID, edit the connection and give it the certificate with its key.",
    ),
    "unusable_credential": (
        "sign_in.unusable_credential",
        "It takes what was sent for malformed: a secret that is none, or a certificate whose chain it does not accept.",
        "Edit the connection and enter the credential anew, then test the connection.",
    ),
    "unknown_tenant": (
        "sign_in.unknown_tenant",
        "Entra ID does not know the tenant ID of this connection in this cloud.",
        "Compare the tenant ID and the cloud with the directory's overview page in Entra ID.",
    ),
    "other_cloud": (
        "sign_in.other_cloud",
        "Entra ID knows the tenant, but not in the cloud of this connection.",
        "Edit the connection and choose the tenant's cloud.",
    ),
    "unknown_application": (
        "sign_in.unknown_application",
        "There is no application with this client ID in this tenant.",
        "Compare the application (client) ID; the service principal may live in another tenant.",
    ),
    "disabled_application": (
        "sign_in.disabled_application",
        "Entra ID knows the application, but somebody has switched it off. The credential may well be right.",
        "Under Enterprise applications, open it and set “Enabled for users to sign in?” to Yes, or ask who disabled it.",
    ),
    "missing_principal": (
        "sign_in.missing_principal",
        "The application exists, but this tenant has no service principal of it to sign in as.",
        "Make one in this tenant (it needs an administrator), or correct the connection's tenant ID.",
    ),
    "unknown_resource": (
        "sign_in.unknown_resource",
        "Entra ID found no service principal of Key Vault itself in this tenant.",
        "Compare the tenant ID and the cloud; the tenant may have no subscription that uses Key Vault.",
    ),
    "conditional_access": (
        "sign_in.conditional_access",
        "The credential is right, but a policy of the tenant lets the service principal sign in from named locations only.",
        "Have this server's outgoing address added to the policy's named locations; Entra ID's sign-in logs show which "
        "policy it was.",
    ),
    "clock": (
        "sign_in.clock",
        "What this server signed was not valid at the time that Entra ID's clock shows.",
        "Set this server's clock (NTP), then test the connection.",
    ),
    "other": (
        "sign_in.other",
        "The sign-in service refused.",
        "Correct what Entra ID names, and test the connection. Its code leads to Microsoft's page about it.",
    ),
    "unavailable": (
        "sign_in.unavailable",
        "The sign-in service could not answer now. Nothing is wrong with the connection, and no vault was asked.",
        "",
    ),
    "throttled": (
        "sign_in.throttled",
        "The sign-in service got too many requests for this tenant or application. Nothing is wrong with the connection, "
        "and no vault was asked.",
        "",
    ),
    "unreachable": (
        "sign_in.unreachable",
        "No answer came from the cloud's sign-in host, so no token could be asked for.",
        "Check this server's way out: DNS, firewall, proxy. Then try again.",
    ),
    "untrusted": (
        "sign_in.untrusted",
        "The host that answers can't prove that it is the cloud's sign-in host, so no credential was sent to it.",
        "If a proxy of yours opens TLS on the way, an operator names its CA in KVPORTAL_CA_FILE (or ca_file in the file "
        "of clouds). If not, somebody may be in between.",
    ),
    "ca_file": (
        "sign_in.ca_file",
        "This server can't tell whom to trust, so nothing was sent.",
        "An operator corrects KVPORTAL_CA_FILE, or the cloud's ca_file in the file of clouds.",
    ),
    "malformed": (
        "sign_in.malformed",
        "Something else answered in the place of the cloud's sign-in host, and nothing of its answer was used.",
        "A proxy or a sign-in page of the network may stand in between. Check this server's way out, then try again.",
    ),
    "unusable_certificate": (
        "sign_in.unusable_certificate",
        "This server could not sign with it; Entra ID was not asked.",
        "Edit the connection and give it an RSA certificate with its private key.",
    ),
    "internal": (
        "sign_in.internal",
        "Something failed in this server; Entra ID did not refuse.",
        "Try again. If it stays so, tell an operator what the details say.",
    ),
}  # fmt: skip
#: HTTP status of a page that shows only this problem, if it is not 502.
STATUS = {
    "unavailable": 503,
    "throttled": 503,
    "unreachable": 504,
    "ca_file": 500,
    "unusable_certificate": 500,
    "internal": 500,
}

WAIT_SECONDS = 60.0
"""Seconds to wait if Entra ID does not state a time."""


def explain_authentication(error: AuthenticationError) -> Problem:
    code, meaning, todo = SENTENCES[error.reason]
    says = {"other": "Entra ID says", "malformed": "It says"}.get(error.reason)
    words = f"{says}: “{error.words}”" if says and error.words else ""
    explained = " ".join(part for part in (meaning, words, error.detail) if part)
    problem = Problem(code, explained, [todo], details=_details(error), status=STATUS.get(error.reason, 502))
    if not todo:
        problem.retry_after = error.retry_after or WAIT_SECONDS
        problem.todo = [f"Wait {wait(problem.retry_after)}, then try again."]
    return problem


def _details(error: AuthenticationError) -> list[tuple[str, str]]:
    """The details of other errors, with Entra ID's message. Its request ID is called a correlation ID.

    Without a code, the message is not Entra ID's.
    """
    names = {"Azure's request ID": "Correlation ID"}
    *facts, time = [(names.get(label, label), text) for label, text in details_of(error)]
    return [
        *facts,
        *([("Entra ID's words" if error.code else "Words of the answer", error.words)] if error.words else []),
        time,
    ]
