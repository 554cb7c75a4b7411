"""The result or the error in a response, with nothing secret in the error's words."""

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
MAX_RETRY_AFTER = 31 * 86_400.0
"""Longer than this is no time to wait, but a slip."""


def result(
    answer: Response, operation: str, ok: Collection[int], *, absent: Collection[str], hidden: Sequence[str] = ()
) -> json_values.Json:
    """The parsed body of a success; {} if it has none. Raises ServiceError or MalformedResponse.

    `operation`: its name, for the error's words; `ok`: the statuses of its success; `absent`: the codes of a 404 that is about
    an item; `hidden`: texts that went out with the request and must not come back in an error.
    """
    if answer.status >= 400:
        raise service_error(answer, absent=absent, hidden=hidden)
    if answer.status not in ok:
        raise MalformedResponse(f"{operation} was answered with status {answer.status}.")
    return {} if answer.status == 204 else json_values.parse_object(answer.content)


def service_error(answer: Response, *, absent: Collection[str], hidden: Sequence[str] = ()) -> ServiceError:
    """The error in an answer, which need not be JSON: gateways answer with HTML, old vaults with nothing."""
    code, inner_code, words = (_plain(text) for text in said(answer.content))
    if any(text and text in said for text in hidden for said in (code, inner_code, words)):
        code = inner_code = words = ""
    error = service_error_type(answer.status, code, absent)(
        words[:MAX_MESSAGE] or f"The vault answered with status {answer.status}.",
        status=answer.status,
        code=code[:MAX_CODE],
        inner_code=inner_code[:MAX_CODE],
        request_id=request_id(answer.headers),
        retry_after=retry_after(answer.headers),
        maybe_done=answer.status >= 500,
    )
    error.words = words[:MAX_MESSAGE]
    return error


def said(content: bytes) -> tuple[str, str, str]:
    """`error.code`, its innererror's code, and `error.message`; of another shape the same, as far as it has them."""
    try:
        body = _in_lower_case(json_values.parse_object(content))
    except MalformedResponse:
        return "", "", _words_of_a_page(content)
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


def _words_of_a_page(content: bytes) -> str:
    """Plain text as it is, a page's words without its tags; "" for bytes that are no text, or for JSON cut off."""
    text = _text_of(content[:MAX_PAGE])
    if text.lstrip().startswith(("{", "[")) or text.strip() in ("null", "true", "false"):
        return ""
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>?", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return " ".join(html.unescape(text).split())


def _text_of(content: bytes) -> str:
    """UTF-8, whose last character may be cut off, or what an old gateway writes; "" for bytes that are no text."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return "" if re.search(rb"[\x00-\x08\x0e-\x1f]", content) else content.decode("cp1252", "replace")


def _plain(text: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def request_id(headers: Mapping[str, str]) -> str:
    """Azure's id of the request, for support; only if it looks like one."""
    text = headers.get("x-ms-request-id", "")
    return text if len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum() else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as a number or a date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    elif when := http_date(text):
        seconds = max((when - datetime.now(UTC)).total_seconds(), 0.0)
    else:
        return None
    return seconds if seconds <= MAX_RETRY_AFTER else None


def http_date(text: str) -> datetime | None:
    """A date in a header, if it is one."""
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
