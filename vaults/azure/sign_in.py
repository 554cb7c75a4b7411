"""Access tokens from Entra ID by client credentials. `msal` implements the protocol, restricted as follows:

- One msal application per TokenSource: msal's cache ignores the client secret, so it must never be shared.
- Token requests are serialised: N threads that need a token at the same time send one request, and share its failure. Each
  waits no longer than its own time limit, and the number of waiting threads is limited, so that a sign-in host that does
  not respond can't block all threads of the server.
- msal caches error responses and returns them again for up to an hour, so it never receives one.
- msal sends requests through `_EntraHttpClient`: with our own session, and only to the cloud's authority.
"""

from __future__ import annotations

import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msal
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase

from vaults.azure import entra, json_values
from vaults.azure.clouds import Cloud
from vaults.azure.errors import (
    AuthenticationError,
    AuthenticationReason,
    InvalidTenant,
    MalformedResponse,
    TransportError,
    UnreadableCaFile,
)
from vaults.azure.limits import Breaker
from vaults.azure.transport import Response, Transport

TOKEN_SECONDS = 10.0
"""Time limit for discovery and token request together; it leaves part of a page's time for the vault."""
MOST_WAITING = 16
"""Maximum number of calls that wait for a token."""
QUEUE_SECONDS = 2.0
"""Further calls wait this long for one of those places."""
REST_SECONDS = 10.0
"""After two timeouts in a row the sign-in host gets no request for this long; a cached token is used as long as it is valid."""
FAIR_SECONDS = 3.0
"""With less time than this, a timeout is not counted against the sign-in host, and a failure is not shared with other calls."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([0-9a-zA-Z]([0-9a-zA-Z-]{0,61}[0-9a-zA-Z])?\.)+[a-zA-Z]{2,63}")


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret of an application."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate of an application, with its unencrypted private key, both PEM."""

    private_key_pem: str = field(repr=False)
    certificate_pem: str = field(repr=False)


Credential = ClientSecret | ClientCertificate


class Bearer(AuthBase):
    """Adds the token to a request; its repr hides the token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def __repr__(self) -> str:
        return "Bearer(...)"


class TokenSource:
    """Tokens for one application in one tenant of one cloud.

    `transport` may be shared; without one it creates its own. `clock` is for tests. The constructor raises InvalidTenant and
    does not use the network.
    """

    def __init__(
        self,
        cloud: Cloud,
        tenant_id: str,
        client_id: str,
        credential: Credential,
        *,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (_GUID.fullmatch(tenant_id) or _DOMAIN.fullmatch(tenant_id)):
            raise InvalidTenant("A tenant is a GUID or a domain name.")
        self.cloud = cloud
        self.transport = transport or Transport()
        self.tenant_id = tenant_id
        self.client_id = client_id
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = threading.Semaphore(MOST_WAITING)
        self._http_client = _EntraHttpClient(cloud, self.transport, clock)
        self._application: Any = None
        self._failure: tuple[float, AuthenticationError] | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self.cloud.name!r}, {self.tenant_id!r}, {self.client_id!r})"

    def token(self, scope: str, seconds: float = TOKEN_SECONDS, *, refused: str = "") -> str:
        """A valid token for a scope, from the cache if possible, within `seconds`. Raises AuthenticationError.

        `refused` is a token that a vault has just refused: it is dropped, unless another thread has already done so.
        """
        asked_at = self._clock()
        until = asked_at + seconds
        with self._token_lock(seconds):
            if self._failure and self._failure[0] >= asked_at:
                raise self._failure[1].again()
            left = until - self._clock()
            try:
                token = self._request_token(scope, until)
                if token == refused:
                    self._application = None
                    token = self._request_token(scope, until)
            except AuthenticationError as error:
                if left >= FAIR_SECONDS:
                    self._failure = (self._clock(), error.again())
                raise
            return token

    @contextmanager
    def _token_lock(self, seconds: float) -> Iterator[None]:
        """The lock that only one token request holds at a time. Raises AuthenticationError if it is not free in time."""
        until = time.monotonic() + seconds
        if not self._waiting.acquire(timeout=max(min(QUEUE_SECONDS, seconds), 0)):
            raise entra.failure("unreachable", "Too many calls wait for its answer already.")
        try:
            if not self._lock.acquire(timeout=max(until - time.monotonic(), 0)):
                raise entra.failure("unreachable", "No token came in time.")
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._waiting.release()

    def bearer(self, scope: str, seconds: float = TOKEN_SECONDS) -> Bearer:
        """The token as a Bearer, so that the caller has no variable with the token's text. Raises AuthenticationError."""
        return Bearer(self.token(scope, seconds))

    def renew(self, refused: Bearer, scope: str, seconds: float = TOKEN_SECONDS) -> Bearer:
        """A Bearer with a new token in place of one that a vault has just refused. Raises AuthenticationError."""
        return Bearer(self.token(scope, seconds, refused=refused.token))

    def forget(self) -> None:
        """Drop all tokens."""
        with self._lock:
            self._application = None

    def _request_token(self, scope: str, until: float) -> str:
        """A token from msal. Raises AuthenticationError, outside the except block: msal's exceptions may quote what was sent."""
        result: dict[str, Any] = {}
        failure = entra.failure("malformed", "It holds no token.")
        try:
            self._http_client.start(until)
            if self._application is None:
                self._application = self._new_application()
            result = self._application.acquire_token_for_client([scope])
        except _SignInFailed as error:
            failure = error.failure
        except Exception as error:  # msal raises ValueError, KeyError, RuntimeError and others
            failure = entra.failure("internal", _location_of(error))
        token = result.get("access_token")
        if isinstance(token, str) and token.isascii() and token.isprintable():
            return token
        raise failure

    def _new_application(self) -> Any:
        return msal.ConfidentialClientApplication(
            self.client_id,
            client_credential=_for_msal(self._credential),
            authority=f"{self.cloud.authority}/{self.tenant_id}",
            # The authority comes from the deployment's list of clouds, so it needs no further verification.
            instance_discovery=False,
            # Otherwise msal reads MSAL_FORCE_REGION from the environment, and calls another host.
            azure_region=msal.ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
            http_client=self._http_client,
        )


def _for_msal(credential: Credential) -> str | dict[str, str]:
    if isinstance(credential, ClientSecret):
        return credential.value
    _check_key(credential)
    # Without a "thumbprint", msal computes the certificate's SHA-256 itself.
    return {"private_key": credential.private_key_pem, "public_certificate": credential.certificate_pem}


def _check_key(credential: ClientCertificate) -> None:
    """Raise _SignInFailed for a key that msal can't sign with, before a request is sent to Entra."""
    problem = ""
    try:
        key = load_pem_private_key(credential.private_key_pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "Its private key can't be read."
    else:
        if not isinstance(key, RSAPrivateKey):
            problem = "Its key is not RSA, and the sign-in library signs with RSA only."
    if problem:
        raise _SignInFailed(entra.failure("unusable_certificate", problem))


def _location_of(error: Exception) -> str:
    """Type, file and line of an exception, for its analysis. Its message is left out: it may quote what was sent."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}."


class _SignInFailed(requests.RequestException):
    """A failed sign-in, raised through msal, which catches it and uses the cached token if that is still valid."""

    def __init__(self, failure: AuthenticationError) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _EntraHttpClient:
    """The HTTP client given to msal: calls only the authority's host, within a time limit, and returns only successes.

    Failures are raised through msal as _SignInFailed.
    """

    def __init__(self, cloud: Cloud, transport: Transport, clock: Callable[[], float]) -> None:
        self._cloud = cloud
        self._transport = transport
        self._clock = clock
        self._until = 0.0
        self._breaker = Breaker(failures=2, rest=REST_SECONDS, clock=clock)

    def start(self, until: float) -> None:
        """Start the time limit of a new token request, which ends at `until` at the latest."""
        self._until = min(until, self._clock() + TOKEN_SECONDS)

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> _EntraResponse:
        """The request for the authority's OpenID configuration."""
        return self._send("GET", url, params=params, headers=headers)

    def post(self, url: str, *, params: Any = None, headers: Any = None, data: Any = None, **_: Any) -> _EntraResponse:
        """The token request."""
        return self._send("POST", url, params=params, headers=headers, data=data)

    def _send(self, method: str, url: str, **parts: Any) -> _EntraResponse:
        if not url.startswith(f"{self._cloud.authority}/"):
            raise _SignInFailed(entra.failure("malformed", "Its discovery names a host that is not its own."))
        seconds = self._until - self._clock()
        try:
            self._breaker.admit()
            response = self._transport.exchange(self._cloud, method, url, seconds=seconds, **parts)
        except TransportError as error:
            if error.reason == "timeout" and seconds >= FAIR_SECONDS:
                self._breaker.record(failure=error.message)
            raise _SignInFailed(entra.failure(_reason_of(error), error.message)) from None
        except MalformedResponse as error:
            raise _SignInFailed(entra.failure("malformed", error.message, status=error.status)) from None
        self._breaker.record(failure=None)
        body = _body_of(response)
        if response.status >= 400 or not body or (method == "POST" and not body.get("access_token")):
            correlation = str((parts.get("headers") or {}).get("client-request-id", ""))
            raise _SignInFailed(entra.refusal(response, body, _secrets_in(parts.get("data")), correlation))
        return _EntraResponse(response.status, response.content.decode("utf-8"))


def _reason_of(error: TransportError) -> AuthenticationReason:
    if isinstance(error, UnreadableCaFile):
        return "ca_file"
    return "untrusted" if error.reason == "tls" else "unreachable"


def _body_of(response: Response) -> json_values.Json:
    """The JSON of a response; {} if it is not a JSON object, such as a gateway's error page."""
    try:
        return json_values.parse_object(response.content)
    except MalformedResponse:
        return {}


def _secrets_in(form: Any) -> list[str]:
    """The credentials in the form of a token request: client secret and client assertion."""
    fields = form if isinstance(form, dict) else {}
    return [str(fields[name]) for name in ("client_secret", "client_assertion") if fields.get(name)]


class _EntraResponse:
    """A response in the form that msal expects. Without headers: msal would read Retry-After from them."""

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        self.text = text
        self.headers: dict[str, str] = {}
