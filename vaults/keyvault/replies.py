"""What a vault's answer means: the result of an operation, or the error, with nothing secret in its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from vaults.keyvault import answers
from vaults.keyvault.errors import MalformedAnswer, ServiceError, service_error_type
from vaults.keyvault.operations import Operation
from vaults.keyvault.wire import Answer

MAX_MESSAGE = 1000
MAX_CODE = 100
MAX_RETRY_AFTER = 3600.0


def result(operation: Operation, answer: Answer, *, hidden: Sequence[str] = ()) -> answers.Json:
    """The parsed answer of a success; {} if it has no body. Raises ServiceError or MalformedAnswer.

    `hidden` are texts that went out with the request and must not come back in an error.
    """
    if answer.status >= 400:
        raise service_error(answer, hidden)
    if answer.status not in operation.ok:
        raise MalformedAnswer(f"{operation.name} was answered with status {answer.status}.")
    return {} if answer.status == 204 else answers.parse_object(answer.content)


def service_error(answer: Answer, hidden: Sequence[str] = ()) -> ServiceError:
    """The error in an answer, which need not be JSON: gateways answer with HTML, old vaults with nothing."""
    code, inner_code, message = _said(answer)
    if any(text and text in said for text in hidden for said in (code, inner_code, message)):
        code = inner_code = message = ""
    return service_error_type(answer.status)(
        _plain(message)[:MAX_MESSAGE] or f"The vault answered with status {answer.status}.",
        status=answer.status,
        code=_plain(code)[:MAX_CODE],
        inner_code=_plain(inner_code)[:MAX_CODE],
        request_id=request_id(answer.headers),
        retry_after=retry_after(answer.headers),
        maybe_done=answer.status >= 500,
    )


def _said(answer: Answer) -> tuple[str, str, str]:
    """`error.code`, its innererror's code, and `error.message`."""
    try:
        error = answers.section(answers.parse_object(answer.content), "error")
        inner = answers.section(error, "innererror")
        said = (error, "code"), (inner, "code"), (error, "message")
        code, inner_code, message = (answers.member(data, name, str) or "" for data, name in said)
    except MalformedAnswer:
        return "", "", ""
    return code, inner_code, message


def _plain(text: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def request_id(headers: Mapping[str, str]) -> str:
    """Azure's id of the request, for support; only if it looks like one."""
    text = headers.get("x-ms-request-id", "")
    return text if len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum() else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as a number or a date; at most an hour is believed."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER)
    when = http_date(text)
    if when is None:
        return None
    return min(max((when - datetime.now(UTC)).total_seconds(), 0.0), MAX_RETRY_AFTER)


def http_date(text: str) -> datetime | None:
    """A date in a header, if it is one."""
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
