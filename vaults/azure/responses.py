"""The result or the error in a response. Errors contain nothing secret."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from vaults.azure import json_values
from vaults.azure.errors import MalformedResponse, ServiceError, service_error_type
from vaults.azure.transport import Response

MAX_MESSAGE = 1000
MAX_CODE = 100
MAX_PAGE = 20_000
_PEM_MARK = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")
MAX_RETRY_AFTER = 31 * 86_400.0
"""In seconds. A longer Retry-After is a mistake of the server and is ignored."""


def result(
    response: Response, operation: str, ok: Collection[int], *, absent: Collection[str], hidden: Sequence[str] = ()
) -> json_values.Json:
    """The parsed body of a success; {} for status 204. Raises ServiceError or MalformedResponse.

    `operation`: its name, for the error's message; `ok`: the statuses of success; `absent`: the error codes of a 404 about an
    item; `hidden`: texts of the request that must not appear in an error.
    """
    if response.status >= 400:
        raise service_error(response, absent=absent, hidden=hidden)
    if response.status not in ok:
        raise MalformedResponse(f"{operation} was answered with status {response.status}.")
    return {} if response.status == 204 else json_values.parse_object(response.content)


def service_error(response: Response, *, absent: Collection[str], hidden: Sequence[str] = ()) -> ServiceError:
    """The error in a response, which need not be JSON: gateways send HTML, old vaults an empty body."""
    code, inner_code, words = (_on_one_line(text) for text in error_parts(response.content))
    if any(_occurs(text, part) for text in hidden for part in (code, inner_code, words)):
        code = inner_code = words = ""
    error = service_error_type(response.status, code, absent)(
        words[:MAX_MESSAGE] or f"The vault answered with status {response.status}.",
        status=response.status,
        code=code[:MAX_CODE],
        inner_code=inner_code[:MAX_CODE],
        request_id=request_id(response.headers),
        retry_after=retry_after(response.headers),
        maybe_done=response.status >= 500,
    )
    error.words = words[:MAX_MESSAGE]
    return error


def _occurs(text: str, part: str) -> bool:
    """Whether the part of an error has the text or a line of it; its line breaks are spaces in the part, see `_on_one_line`.

    Up to three characters count only as a word, since each message has them; in several lines, such lines and the marks of PEM
    count for nothing.
    """
    if len(text) > 3:
        lines = (line for line in text.splitlines() if len(line) > 3 and not _PEM_MARK.fullmatch(line))
        return _on_one_line(text) in part or any(_on_one_line(line) in part for line in lines)
    return bool(text) and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", part) is not None


def error_parts(content: bytes) -> tuple[str, str, str]:
    """`error.code`, `error.innererror.code` and `error.message`, or their equivalents in other formats; "" if missing."""
    try:
        body = _in_lower_case(json_values.parse_object(content))
    except MalformedResponse:
        return "", "", _text_of_page(content)
    error = body.get("error", body.get("odata.error", body))
    if not isinstance(error, dict):
        return "", "", _text(body, "error_description", "message") or _text(body, "error")
    error = _in_lower_case(error)
    inner = error.get("innererror")
    inner_code = _text(_in_lower_case(inner), "code") if isinstance(inner, dict) else ""
    message = error.get("message")
    if isinstance(message, dict):  # OData: {"lang", "value"}
        return _text(error, "code"), inner_code, _text(message, "value")
    return _text(error, "code"), inner_code, _text(error, "message", "error_description", "detail", "title")


def _in_lower_case(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in members.items()}


def _text(members: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := members.get(name), str) and value), "")


def _text_of_page(content: bytes) -> str:
    """The text of a plain text or HTML body, without tags; "" for binary data and for JSON, also if cut off."""
    text = _text_of(content[:MAX_PAGE])
    if text.lstrip().startswith(("{", "[")) or text.strip() in ("null", "true", "false"):
        return ""
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>?", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return " ".join(html.unescape(text).split())


def _text_of(content: bytes) -> str:
    """Decode UTF-8, whose last character may be cut off, or else Windows-1252 of old gateways; "" for binary data."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return "" if re.search(rb"[\x00-\x08\x0e-\x1f]", content) else content.decode("cp1252", "replace")


def _on_one_line(text: str) -> str:
    """The text with a space for each line break, control character or other unprintable character."""
    return "".join(char if char.isprintable() else " " for char in text)


def request_id(headers: Mapping[str, str]) -> str:
    """Azure's id of the request, for support requests; "" if it does not look like an id."""
    text = headers.get("x-ms-request-id", "")
    return text if len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum() else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, sent as a number or a date; None if missing, invalid or above MAX_RETRY_AFTER."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    elif when := http_date(text):
        seconds = max((when - datetime.now(UTC)).total_seconds(), 0.0)
    else:
        return None
    return seconds if seconds <= MAX_RETRY_AFTER else None


def http_date(text: str) -> datetime | None:
    """The date in a header; None if it is not a date."""
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
