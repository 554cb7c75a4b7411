"""Faults on demand: errors, delays and lost connections of a real network and a real (or hostile) service.

All methods have the same selectors: `method`, `path` (a regular expression, searched) and `host` (a substring of the host;
for a vault, of its own host, whichever the caller used). Without `host` only vaults are affected, not the token issuer.
A fault with a number of times ends by itself; `lift()` ends all. Faults that are known by a name are in `trouble`.
"""

import json
import random
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vaults.emulator.wire import jwt
from vaults.emulator.wire.http import JSON_TYPE, ConnectionLostError, Request, Response, json_response

Proceed = Callable[[], Response]
Act = Callable[[Request, Proceed], Response]

THROTTLED = {
    "error": {
        "code": "Throttled",
        "message": "Request was not processed because too many requests were received. Reason: "
        "VaultRequestTypeLimitReached",
    }
}
FOREVER = 1_000_000
NEVER_ANSWERS = 3600.0


@dataclass(slots=True)
class Fault:
    """One fault for the requests that it applies to, `left` more times. `what` is its description."""

    what: str
    act: Act
    left: int
    method: str | None
    path: str | None
    host: str | None

    def applies(self, request: Request, vault_host: str | None) -> bool:
        if self.method is not None and self.method != request.method:
            return False
        if self.path is not None and not re.search(self.path, request.path):
            return False
        if self.host is None:
            return vault_host is not None
        return self.host in (vault_host or request.host)


class Faults:
    """The active faults. They apply in the order of their creation, one to a request.

    `latency_seconds` and `jitter` are independent of them: the delay in seconds, and the most seconds added at random, of every
    response of a vault.
    """

    def __init__(self) -> None:
        self.latency_seconds = self.jitter = 0.0
        self._due: list[Fault] = []
        self._due_lock = threading.Lock()
        self._lifted = threading.Event()

    def lift(self) -> None:
        """End all faults; delayed responses are sent at once."""
        with self._due_lock:
            self.latency_seconds = self.jitter = 0.0
            self._due.clear()
            self._lifted.set()
            self._lifted = threading.Event()

    def delay_response(self, seconds: float) -> None:
        """Wait before a response is sent, at most until faults are lifted."""
        self._lifted.wait(seconds)

    def faults(self) -> list[Fault]:
        """The active faults."""
        with self._due_lock:
            return list(self._due)

    def apply_faults(self, request: Request, proceed: Proceed, vault_host: str | None) -> Response:
        """The response to a request with the next fault that applies. Without `vault_host` it is not for a vault."""
        with self._due_lock:
            due = next((fault for fault in self._due if fault.applies(request, vault_host)), None)
            if due is not None:
                due.left -= 1
                if due.left <= 0:
                    self._due.remove(due)
        response = due.act(request, proceed) if due else proceed()
        if vault_host and (self.latency_seconds or self.jitter):
            response.delay += self.latency_seconds + random.uniform(0, self.jitter)  # noqa: S311 - no secret depends on it
        return response

    def interfere(
        self,
        act: Act,
        times: int = FOREVER,
        *,
        what: str = "something made up",
        method: str | None = None,
        path: str | None = None,
        host: str | None = None,
    ) -> None:
        """Let `act` respond; it may call `proceed` to have the request handled."""
        if times > 0:
            with self._due_lock:
                self._due.append(Fault(what, act, times, method, path, host))

    def throttle(self, times: int = 1, *, retry_after: str | None = None, **where: Any) -> None:
        """429; as reported of the real service without Retry-After, unless one is passed."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self.answer_next(429, THROTTLED, headers, times=times, **{"what": "throttled"} | where)

    def fail(self, times: int = 1, status: int = 503, *, retry_after: str | None = None, **where: Any) -> None:
        """An error of the service; the request has no effect."""
        body = {"error": {"code": "InternalServerError", "message": "The service could not process the request."}}
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self.answer_next(status, body, headers, times=times, **{"what": f"answer {status}"} | where)

    def answer_next(
        self,
        status: int,
        body: object = b"",
        headers: Mapping[str, str] | None = None,
        *,
        times: int = 1,
        **where: Any,
    ) -> None:
        """A fixed response to any request. `body`: bytes, JSON, or an iterator of bytes.

        A Content-Length in `headers` larger than the body makes a truncated response.
        """
        extra = list((headers or {}).items())

        def act(_request: Request, _proceed: Proceed) -> Response:
            if isinstance(body, bytes):
                return Response(status, body, extra)
            if isinstance(body, Iterable) and not isinstance(body, dict | list | str):
                return Response(status, body, extra)
            return json_response(status, body, extra)

        self.interfere(act, times, **where)

    def lose_answer(self, times: int = 1, **where: Any) -> None:
        """Handle the request, then close the connection without a response."""

        def act(_request: Request, proceed: Proceed) -> Response:
            proceed()
            raise ConnectionLostError

        self.interfere(act, times, **where)

    def lose_request(self, times: int = 1, **where: Any) -> None:
        """Close the connection without handling the request."""

        def act(_request: Request, _proceed: Proceed) -> Response:
            raise ConnectionLostError

        self.interfere(act, times, **where)

    def latency(self, seconds: float, times: int = FOREVER, **where: Any) -> None:
        """Respond late. In process a caller whose read timeout is shorter gets its timeout at once."""

        def act(_request: Request, proceed: Proceed) -> Response:
            response = proceed()
            response.delay += seconds
            return response

        self.interfere(act, times, **where)

    def stop_answering(self, times: int = FOREVER, **where: Any) -> None:
        """Handle requests and never respond."""
        self.latency(NEVER_ANSWERS, times, **where)

    def rewrite(self, change: Callable[[Any], Any], times: int = 1, **where: Any) -> None:
        """Change the JSON of a response: a nextLink to another host, a member of the wrong type."""

        def act(_request: Request, proceed: Proceed) -> Response:
            response = proceed()
            if isinstance(response.body, bytes) and ("Content-Type", JSON_TYPE) in response.headers:
                changed = change(json.loads(response.body))
                response.body = json.dumps(changed).encode()
            return response

        self.interfere(act, times, **where)

    def empty_pages(self, times: int = 1, **where: Any) -> None:
        """Make the next pages of a list empty, with a nextLink, as the real service does."""
        numbers = iter(range(1, times + 1))

        def act(request: Request, proceed: Proceed) -> Response:
            response = proceed()
            if not isinstance(response.body, bytes) or b'"nextLink"' not in response.body:
                return response
            return json_response(200, {"value": [], "nextLink": _same_page(request, next(numbers))}, response.headers)

        self.interfere(act, times, **where)


def _same_page(request: Request, number: int) -> str:
    """A link to the requested page, with a token that differs each time."""
    marker = ""
    if "$skiptoken" in request.query:
        marker = json.loads(jwt.decode(request.query["$skiptoken"]))["NextMarker"]
    token = jwt.encode(json.dumps({"NextMarker": marker, "TargetLocation": number}).encode())
    host = request.host if ":" in request.host else f"{request.host}:443"
    kept = "".join(f"&{name}={value}" for name, value in request.query.items() if name == "maxresults")
    return f"https://{host}{request.path}?api-version={request.query['api-version']}&$skiptoken={token}{kept}"
