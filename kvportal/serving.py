"""Serves a WSGI application from granian's event loop.

A request waits on the event loop until it is complete, and only then uses a thread. Requests without a known session use at
most half of the threads. A response is passed to granian as a whole, so that a client that reads slowly blocks no thread.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from http import HTTPStatus
from io import BytesIO
from typing import Any, Protocol

import structlog
from csp.utils import build_policy
from django.template.loader import render_to_string

from kvportal.bodies import Bodies, ClientDisconnected, Headers, Refused, discard_rest
from kvportal.known import known_sessions
from kvportal.launch import CONNECTIONS, THREADS
from kvportal.proxies import address_of

log = structlog.get_logger("kvportal.request")

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[Any]]

HEALTH = "/healthz"
#: The constant part of every environ (PEP 3333).
ALWAYS: Environ = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.errors": sys.stderr,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


class Scope(Protocol):
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Headers


class Exchange(Protocol):
    """One request and its response, granian's RSGIHTTPProtocol. The response may be sent from any thread."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


class Portal:
    """Serves a WSGI application."""

    def __init__(self, application: Application, threads: int = THREADS) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, "request")
        self._slots_without_session = asyncio.Semaphore(threads // 2 - 1)
        self._health_slot = asyncio.Semaphore(
            1
        )  # part of that half, so that monitoring does not wait behind the others
        self._waiting_without_session = 0
        self._bodies = Bodies()

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        started = time.monotonic()
        chunks = aiter(exchange)
        environ = environ_of(scope)
        known = known_sessions.includes(environ.get("HTTP_COOKIE", ""))
        with self._bodies.receiving(known=known, path=environ["PATH_INFO"]) as body:
            try:
                environ["wsgi.input"] = BytesIO(await body.read(scope.headers, chunks))
                await (self._answer(environ, exchange) if known else self._answer_without_session(environ, exchange))
                return
            except ClientDisconnected:
                log_request(environ, 400, started)
                return
            except Refused as refused:
                refuse(exchange, refused)
                log_request(environ, refused.status, started)
                listens = refused.status == HTTPStatus.REQUEST_TIMEOUT or "expect" in scope.headers
        if not listens:
            await discard_rest(chunks)

    def __rsgi_del__(self, _loop: object) -> None:
        """Finish the running requests, even if the client has disconnected: the record of a change must be completed."""
        self._threads.shutdown()

    async def _answer_without_session(self, environ: Environ, exchange: Exchange) -> None:
        if self._waiting_without_session >= CONNECTIONS:
            raise Refused(503, "Too many are asking at the moment", "Wait some seconds and try again.")
        self._waiting_without_session += 1
        try:
            async with self._health_slot if environ["PATH_INFO"] == HEALTH else self._slots_without_session:
                await self._answer(environ, exchange)
        finally:
            self._waiting_without_session -= 1

    async def _answer(self, environ: Environ, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        self._threads.submit(self._run, environ, exchange, partial(loop.call_soon_threadsafe, over.set_result, None))
        await over

    def _run(self, environ: Environ, exchange: Exchange, done: Callable[[], object]) -> None:
        try:
            self._respond(environ, exchange)
        except Exception:
            log.exception("an answer failed")  # granian sends a 500 if there was no response
        finally:
            done()

    def _respond(self, environ: Environ, exchange: Exchange) -> None:
        status, headers = 500, []

        def start_response(line: str, fields: list[tuple[str, str]], _error: object = None) -> None:
            nonlocal status, headers
            status, headers = int(line[:3]), fields

        parts = self._application(environ, start_response)
        try:
            exchange.response_bytes(status, headers, b"".join(parts))
        finally:
            if close := getattr(parts, "close", None):
                close()


def environ_of(scope: Scope) -> Environ:
    """The WSGI environ of a request (PEP 3333), without its body. Headers with an underscore in their name are left out: in
    WSGI they look the same as those with a hyphen.
    """
    server, _, port = scope.server.rpartition(":")
    environ = {
        **ALWAYS,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": strip_brackets(server),
        "SERVER_PORT": port,
        "REMOTE_ADDR": strip_brackets(scope.client.rpartition(":")[0]),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = key_of(name)
        if key not in environ:
            environ[key] = value
        elif key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ[key] += (";" if name == "cookie" else ",") + value
    environ.setdefault("HTTP_HOST", scope.authority or "")
    return environ


@lru_cache(256)
def key_of(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def strip_brackets(host: str) -> str:
    """A host without the brackets and the zone of an IPv6 address."""
    return host.strip("[]").partition("%")[0]


def refuse(exchange: Exchange, refused: Refused) -> None:
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("connection", "close"),
        ("cache-control", "no-store"),
        ("content-security-policy", build_policy()),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ]
    exchange.response_bytes(refused.status, headers, error_page(refused.status, refused.wrong, refused.advice))


@lru_cache(16)
def error_page(status: int, wrong: str, advice: str) -> bytes:
    """The page for a refused request, cached: under high load many requests are refused."""
    return render_to_string("refused.html", {"status": status, "wrong": wrong, "advice": advice}).encode()


def log_request(environ: Environ, status: int, started: float) -> None:
    """Log the line that every request has, for one that did not reach the middleware."""
    log.info(
        "request",
        method=environ["REQUEST_METHOD"],
        route=None,
        status=status,
        milliseconds=round((time.monotonic() - started) * 1000),
        user=None,
        request_id=uuid.uuid4().hex,
        address=address_of(environ),
    )
