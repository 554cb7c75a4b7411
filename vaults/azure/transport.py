"""One HTTP request to a host of a cloud: bounded time and size, no redirects, no retries.

The environment is not asked for anything (`trust_env` off): no netrc that replaces our Authorization header,
no CA bundle that replaces ours, no proxy nobody configured.
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
"""For each address of a host, and for the handshake."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Some 50 times the largest page; parsed, an evil one takes ten times its size in memory."""
_CHUNK = 64 * 1024
HOSTS = 256
"""So many hosts keep warm connections; where there are more, those used last."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (any case) and the whole body of an answer."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class _Session(requests.Session):
    """A session that does not look where a redirect leads: parsing an odd address would raise what nobody expects."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the signature is requests'
        return None


class Transport:
    """This process's connections to the hosts of all clouds; safe to share between threads."""

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
    ) -> Response:
        """Send one request and read its whole answer within `seconds`.

        Raises TransportError without an answer, MalformedResponse for a redirect, a compressed or a huge one. They
        are raised outside the except block on purpose: a `requests` exception holds the request with its
        Authorization header, and must not hang on ours as its context.
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
                return Response(response.status_code, response.headers, _whole_body(response, until))
        except (OSError, urllib3.exceptions.HTTPError) as error:  # what `requests` raises is an OSError, too
            failure = _transport_error(error, cloud)
        raise failure

    def session_for(self, cloud: Cloud) -> requests.Session:
        """This thread's session for a cloud; it lives as long as both. All threads' sessions share the connections."""
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
        """The process's connections to a cloud's hosts.

        The one used last is used next, so that a few stay warm, where two dozen threads with their own would let each go
        cold before its next turn: a fresh one costs two more round trips.
        """
        with self._lock:
            if cloud not in self._adapters:
                further = cloud.ca_file if cloud.public_cas else None
                self._adapters[cloud] = TimedAdapter(
                    further_cas=further, pool_connections=HOSTS, pool_maxsize=16, max_retries=0
                )
            return self._adapters[cloud]


def _whole_body(response: requests.Response, until: float) -> bytes:
    """The body, as long as it is no redirect, not compressed, not too large and not too late."""
    status = response.status_code
    if 300 <= status < 400:
        raise MalformedResponse("The answer was a redirect, which is never followed.", status=status)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MalformedResponse("The answer was compressed, which was not asked for.", status=status)
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise MalformedResponse(f"The answer was larger than {MAX_ANSWER_BYTES // 1024**2} MB.", status=status)
        if time.monotonic() > until:
            raise _timed_out(maybe_done=True)
    return bytes(body)


def _timed_out(*, maybe_done: bool) -> TransportError:
    return TransportError("No answer came in time.", reason="timeout", maybe_done=maybe_done)


def _transport_error(error: Exception, cloud: Cloud) -> TransportError:
    """Our error for one of `requests`' or urllib3's, without anything of the request in it."""
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
    """Does the file hold certificates?"""
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
    """An exception and all that is wrapped in it: context, urllib3's `reason`, exceptions as arguments."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
