"""Errors of the token endpoint on demand, by AADSTS number.

Source: Microsoft Entra: "authentication and authorization error codes"; texts as quoted in public issues.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vaults.emulator.entra.aadsts import SignInError, refusal
from vaults.emulator.faults.faults import Act, Proceed
from vaults.emulator.wire.http import Request, Response

ENDPOINT = r"/oauth2/(v2\.0/)?token$"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error code, the text, and the HTTP status. `{client}`, `{tenant}` and `{sent}` in a text stand for the
    request's client id, tenant and credential."""

    error: str
    text: str
    status: int = 401


_CLIENT, _REQUEST = "invalid_client", "invalid_request"
REFUSALS: Mapping[int, Refusal] = {
    7000215: Refusal(
        _CLIENT,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
        "client secret ID, for a secret added to app '{client}'.",
    ),
    7000222: Refusal(_CLIENT, "The provided client secret keys for app '{client}' are expired."),
    7000213: Refusal(_CLIENT, "Invalid certificate chain."),
    7000112: Refusal("unauthorized_client", "Application '{client}' is disabled.", 400),
    7000229: Refusal(
        _CLIENT,
        "The client application {client} is missing service principal in the tenant {tenant}. See instructions here: "
        "https://go.microsoft.com/fwlink/?linkid=2225119",
    ),
    700016: Refusal(
        "unauthorized_client",
        "Application with identifier '{client}' was not found in the directory '{tenant}'.",
        400,
    ),
    700024: Refusal(_CLIENT, "Client assertion is not within its valid time range."),
    700027: Refusal(
        _CLIENT,
        "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - "
        "The key was not found., Client app ID: '{client}'.]",
    ),
    50012: Refusal(
        _CLIENT,
        "Authentication failed for one of the following reasons: The subject name of the signing certificate isn't "
        "authorized. A matching trusted authority policy was not found for the authorized subject name.",
    ),
    500011: Refusal(
        "invalid_resource",
        "The resource principal named https://vault.azure.net was not found in the tenant named {tenant}.",
        400,
    ),
    53003: Refusal(
        "access_denied",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance. "
        "IP address: 203.0.113.7.",
        400,
    ),
    90002: Refusal(_REQUEST, "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.", 400),
    900023: Refusal(_REQUEST, "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid GUID.", 400),
    90038: Refusal(_REQUEST, "The tenant '{tenant}' belongs to another national cloud.", 400),
    90033: Refusal("temporarily_unavailable", "A transient error has occurred. Please try again.", 503),
    90055: Refusal("temporarily_unavailable", "There are too many incoming requests.", 429),
}  # fmt: skip


_ANY = Refusal(_CLIENT, "The request was refused.")


def refuse(number: int, text: str, retry_after: str | None, clock: Callable[[], float]) -> Act:
    """A fault that answers a token request with this error; `text` replaces the usual text."""
    chosen = REFUSALS.get(number, _ANY)

    def act(request: Request, _proceed: Proceed) -> Response:
        error = SignInError(number, chosen.error, _filled(text or chosen.text, request), chosen.status)
        response = refusal(error, request, clock())
        if retry_after is not None:
            response.headers.append(("Retry-After", retry_after))
        return response

    return act


def _filled(text: str, request: Request) -> str:
    form = request.form()
    sent = form.get("client_secret") or form.get("client_assertion", "")
    for name, value in (("client", form.get("client_id", "")), ("tenant", request.segments[0]), ("sent", sent)):
        text = text.replace(f"{{{name}}}", value)
    return text
