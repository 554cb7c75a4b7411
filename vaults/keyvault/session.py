"""VaultSession.send: every request to a vault goes through it.

It accepts only operations of the catalogue, adds the token after a check that the host is the cloud's, renews a refused
token once, repeats requests that may be repeated, maps errors, and keeps an Exchange of each request for the audit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from vaults.azure import responses
from vaults.azure.clouds import Cloud
from vaults.azure.errors import AzureError, HostNotAllowed, MalformedResponse, Throttled, TransportError, Unavailable
from vaults.azure.json_values import Json
from vaults.azure.limits import Limits
from vaults.azure.sign_in import Bearer, TokenSource
from vaults.azure.time_limit import time_left
from vaults.azure.transport import Response
from vaults.keyvault.operations import ABSENT_CODES, API_VERSIONS, OPERATIONS, Operation
from vaults.keyvault.paths import path_of

T = TypeVar("T")

FAIR_SECONDS = 3.0
"""A timeout after less time than this is not counted against the vault: most of the time was used before the request."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits. `seconds`: for all tries together, or less within a `time_limit`; `tries`: their number;
    `queue_seconds`: for other calls to the same vault; `longest_pause`: in seconds, before a retry.
    """

    seconds: float = 15.0
    tries: int = 3
    queue_seconds: float = 2.0
    longest_pause: float = 5.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it was sent. `status` is None if there was no response.

    `operation` is its name in the catalogue, `scope` its token's scope. `body_members` are the names of the members sent,
    never their values. `azure_date` is the time of the vault's clock, to detect a wrong clock here.
    """

    method: str
    url: str
    status: int | None
    azure_request_id: str
    milliseconds: int
    api_version: str
    operation: str
    scope: str
    body_members: tuple[str, ...] = ()
    azure_date: datetime | None = None


class VaultSession:
    """Sends operations to one vault for one application. Thread-safe.

    `request_id` is sent as x-ms-client-request-id, so that Azure's log can be matched with ours.
    `exchanges` has the requests sent so far, oldest first.
    `before_change` is called before each request that is not a GET, and may raise so that the request is not sent.
    `limits` should be shared by all sessions with this vault in the process. `clock`, `sleep` and `jitter` are for tests.
    """

    def __init__(
        self,
        vault_url: str,
        cloud: Cloud,
        tokens: TokenSource,
        api_version: str = "7.0",
        request_id: str | None = None,
        *,
        patience: Patience | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        if api_version not in API_VERSIONS:
            raise ValueError(f"{api_version} is not an api-version that this client knows.")
        self.vault_url = cloud.vault_url(vault_url)
        self.api_version = api_version
        self.exchanges: list[Exchange] = []
        self.before_change: Callable[[], None] = lambda: None
        self._cloud = cloud
        self.transport = tokens.transport
        self._tokens = tokens
        self._request_id = request_id
        self._patience = patience or Patience()
        self._limits = limits or Limits()
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter

    def send(
        self,
        operation: Operation,
        read: Callable[[Json], T],
        *,
        name: str = "",
        version: str = "",
        query: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> T:
        """Carry out an operation and return the response's JSON ({} for status 204), parsed by `read`.

        Raises AzureError; before anything is sent NotAddressable (an AzureError), InvalidIdentifier or HostNotAllowed.
        """
        call = self._call(operation, name, version, query, json)
        until = self._clock() + time_left(self._patience.seconds)
        self._limits.budget.earn()
        tries = 1
        while True:
            try:
                return self._try(call, read, until)
            except AzureError as error:
                pause = self._pause_before_repeat(operation, error, tries, until)
                if pause is None:
                    error.permission = operation.permission
                    error.maybe_done = operation.method != "GET" and (
                        error.maybe_done or isinstance(error, MalformedResponse)
                    )
                    raise
            self._sleep(pause)
            tries += 1

    def _call(
        self,
        operation: Operation,
        name: str,
        version: str,
        query: Mapping[str, str] | None,
        json: Mapping[str, Any] | None,
    ) -> _Call:
        if OPERATIONS.get(operation.name) is not operation:
            raise ValueError(f"{operation.name} is not in the catalogue.")
        path = path_of(operation, name, version)
        api_version = operation.api_version(self.api_version)
        parameters = urlencode({"api-version": api_version, **(query or {})}, safe="$", quote_via=quote)
        return _Call(operation, f"{self.vault_url}{path}?{parameters}", api_version, json)

    def _try(self, call: _Call, read: Callable[[Json], T], until: float) -> T:
        """One try. It sends a second request only after a 401 challenge, which the vault sends before it does anything.

        The scope is always the cloud's: the scope in the challenge is ignored.
        """
        if not self._cloud.allows_vault_host(urlsplit(call.url).netloc):
            raise HostNotAllowed("No token is sent to this host.")
        bearer = self._tokens.bearer(self._cloud.scope, until - self._clock())
        response = self._exchange(call, bearer, until)
        if response.status == 401 and response.headers.get("WWW-Authenticate", "").lower().startswith("bearer"):
            bearer = self._tokens.renew(bearer, self._cloud.scope, until - self._clock())
            response = self._exchange(call, bearer, until)
        try:
            hidden = (bearer.token, *call.values())
            operation = call.operation
            return read(responses.result(response, operation.name, operation.ok, absent=ABSENT_CODES, hidden=hidden))
        except MalformedResponse as error:
            error.status, error.request_id = response.status, responses.request_id(response.headers)
            raise

    def _exchange(self, call: _Call, bearer: Bearer, until: float) -> Response:
        """Send one request within the limits of this vault."""
        queue_seconds = min(self._patience.queue_seconds, until - self._clock())
        if until - self._clock() <= self._least_seconds(call.operation):
            raise TransportError("No time was left to ask the vault.", reason="timeout")
        with self._limits.bulkhead.slot(queue_seconds):
            if call.operation.method != "GET":
                self.before_change()  # as late as possible: waiting for the queue, a token or a retry may have taken long
            self._limits.breaker.admit()
            started = self._clock()
            seconds = until - started
            try:
                response = self.transport.exchange(
                    self._cloud,
                    call.operation.method,
                    call.url,
                    seconds=seconds,
                    headers={"x-ms-client-request-id": self._request_id} if self._request_id else None,
                    json=call.json,
                    auth=bearer,
                    largest=call.operation.largest_answer,
                )
            except (TransportError, MalformedResponse) as error:
                self._record_exchange(call, started, error.status, {})
                alive = isinstance(error, MalformedResponse)
                if alive or seconds >= FAIR_SECONDS:
                    self._limits.breaker.record(failure=None if alive else error.message)
                raise
            self._record_exchange(call, started, response.status, response.headers)
            failed = response.status >= 500
            self._limits.breaker.record(failure=f"It answered with status {response.status}." if failed else None)
            return response

    def _least_seconds(self, operation: Operation) -> float:
        """Seconds that must be left for a request. With less, a change is not sent, because its result could stay unknown."""
        patient = self._patience.seconds > FAIR_SECONDS
        return FAIR_SECONDS if patient and operation.method != "GET" else 0.0

    def _record_exchange(self, call: _Call, started: float, status: int | None, headers: Mapping[str, str]) -> None:
        self.exchanges.append(
            Exchange(
                method=call.operation.method,
                url=call.url,
                status=status,
                azure_request_id=responses.request_id(headers),
                milliseconds=round((self._clock() - started) * 1000),
                api_version=call.api_version,
                operation=call.operation.name,
                scope=self._cloud.scope,
                body_members=tuple(call.json or ()),
                azure_date=responses.http_date(headers.get("Date", "")),
            )
        )

    def _pause_before_repeat(self, operation: Operation, error: AzureError, tries: int, until: float) -> float | None:
        """Seconds to wait before the next try, or None if the request must not be repeated.

        Full jitter over 1, 2, 4... seconds, in addition to Retry-After.
        """
        if tries >= self._patience.tries or not _may_repeat(operation, error):
            return None
        pause = (error.retry_after or 0.0) + self._jitter(0.0, 2.0 ** (tries - 1))
        if pause > self._patience.longest_pause or self._clock() + pause >= until:
            return None
        return pause if self._limits.budget.spend() else None


@dataclass(frozen=True, slots=True)
class _Call:
    """A prepared request, the same for every try."""

    operation: Operation
    url: str
    api_version: str
    json: Mapping[str, Any] | None = field(repr=False)

    def values(self) -> tuple[str, ...]:
        """What the operation's secret members hold: it must not appear in an error."""
        found = (_member(self.json, path.split(".")) for path in self.operation.secret_members)
        return tuple(str(value) for value in found if value)


def _may_repeat(operation: Operation, error: AzureError) -> bool:
    """True if a request may be repeated: throttled or never sent, except for "busy", "resting" and TLS errors. After a lost
    response or a 5xx only a "safe" operation: a repeated "set" or "create" would create a second version.
    """
    if isinstance(error, Throttled):
        return True
    if isinstance(error, TransportError):
        if error.reason in ("busy", "resting", "tls"):
            return False
        return not error.maybe_done or operation.retry == "safe"
    return isinstance(error, Unavailable) and operation.retry == "safe"


def _member(body: Any, path: list[str]) -> Any:
    """A member of a request by its path; None if there is none."""
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body
