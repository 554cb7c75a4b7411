"""What can go wrong between us and a vault, as one tree.

    AzureError              message, status, code, inner_code, request_id, retry_after, maybe_done
      TransportError           no answer: network, TLS, timeout, or we held the call back (reason)
        UnreadableCaFile       a cloud's CA file can't be read here
      AuthenticationError      no token (reason, AADSTS code, Entra's words)
      MalformedResponse          an answer that no Key Vault gives: redirect, not JSON, too large
        BrokenLink             a nextLink that leads nowhere
        HostileLink            a nextLink that leads away from the list it was asked of
      ServiceError             the vault answered with an error
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

No message, argument or repr of these ever holds a token, a client secret or a value: messages are our own
words, or the `error.message` of the vault, cut short.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

TransportReason = Literal["connect", "tls", "timeout", "broken", "busy", "resting"]
AuthenticationReason = Literal[
    # Entra ID refused
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
    # It refused nothing: it could not, was not reached, or was not asked
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
    """A call that did not give what was asked for.

    `retry_after` is in seconds, as the service asked for it. `maybe_done` is True when the vault may have
    changed something all the same, so that the caller must look before it tries again. `permission` is the
    access-policy permission that the operation needs, once an operation was under way. `others` are those of the calls
    beside it, where none brought anything.
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
    """No answer came.

    `reason` says why: "connect" (nobody there), "tls" (not the host it says it is), "timeout", "broken" (cut
    off in the middle), "busy" (too many of our calls wait for this vault), "resting" (it failed so often that
    we leave it alone for `retry_after` seconds; `cause` says how it failed at last).
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
    """The CAs to trust can't be read here, so no host can prove who it is."""


class AuthenticationError(AzureError):
    """No token came. `code` is Entra's AADSTS number, `request_id` the correlation id.

    `words` are Entra's own, cut short and without anything that was sent; `detail` is a sentence of ours about this
    very case, such as the address that Entra saw.
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
        """Did Entra ID say no, rather than nothing?"""
        return self.reason not in _NO_REFUSAL

    def again(self) -> AuthenticationError:
        """A copy for another thread: one exception object must not gather the tracebacks of many."""
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
    """An answer that does not look like Key Vault's; nothing of it is used."""


class BrokenLink(MalformedResponse):
    """What comes next in a list can't be asked for: its nextLink is no address, or leads round in a circle."""


class ListIncomplete(BrokenLink):
    """The list goes round in circles; what was read before is all there is to have."""


class ListTooLong(ListIncomplete):
    """The list has more pages than are read, or than come in the time there is. It may have no end."""


class OnlyNameless(MalformedResponse):
    """The list has items, but none with an identifier that can be read."""


class HostileLink(MalformedResponse):
    """A nextLink to another host or another list. It was not followed."""


class NotAddressable(AzureError):
    """Nothing was sent: no path means this item, and nothing else."""


class AmbiguousPath(NotAddressable):
    """The path has a fixed word of another operation where a name stands, and would be taken for that one's."""

    def __init__(self, method: str, path: str, other: str) -> None:
        super().__init__(f"{method} {path} is the operation {other}.")
        self.method = method
        self.path = path
        self.other = other


class InvalidVersion(NotAddressable):
    """Not a version: where one stands, other words have a meaning of their own."""


class ServiceError(AzureError):
    """The vault answered with an error. `code` and `inner_code` are `error.code` and its innererror's.

    `words` are those of the answer; "" where it had none, so that `message` is ours.
    """

    words = ""


class BadRequest(ServiceError):
    """400: a name, a member or a backup blob that the vault does not take."""


class Unauthorized(ServiceError):
    """401, also with a fresh token: wrong tenant, wrong audience."""


class Forbidden(ServiceError):
    """403. `inner_code` tells policy, RBAC, firewall, private link, disabled and managed objects apart."""


class NotFound(ServiceError):
    """404 about an item: not there, deleted, or not there yet. Any other 404 is a mere ServiceError."""


class Conflict(ServiceError):
    """409: the name is taken, deleted but recoverable, or being deleted."""


class Throttled(ServiceError):
    """429: the vault did not look at the request."""


class Unavailable(ServiceError):
    """5xx."""


class InvalidInput(ValueError):
    """Something that can't be meant; nothing was sent."""


class InvalidTenant(InvalidInput):
    """A tenant is a GUID or a domain name: anything else could turn the client secret to another place."""


class InvalidVaultName(InvalidInput):
    """Not a name that a vault can have."""


class HostNotAllowed(InvalidInput):
    """A host, or an address, that the cloud does not vouch for."""


class InvalidIdentifier(InvalidInput):
    """Not a name, a version or an identifier of Key Vault."""


class InvalidClouds(InvalidInput):
    """The file of clouds can't be used; the message says what to change."""


_BY_STATUS: dict[int, type[ServiceError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    409: Conflict,
    429: Throttled,
}


def service_error_type(status: int, code: str, absent: Collection[str]) -> type[ServiceError]:
    """The class for an HTTP status of 400 and more. `absent`: the codes of a 404 that is about an item.

    Anything on the way may answer 404, and knows nothing of items.
    """
    if status == 404:
        return NotFound if code in absent else ServiceError
    return Unavailable if status >= 500 else _BY_STATUS.get(status, ServiceError)
