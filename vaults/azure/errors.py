"""The exception hierarchy for calls to Azure.

    AzureError               message, status, code, inner_code, request_id, retry_after, maybe_done
      TransportError           no response: network, TLS, timeout, or not sent because of our own limits (reason)
        UnreadableCaFile       a cloud's CA file can't be read here
      AuthenticationError      no token (reason, AADSTS code, Entra's description)
      MalformedResponse        not a response of Azure: redirect, not JSON, too large
        BrokenLink             a nextLink that can't be followed
          ListIncomplete       a nextLink to a page that was already read
            ListTooLong        more pages than the limit, or than the time allows
        OnlyNameless           a list in which no item has a readable identifier
        HostileLink            a nextLink that is not to the same list
      NotAddressable           no unambiguous path exists; nothing was sent
        AmbiguousPath          the path is another operation's
        InvalidVersion         not a version
      ServiceError             the vault returned an error
        BadRequest             400
        Unauthorized           401
        Forbidden              403
        NotFound               404 of an item
        Conflict               409
        Throttled              429
        Unavailable            5xx

and, before anything is sent,

    InvalidInput (ValueError)
      InvalidTenant, InvalidVaultName, HostNotAllowed, InvalidIdentifier, InvalidClouds

No message, argument or repr of these holds a token, a client secret or a secret's value: messages are our own
text, or the vault's `error.message`, cut short.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

TransportReason = Literal["connect", "tls", "timeout", "broken", "busy", "resting"]
AuthenticationReason = Literal[
    # Entra ID refused the sign-in
    "wrong_secret",
    "expired_secret",
    "unknown_certificate",
    "expired_certificate",
    "unusable_credential",
    "unknown_tenant",
    "other_cloud",
    "unknown_application",
    "disabled_application",
    "missing_principal",
    "unknown_resource",
    "conditional_access",
    "clock",
    "other",
    # Not a refusal: Entra ID had an error, was not reached, or no request was sent
    "unavailable",
    "throttled",
    "unreachable",
    "untrusted",
    "ca_file",
    "malformed",
    "unusable_certificate",
    "internal",
]
_NO_REFUSAL = frozenset(
    {
        "unavailable",
        "throttled",
        "unreachable",
        "untrusted",
        "ca_file",
        "malformed",
        "unusable_certificate",
        "internal",
    }
)


class AzureError(Exception):
    """A call to Azure that failed.

    `retry_after` is the service's Retry-After in seconds. `maybe_done` is True if the vault may have made the change
    despite the error, so that the caller must check before it tries again. `permission` is the access-policy permission that
    the operation needs, set by the session. `others` are the errors of the parallel calls, if all of them failed.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        inner_code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.inner_code = inner_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.maybe_done = maybe_done
        self.permission = ""
        self.others: tuple[AzureError, ...] = ()


class TransportError(AzureError):
    """No response.

    `reason` is "connect" (no connection could be opened), "tls" (the host's certificate is not trusted), "timeout", "broken"
    (the connection was cut), "busy" (too many of our calls wait for this vault), or "resting" (the circuit breaker is open for
    `retry_after` seconds after repeated failures; `cause` describes the last one).
    """

    def __init__(
        self,
        message: str,
        *,
        reason: TransportReason,
        cause: str = "",
        maybe_done: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, maybe_done=maybe_done, retry_after=retry_after)
        self.reason: TransportReason = reason
        self.cause = cause


class UnreadableCaFile(TransportError):
    """The CA file can't be read here, so no host's certificate can be verified."""


class AuthenticationError(AzureError):
    """No token was issued. `code` is Entra's AADSTS number or OAuth error, `request_id` the correlation id.

    `words` is Entra's description, cut short and without anything that was sent; `detail` is our own sentence with the facts
    of this case, such as the IP address that Entra saw.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: AuthenticationReason,
        detail: str = "",
        words: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, request_id=request_id, retry_after=retry_after)
        self.reason: AuthenticationReason = reason
        self.detail = detail
        self.words = words

    @property
    def refused(self) -> bool:
        """True if Entra ID refused the sign-in; False if it returned a server error, was not reached, or was not called."""
        return self.reason not in _NO_REFUSAL

    def again(self) -> AuthenticationError:
        """A copy for another thread: threads must not share one exception object, which collects their tracebacks."""
        return AuthenticationError(
            self.message,
            reason=self.reason,
            detail=self.detail,
            words=self.words,
            status=self.status,
            code=self.code,
            request_id=self.request_id,
            retry_after=self.retry_after,
        )


class MalformedResponse(AzureError):
    """A response that is not in Azure's format."""


class BrokenLink(MalformedResponse):
    """The next page of a list can't be requested: its nextLink is not text, or (subclasses) the list does not end."""


class ListIncomplete(BrokenLink):
    """A nextLink leads to a page that was already read, so the rest of the list can't be read."""


class ListTooLong(ListIncomplete):
    """The list has more pages than the limit, or than can be read in the time limit. It may be endless."""


class OnlyNameless(MalformedResponse):
    """The list has items, but none with an identifier that can be read."""


class HostileLink(MalformedResponse):
    """A nextLink that is not to the same list of the same host, or has no $skiptoken. It was not followed."""


class NotAddressable(AzureError):
    """Nothing was sent: no path identifies this item and only this item."""


class AmbiguousPath(NotAddressable):
    """The name equals a fixed word in another operation's path, so the path would call that operation."""

    def __init__(self, method: str, path: str, other: str) -> None:
        super().__init__(f"{method} {path} is the operation {other}.")
        self.method = method
        self.path = path
        self.other = other


class InvalidVersion(NotAddressable):
    """Not a version: in its place in a path, other words could name another operation."""


class ServiceError(AzureError):
    """The vault returned an error. `code` and `inner_code` are `error.code` and `error.innererror.code`.

    `words` is the text of the response, "" if it had none; `message` is then our own text.
    """

    words = ""


class BadRequest(ServiceError):
    """400: a name, a member or a backup blob that the vault does not accept."""


class Unauthorized(ServiceError):
    """401, also with a new token: wrong tenant or wrong audience."""


class Forbidden(ServiceError):
    """403. `keyvault.refusals` finds the cause: policy, RBAC, firewall, private link, disabled or managed object, and others."""


class NotFound(ServiceError):
    """404 about an item that does not exist, is deleted, or does not exist yet. Any other 404 is a plain ServiceError."""


class Conflict(ServiceError):
    """409: the name is taken, deleted but recoverable, or being deleted."""


class Throttled(ServiceError):
    """429: the vault did not process the request."""


class Unavailable(ServiceError):
    """5xx."""


class InvalidInput(ValueError):
    """Input that can't be valid; nothing was sent."""


class InvalidTenant(InvalidInput):
    """Not a GUID or a domain name: any other tenant could send the client secret to another URL."""


class InvalidVaultName(InvalidInput):
    """Not a name that a vault can have."""


class HostNotAllowed(InvalidInput):
    """A host or an address that the cloud does not allow."""


class InvalidIdentifier(InvalidInput):
    """Not a name, a version or an identifier of Key Vault."""


class InvalidClouds(InvalidInput):
    """The clouds file is invalid; the message says what to change."""


_BY_STATUS: dict[int, type[ServiceError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    409: Conflict,
    429: Throttled,
}


def service_error_type(status: int, code: str, absent: Collection[str]) -> type[ServiceError]:
    """The class for an HTTP status of 400 or more. `absent`: the error codes of a 404 about an item.

    The code decides because a proxy or gateway may return a 404 that is not about an item.
    """
    if status == 404:
        return NotFound if code in absent else ServiceError
    return Unavailable if status >= 500 else _BY_STATUS.get(status, ServiceError)
