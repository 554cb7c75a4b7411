"""Trouble on demand: what a real network and a real (or hostile) service do now and then.

Every verb takes the same selectors: `method`, `path` (a regular expression, searched) and `host` (a
substring of the host; of a vault's own one, whichever the caller used). Without `host` only vaults are affected, not
the token issuer. Verbs that count stop by
themselves; `lift()` stops all. Trouble that a person can order by name is in `trouble`.
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
    """One kind of trouble, for the requests it applies to, as many times as are left. `what` is its name."""

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
    """The trouble that is due. Faults apply in the order in which they were asked for, one to a request.

    `distance` and `jitter` are apart from them: the seconds, and up to how many more at random, that every answer of
    a vault takes, whatever else happens to it.
    """

    def __init__(self) -> None:
        self.distance = self.jitter = 0.0
        self._due: list[Fault] = []
        self._due_lock = threading.Lock()
        self._lifted = threading.Event()

    def lift(self) -> None:
        """No more trouble; answers that are being held back go out now."""
        with self._due_lock:
            self.distance = self.jitter = 0.0
            self._due.clear()
            self._lifted.set()
            self._lifted = threading.Event()

    def hold_back(self, seconds: float) -> None:
        """Wait before an answer goes out, at the longest until trouble is lifted."""
        self._lifted.wait(seconds)

    def faults(self) -> list[Fault]:
        """The trouble that is still to come."""
        with self._due_lock:
            return list(self._due)

    def with_trouble(self, request: Request, proceed: Proceed, vault_host: str | None) -> Response:
        """The answer to a request, to a vault or, without `vault_host`, to issuer and Resource Manager."""
        with self._due_lock:
            due = next((fault for fault in self._due if fault.applies(request, vault_host)), None)
            if due is not None:
                due.left -= 1
                if due.left <= 0:
                    self._due.remove(due)
        response = due.act(request, proceed) if due else proceed()
        if vault_host and (self.distance or self.jitter):
            response.delay += self.distance + random.uniform(0, self.jitter)  # noqa: S311 - no secret depends on it
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
        """Let `act` answer; it may call `proceed` to have the request carried out."""
        if times > 0:
            with self._due_lock:
                self._due.append(Fault(what, act, times, method, path, host))

    def throttle(self, times: int = 1, *, retry_after: str | None = None, **where: Any) -> None:
        """429. As reported of the real service it carries no Retry-After, unless one is given."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self.answer_next(429, THROTTLED, headers, times=times, **{"what": "throttled"} | where)

    def fail(self, times: int = 1, status: int = 503, *, retry_after: str | None = None, **where: Any) -> None:
        """An error of the service, without having done anything."""
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
        """A made-up answer, whatever was asked. `body`: bytes, JSON, or an iterator of bytes to drip or flood.

        A Content-Length in `headers` that says more than the body holds makes an answer that is cut off.
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
        """Do what is asked, then drop the connection before answering."""

        def act(_request: Request, proceed: Proceed) -> Response:
            proceed()
            raise ConnectionLostError

        self.interfere(act, times, **where)

    def lose_request(self, times: int = 1, **where: Any) -> None:
        """Drop the connection without doing anything."""

        def act(_request: Request, _proceed: Proceed) -> Response:
            raise ConnectionLostError

        self.interfere(act, times, **where)

    def latency(self, seconds: float, times: int = FOREVER, **where: Any) -> None:
        """Answer late. In process a caller whose read timeout is shorter gets its timeout at once."""

        def act(_request: Request, proceed: Proceed) -> Response:
            response = proceed()
            response.delay += seconds
            return response

        self.interfere(act, times, **where)

    def stop_answering(self, times: int = FOREVER, **where: Any) -> None:
        """Take requests, carry them out and stay silent."""
        self.latency(NEVER_ANSWERS, times, **where)

    def rewrite(self, change: Callable[[Any], Any], times: int = 1, **where: Any) -> None:
        """Change the JSON of an answer: a nextLink to another host, a member of the wrong type."""

        def act(_request: Request, proceed: Proceed) -> Response:
            response = proceed()
            if isinstance(response.body, bytes) and ("Content-Type", JSON_TYPE) in response.headers:
                changed = change(json.loads(response.body))
                response.body = json.dumps(changed).encode()
            return response

        self.interfere(act, times, **where)

    def empty_pages(self, times: int = 1, **where: Any) -> None:
        """Let the next pages of a list be empty, with a link to go on, as the real service does."""
        turn = iter(range(1, times + 1))

        def act(request: Request, proceed: Proceed) -> Response:
            response = proceed()
            if not isinstance(response.body, bytes) or b'"nextLink"' not in response.body:
                return response
            return json_response(200, {"value": [], "nextLink": _same_page(request, next(turn))}, response.headers)

        self.interfere(act, times, **where)


def _same_page(request: Request, turn: int) -> str:
    """A link to the page that was asked for, with a token that differs from every other."""
    marker = ""
    if "$skiptoken" in request.query:
        marker = json.loads(jwt.decode(request.query["$skiptoken"]))["NextMarker"]
    token = jwt.encode(json.dumps({"NextMarker": marker, "TargetLocation": turn}).encode())
    host = request.host if ":" in request.host else f"{request.host}:443"
    kept = "".join(f"&{name}={value}" for name, value in request.query.items() if name == "maxresults")
    return f"https://{host}{request.path}?api-version={request.query['api-version']}&$skiptoken={token}{kept}"
