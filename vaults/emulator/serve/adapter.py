"""The emulator without a socket: a transport adapter for `requests`.

session.mount("https://", EmulatorAdapter(emulator))
"""

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from vaults.emulator.emulator import Emulator
from vaults.emulator.wire.http import ConnectionLostError, Request, Response


class EmulatorAdapter(HTTPAdapter):
    """Passes the requests of a session to an emulator; delays and lost connections become the errors of `requests`.

    A delay beyond the read timeout raises at once, without waiting.
    """

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the signature is requests'
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        try:
            response = self._emulator.answer(_received(request))
        except ConnectionLostError:
            raise requests.ConnectionError("The connection was closed without an answer.", request=request) from None
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        if response.delay:
            if read_timeout is not None and response.delay > read_timeout:
                raise requests.ReadTimeout("The answer took too long.", request=request)
            time.sleep(response.delay)
        return self.build_response(request, _raw(request, response))


def _received(request: requests.PreparedRequest) -> Request:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    return Request(
        request.method or "GET",
        parts.netloc,
        unquote(parts.path),
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        {name.lower(): str(value) for name, value in request.headers.items()},
        body.encode() if isinstance(body, str) else bytes(body),
    )


def _raw(request: requests.PreparedRequest, response: Response) -> HTTPResponse:
    headers = list(response.headers)
    body: io.BufferedIOBase | io.RawIOBase
    if isinstance(response.body, bytes):
        body = io.BytesIO(response.body)
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(response.body))))
    else:
        body = io.BufferedReader(_Pieces(response.body))
    return HTTPResponse(
        body=body,
        headers=HTTPHeaderDict(headers),
        status=response.status,
        preload_content=False,
        decode_content=False,
        request_method=request.method,
    )


class _Pieces(io.RawIOBase):
    """A body in pieces, as a file object."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
