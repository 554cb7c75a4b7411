"""Requests and answers between the WSGI border and the rooms behind it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Headers = list[tuple[str, str]]

JSON_TYPE = "application/json; charset=utf-8"


class NotJsonError(ValueError):
    """The body is not a JSON object."""


class ConnectionLostError(Exception):
    """The connection ends here without an answer."""


@dataclass(slots=True)
class Request:
    """One HTTP request, its header names in lower case, its path percent-decoded."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content: bytes = field(repr=False, default=b"")

    @property
    def segments(self) -> list[str]:
        """The path's parts.

        Empty ones are dropped: SDKs leave the version out by sending `/secrets/name/`.
        """
        return [part for part in self.path.split("/") if part]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; no body at all counts as an empty one. Raises NotJsonError."""
        if not self.content.strip():
            return {}
        try:
            parsed = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise NotJsonError(str(error)) from None
        if not isinstance(parsed, dict):
            raise NotJsonError("not an object")
        return parsed

    def form(self) -> dict[str, str]:
        """The body as a URL-encoded form."""
        return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Response:
    """An HTTP answer, sent after `delay` seconds.

    A body that is not bytes is sent piece by piece as its iterator yields.
    """

    status: int
    body: bytes | Iterable[bytes] = field(repr=False, default=b"")
    headers: Headers = field(default_factory=list)
    delay: float = 0.0


def json_response(status: int, value: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """An answer that carries JSON."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, body, [("Content-Type", JSON_TYPE), *headers])
