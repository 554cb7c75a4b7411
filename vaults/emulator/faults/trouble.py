"""Faults by name: what a failing or hostile service may do to its callers."""

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from vaults.emulator.faults.faults import THROTTLED, Act, Faults, Proceed
from vaults.emulator.wire.http import ConnectionLostError, Request, Response, json_response

ELSEWHERE = "https://evil.example"
HTML = b"<!doctype html><title>Sign in</title><h1>Welcome to the hotel's network</h1><p>Please accept our terms."
DRIP_SECONDS = 0.5
FLOOD = 1 << 30  # bytes after which the endless response ends
WRONG_TYPES: dict[type, Any] = {
    dict: [],
    list: {},
    str: 7,
    int: "seven",
    float: "seven",
    bool: "yes",
    type(None): [None],
}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A named fault. `begin` activates it for a number of times."""

    name: str
    help: str
    begin: Callable[..., None]  # (faults, times, **where)


def _by(act: Act, name: str, text: str) -> FaultKind:
    """A fault that is one act."""

    def begin(faults: Faults, times: int, **where: Any) -> None:
        faults.interfere(act, times, what=name, **where)

    return FaultKind(name, text, begin)


def _instead(name: str, text: str, make: Callable[[Request], Response]) -> FaultKind:
    """A fault that responds without handling the request."""
    return _by(lambda request, _proceed: make(request), name, text)


def _rewritten(name: str, text: str, change: Callable[[Any], Any]) -> FaultKind:
    """A fault that changes the JSON of a response."""

    def begin(faults: Faults, times: int, **where: Any) -> None:
        faults.rewrite(change, times, what=name, **where)

    return FaultKind(name, text, begin)


def cut(_request: Request, proceed: Proceed) -> Response:
    """Half of the response, with the Content-Length of the whole."""
    response = proceed()
    if isinstance(response.body, bytes):
        response.headers.append(("Content-Length", str(len(response.body) + 1)))
        response.body = response.body[: len(response.body) // 2]
    return response


def drip(_request: Request, proceed: Proceed) -> Response:
    """The response, one byte each half second."""
    response = proceed()
    whole = response.body

    def pieces(whole: bytes) -> Iterator[bytes]:
        for number in range(len(whole)):
            time.sleep(DRIP_SECONDS)
            yield whole[number : number + 1]

    if isinstance(whole, bytes):
        response.body = pieces(whole)
    return response


def lose_request(_request: Request, _proceed: Proceed) -> Response:
    raise ConnectionLostError


def lose_answer(_request: Request, proceed: Proceed) -> Response:
    proceed()
    raise ConnectionLostError


def _flood(_request: Request) -> Response:
    def pieces() -> Iterator[bytes]:
        yield b'{"value":["'
        piece = b"x" * 65536
        for _ in range(FLOOD // len(piece)):
            yield piece

    return Response(200, pieces(), [("Content-Type", "application/json")])


@cache
def _bomb() -> bytes:
    return gzip.compress(b'{"value":["' + b"x" * (50 << 20) + b'"]}')


def _answer(body: bytes, *headers: tuple[str, str], status: int = 200) -> Callable[[Request], Response]:
    return lambda _request: Response(status, body, list(headers))


def _same_page(request: Request, proceed: Proceed) -> Response:
    """A list whose next page is the same page, endlessly."""
    response = proceed()
    if not isinstance(response.body, bytes) or b'"nextLink"' not in response.body:
        return response
    query = "&".join(f"{name}={value}" for name, value in request.query.items() if name != "$skiptoken")
    link = f"https://{request.host}{request.path}?{query}&$skiptoken=again"
    return json_response(200, {"value": [], "nextLink": link})


def _empty_pages(faults: Faults, times: int, **where: Any) -> None:
    faults.empty_pages(times, what="empty-pages", **where)


def _silent(faults: Faults, times: int, **where: Any) -> None:
    faults.stop_answering(times, what="silent", **where)


def _wrong_types(answer: Any) -> Any:
    """A response with the same members, each of another type."""
    if isinstance(answer, dict):
        return {name: WRONG_TYPES[type(value)] for name, value in answer.items()}
    return WRONG_TYPES[type(answer)]


JSON = ("Content-Type", "application/json")
KINDS = (
    _instead("throttled", "429, too many requests", lambda _request: json_response(429, THROTTLED)),
    _instead(
        "failed",
        "503, the service is unavailable",
        lambda _request: json_response(503, {"error": {"code": "ServiceUnavailable", "message": "Try again later."}}),
    ),
    _by(lose_request, "lost-request", "the connection breaks before anything is done"),
    _by(lose_answer, "lost-answer", "it is done, then the connection breaks"),
    FaultKind("silent", "it is done, and no answer comes", _silent),
    _by(cut, "cut", "the answer ends in the middle"),
    _by(drip, "slow", "the answer comes at two bytes a second"),
    _instead("huge", "the answer does not end (1 GiB)", _flood),
    _instead(
        "bomb",
        "50 MiB packed into 50 KiB, though nobody asked for gzip",
        lambda _request: Response(200, _bomb(), [JSON, ("Content-Encoding", "gzip")]),
    ),
    _instead("deep", "JSON 100,000 levels deep", _answer(b"[" * 100_000 + b"]" * 100_000, JSON)),
    _instead("broken", "JSON that ends too early", _answer(b'{"value": [{"id": "https://', JSON)),
    _instead("html", "200 and a page of HTML", _answer(HTML, ("Content-Type", "text/html"))),
    _instead(
        "redirect",
        "302 to another host",
        lambda request: Response(302, b"", [("Location", f"{ELSEWHERE}{request.path}")]),
    ),
    _instead(
        "challenge",
        "401 that wants the token for another host",
        _answer(
            b"",
            ("WWW-Authenticate", f'Bearer authorization="{ELSEWHERE}/common", resource="{ELSEWHERE}"'),
            status=401,
        ),
    ),
    _rewritten(
        "wrong-link",
        "a nextLink to another host",
        lambda answer: answer | {"nextLink": f"{ELSEWHERE}/secrets?$skiptoken=a"} if isinstance(answer, dict) else answer,
    ),
    _by(_same_page, "loop", "a list whose nextLink leads to itself"),
    FaultKind("empty-pages", "empty pages with a nextLink, as Azure has them", _empty_pages),
    _rewritten("wrong-type", "every member of the answer is of another type", _wrong_types),
)  # fmt: skip


def find_kind(name: str) -> FaultKind | None:
    return next((kind for kind in KINDS if kind.name == name), None)
