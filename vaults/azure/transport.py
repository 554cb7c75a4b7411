"""One HTTP request to a host of a cloud: bounded time and size, no redirects, no retries.

The environment is ignored (`trust_env` is off): no netrc that replaces our Authorization header, no CA bundle that replaces
ours, no proxy that the deployment did not configure.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from weakref import WeakKeyDictionary

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from vaults.azure.ca_files import check_cas
from vaults.azure.clouds import Cloud
from vaults.azure.deadline import NotConnected, TimedAdapter
from vaults.azure.errors import MalformedResponse, TransportError, UnreadableCaFile
from vaults.azure.time_limit import time_limit

CONNECT_SECONDS = 3.0
"""Time limit for each address of a host, and for the TLS handshake."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""About 50 times the largest page; parsed, a malicious response takes ten times its size in memory."""
_CHUNK = 64 * 1024
HOSTS = 256
"""Number of hosts whose connections are kept open: the most recently used ones."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (their names in any case) and complete body of a response."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class _Session(requests.Session):
    """A session that ignores redirect targets: parsing an invalid address would raise unexpected errors."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the signature is requests'
        return None


class Transport:
    """This process's connections to the hosts of all clouds. Thread-safe."""

    def __init__(self) -> None:
        self._sessions = threading.local()
        self._adapters: WeakKeyDictionary[Cloud, TimedAdapter] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def exchange(
        self,
        cloud: Cloud,
        method: str,
        url: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        data: Any = None,
        json: Any = None,
        auth: AuthBase | None = None,
        largest: int = MAX_ANSWER_BYTES,
    ) -> Response:
        """Send one request and read its whole response within `seconds`. `largest`: the most bytes that are read of it.

        Raises TransportError if there is no response, MalformedResponse if it is a redirect, compressed or too large.
        TransportError is raised outside the except block on purpose: a `requests` exception holds the request with its
        Authorization header, and must not become the context of ours.
        """
        if seconds <= 0:
            raise _timed_out(maybe_done=False)
        until = time.monotonic() + seconds
        try:
            with (
                time_limit(seconds),
                self.session_for(cloud).request(
                    method,
                    url,
                    params=params,
                    data=data,
                    json=json,
                    headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
                    auth=auth,
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return Response(response.status_code, response.headers, _whole_body(response, until, largest))
        except (OSError, urllib3.exceptions.HTTPError) as error:  # what `requests` raises is an OSError, too
            failure = _transport_error(error, cloud)
        raise failure

    def session_for(self, cloud: Cloud) -> requests.Session:
        """This thread's session for a cloud; it lives as long as both. The sessions of all threads share the connections."""
        sessions: WeakKeyDictionary[Cloud, requests.Session] | None = getattr(self._sessions, "by_cloud", None)
        if sessions is None:
            sessions = self._sessions.by_cloud = WeakKeyDictionary()
        if cloud not in sessions:
            sessions[cloud] = self._new_session(cloud)
        return sessions[cloud]

    def _new_session(self, cloud: Cloud) -> requests.Session:
        session = _Session()
        session.trust_env = False
        session.verify = True if cloud.public_cas else cloud.ca_file or True
        session.proxies = {"https": cloud.proxy} if cloud.proxy else {}
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.adapters.clear()
        session.mount("https://", self._connections_of(cloud))
        if cloud.mount:
            cloud.mount(session)
        return session

    def _connections_of(self, cloud: Cloud) -> TimedAdapter:
        """The process's connections to a cloud's hosts, shared by all threads.

        The most recently used connection is used first, so that a few stay open. With a connection for each thread, most would
        be closed by the host before their next use, and a new one costs two more round trips.
        """
        with self._lock:
            if cloud not in self._adapters:
                further = cloud.ca_file if cloud.public_cas else None
                self._adapters[cloud] = TimedAdapter(
                    further_cas=further, pool_connections=HOSTS, pool_maxsize=16, max_retries=0
                )
            return self._adapters[cloud]


def _whole_body(response: requests.Response, until: float, largest: int) -> bytes:
    """The body. Raises MalformedResponse for a redirect, a compressed or too large body, TransportError when time is over."""
    status = response.status_code
    if 300 <= status < 400:
        raise MalformedResponse("The answer was a redirect, which is never followed.", status=status)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MalformedResponse("The answer was compressed, which was not asked for.", status=status)
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > largest:
            raise MalformedResponse(f"The answer was larger than {largest // 1024**2} MB.", status=status)
        if time.monotonic() > until:
            raise _timed_out(maybe_done=True)
    return bytes(body)


def _timed_out(*, maybe_done: bool) -> TransportError:
    return TransportError("No answer came in time.", reason="timeout", maybe_done=maybe_done)


def _transport_error(error: Exception, cloud: Cloud) -> TransportError:
    """Our error for an error of `requests` or urllib3, without any part of the request."""
    causes = list(_causes(error))
    if cloud.ca_file and not any(isinstance(cause, _FROM_OUTSIDE) for cause in causes) and not _trusts(cloud.ca_file):
        return UnreadableCaFile(f"The CA file {cloud.ca_file} can't be read.", reason="tls")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return TransportError("The host's certificate is not trusted.", reason="tls")
    if any(isinstance(cause, _NEVER_SENT) for cause in causes):
        return TransportError("The host can't be reached.", reason="connect")
    sent = not any(isinstance(cause, NotConnected) for cause in causes)
    if any(isinstance(cause, _TOO_LATE) for cause in causes):
        return _timed_out(maybe_done=sent)
    return TransportError("The connection broke off.", reason="broken", maybe_done=sent)


def _trusts(ca_file: str) -> bool:
    """True if the file holds certificates."""
    try:
        check_cas(ca_file)
    except OSError:
        return False
    return True


_FROM_OUTSIDE = (ssl.SSLCertVerificationError, urllib3.exceptions.NewConnectionError)
_NEVER_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
)
_TOO_LATE = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


def _causes(error: BaseException | None) -> Any:
    """An exception and all exceptions inside it: cause, context, urllib3's `reason`, exceptions as arguments."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
