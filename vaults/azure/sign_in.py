"""Access tokens from Entra ID, by client credentials; `msal` does the protocol, on a short lead.

- One msal application per TokenSource: its cache does not look at the secret, so it is never shared.
- Asking is serialised: N threads that need a token at once send one request, and share its failure. Each waits no
  longer than its own time, and only so many wait: a silent sign-in host must not have all threads of the server.
- msal keeps failed answers and replays them, for up to an hour: it never gets to see one.
- msal talks through `_EntraWire`: our own session, and no host but the cloud's authority.
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
"""Time for discovery and token request together: some of a page's time is left for the vault then."""
MOST_WAITING = 16
"""As many calls wait for a token at once; the next ones only for this long."""
QUEUE_SECONDS = 2.0
REST_SECONDS = 10.0
"""A sign-in host that twice gave no answer is left alone for so long; a token that is still good is used meanwhile."""
FAIR_SECONDS = 3.0
"""What the sign-in host did not do in less time than this says nothing of it, and is no one else's failure."""

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
    """Adds the token to a request, and shows it to nobody else."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def __repr__(self) -> str:
        return "Bearer(...)"


class TokenSource:
    """Tokens for one application in one tenant of one cloud.

    `transport`: shared with others; its own without. `clock` is for tests. Raises InvalidTenant at once, and nothing else:
    the network is used on first need.
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
        self._wire = _EntraWire(cloud, self.transport, clock)
        self._application: Any = None
        self._failure: tuple[float, AuthenticationError] | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self.cloud.name!r}, {self.tenant_id!r}, {self.client_id!r})"

    def token(self, scope: str, seconds: float = TOKEN_SECONDS, *, refused: str = "") -> str:
        """A valid token for a scope within so many seconds, from the cache if possible. Raises AuthenticationError.

        `refused` is one that a vault has just turned down: it is dropped, unless another thread has done so.
        """
        asked_at = self._clock()
        until = asked_at + seconds
        with self._turn(seconds):
            if self._failure and self._failure[0] >= asked_at:
                raise self._failure[1].again()
            left = until - self._clock()
            try:
                token = self._ask(scope, until)
                if token == refused:
                    self._application = None
                    token = self._ask(scope, until)
            except AuthenticationError as error:
                if left >= FAIR_SECONDS:
                    self._failure = (self._clock(), error.again())
                raise
            return token

    @contextmanager
    def _turn(self, seconds: float) -> Iterator[None]:
        """The right to ask, waited for as long as that makes sense."""
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
        """The same as a signer of requests, so that the token stands in no variable of the caller."""
        return Bearer(self.token(scope, seconds))

    def renew(self, refused: Bearer, scope: str, seconds: float = TOKEN_SECONDS) -> Bearer:
        """A signer with another token than the one that a vault has just turned down."""
        return Bearer(self.token(scope, seconds, refused=refused.token))

    def forget(self) -> None:
        """Drop all tokens."""
        with self._lock:
            self._application = None

    def _ask(self, scope: str, until: float) -> str:
        """Ask msal. Raised outside the except block: msal's own exceptions may quote what was sent."""
        result: dict[str, Any] = {}
        failure = entra.failure("malformed", "It holds no token.")
        try:
            self._wire.start(until)
            if self._application is None:
                self._application = self._new_application()
            result = self._application.acquire_token_for_client([scope])
        except _NoAnswer as error:
            failure = error.failure
        except Exception as error:  # msal raises ValueError, KeyError, RuntimeError and others
            failure = entra.failure("internal", _place_of(error))
        token = result.get("access_token")
        if isinstance(token, str) and token.isascii() and token.isprintable():
            return token
        raise failure

    def _new_application(self) -> Any:
        return msal.ConfidentialClientApplication(
            self.client_id,
            client_credential=_for_msal(self._credential),
            authority=f"{self.cloud.authority}/{self.tenant_id}",
            # The authority comes from the deployment's list of clouds: nobody has to vouch for it again.
            instance_discovery=False,
            # Else msal reads MSAL_FORCE_REGION from the environment, and goes to another host.
            azure_region=msal.ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
            http_client=self._wire,
        )


def _for_msal(credential: Credential) -> str | dict[str, str]:
    if isinstance(credential, ClientSecret):
        return credential.value
    _check_key(credential)
    # Without a "thumbprint" of ours, msal takes the certificate's SHA-256.
    return {"private_key": credential.private_key_pem, "public_certificate": credential.certificate_pem}


def _check_key(credential: ClientCertificate) -> None:
    """Raises _NoAnswer for a key that msal can't sign with, before Entra is asked anything."""
    problem = ""
    try:
        key = load_pem_private_key(credential.private_key_pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "Its private key can't be read."
    else:
        if not isinstance(key, RSAPrivateKey):
            problem = "Its key is not RSA, and the sign-in library signs with RSA only."
    if problem:
        raise _NoAnswer(entra.failure("unusable_certificate", problem))


def _place_of(error: Exception) -> str:
    """Where an exception came from, for whoever has to find out; its words may quote what was sent."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}."


class _NoAnswer(requests.RequestException):
    """A failure on its way through msal, which goes on with a cached token if it has a good one."""

    def __init__(self, failure: AuthenticationError) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _EntraWire:
    """What msal takes for its http client: only to the authority's host, in time, and only good answers.

    Failures leave as _NoAnswer, right through msal.
    """

    def __init__(self, cloud: Cloud, transport: Transport, clock: Callable[[], float]) -> None:
        self._cloud = cloud
        self._transport = transport
        self._clock = clock
        self._until = 0.0
        self._breaker = Breaker(failures=2, rest=REST_SECONDS, clock=clock)

    def start(self, until: float) -> None:
        """A new token is asked for: its time begins."""
        self._until = min(until, self._clock() + TOKEN_SECONDS)

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> _EntraAnswer:
        """Discovery."""
        return self._send("GET", url, params=params, headers=headers)

    def post(self, url: str, *, params: Any = None, headers: Any = None, data: Any = None, **_: Any) -> _EntraAnswer:
        """The token request."""
        return self._send("POST", url, params=params, headers=headers, data=data)

    def _send(self, method: str, url: str, **parts: Any) -> _EntraAnswer:
        if not url.startswith(f"{self._cloud.authority}/"):
            raise _NoAnswer(entra.failure("malformed", "Its discovery names a host that is not its own."))
        seconds = self._until - self._clock()
        try:
            self._breaker.admit()
            answer = self._transport.exchange(self._cloud, method, url, seconds=seconds, **parts)
        except TransportError as error:
            if error.reason == "timeout" and seconds >= FAIR_SECONDS:
                self._breaker.record(failure=error.message)
            raise _NoAnswer(entra.failure(_unanswered(error), error.message)) from None
        except MalformedResponse as error:
            raise _NoAnswer(entra.failure("malformed", error.message, status=error.status)) from None
        self._breaker.record(failure=None)
        said = _said(answer)
        if answer.status >= 400 or not said or (method == "POST" and not said.get("access_token")):
            correlation = str((parts.get("headers") or {}).get("client-request-id", ""))
            raise _NoAnswer(entra.refusal(answer, said, _secrets_in(parts.get("data")), correlation))
        return _EntraAnswer(answer.status, answer.content.decode("utf-8"))


def _unanswered(error: TransportError) -> AuthenticationReason:
    if isinstance(error, UnreadableCaFile):
        return "ca_file"
    return "untrusted" if error.reason == "tls" else "unreachable"


def _said(answer: Response) -> json_values.Json:
    """The JSON of an answer, {} where it is none: a gateway has pages of its own."""
    try:
        return json_values.parse_object(answer.content)
    except MalformedResponse:
        return {}


def _secrets_in(form: Any) -> list[str]:
    """What proves who we are in a token request."""
    fields = form if isinstance(form, dict) else {}
    return [str(fields[name]) for name in ("client_secret", "client_assertion") if fields.get(name)]


class _EntraAnswer:
    """What msal takes for an answer. No headers: it would read Retry-After in them."""

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        self.text = text
        self.headers: dict[str, str] = {}
