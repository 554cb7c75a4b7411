"""HTTP requests and responses, and how they are read from WSGI."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

Headers = list[tuple[str, str]]

MAX_BODY = 16 * 1024 * 1024  # backups with their many versions are the largest bodies there are
MAX_DRAINED = 64 * 1024 * 1024
PIECE = 64 * 1024
ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
JSON_TYPE = "application/json; charset=utf-8"


class NotJsonError(ValueError):
    """The body is not a JSON object."""


class ConnectionLostError(Exception):
    """The connection is closed without a response."""


@dataclass(slots=True)
class Request:
    """One HTTP request, its header names in lower case, its path percent-decoded; `client` is who sent it."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content: bytes = field(repr=False, default=b"")
    client: str = "127.0.0.1"

    @property
    def segments(self) -> list[str]:
        """The path's parts without empty ones: SDKs leave a version out by sending `/secrets/name/`."""
        return [part for part in self.path.split("/") if part]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; no body at all counts as an empty one. Raises NotJsonError."""
        if not self.content.strip():
            return {}
        try:
            parsed = _parsed(self.content)
        except (ValueError, RecursionError) as error:
            raise NotJsonError(str(error)) from None
        if not isinstance(parsed, dict):
            raise NotJsonError("not an object")
        return parsed

    def form(self) -> dict[str, str]:
        """The body as a URL-encoded form."""
        return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))


def _parsed(content: bytes) -> Any:
    """JSON that can be stored and sent again: UTF-8, finite numbers, no half surrogate pairs. Raises ValueError."""
    text = content.decode("utf-8-sig")
    parsed = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    if ESCAPED_SURROGATE.search(content):
        json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


def _refuse_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse_number(digits)


@dataclass(slots=True)
class Response:
    """An HTTP response, sent after `delay` seconds. A body that is not bytes is sent as its iterator yields."""

    status: int
    body: bytes | Iterable[bytes] = field(repr=False, default=b"")
    headers: Headers = field(default_factory=list)
    delay: float = 0.0


def json_response(status: int, value: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A response with a JSON body."""
    return Response(status, json_text(value).encode(), [("Content-Type", JSON_TYPE), *headers])


def json_text(value: Any) -> str:
    return _encoder.encode(value)


_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(slots=True)
class ReceivedRequest:
    """A request as tests examine it afterwards.

    Body and headers may hold secrets: they are left out of the repr.
    """

    method: str
    host: str
    path: str
    query: dict[str, str]
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Exchange:
    """A request and its status, without anything secret. `status` 0: no response was sent (yet)."""

    moment: float
    method: str
    host: str
    path: str
    status: int = 0


def read_environ(environ: Mapping[str, Any]) -> Request | None:
    """The request of a WSGI environment, None if its body is too large."""
    content = _read_body(environ)
    if content is None:
        return None
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return Request(
        environ["REQUEST_METHOD"],
        environ.get("HTTP_HOST", ""),
        environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers,
        content,
        environ.get("REMOTE_ADDR", "127.0.0.1"),
    )


def _read_body(environ: Mapping[str, Any]) -> bytes | None:
    """The body, by its length or in chunks; None if it is too large.

    A body that is too large is read up to a limit: a client that is still sending would not receive the error.
    """
    stream = environ["wsgi.input"]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length <= MAX_BODY and "HTTP_TRANSFER_ENCODING" not in environ:
        return bytes(stream.read(length)) if length else b""
    pieces, size = [], 0
    while size < MAX_DRAINED and (piece := stream.read(PIECE)):
        size += len(piece)
        if size <= MAX_BODY:
            pieces.append(piece)
    return b"".join(pieces) if size <= MAX_BODY else None


def received(request: Request) -> ReceivedRequest:
    """A request in the form that tests examine."""
    body: Any = None
    if request.content:
        try:
            body = request.json()
        except NotJsonError:
            body = request.form()
    return ReceivedRequest(request.method, request.host, request.path, request.query, body, request.headers)


def phrase(status: int) -> str:
    """The reason phrase of a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
