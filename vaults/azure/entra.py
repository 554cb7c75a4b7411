"""Errors of Entra ID's token endpoint: maps a response without a token to an AuthenticationError with a reason.

Entra's description is shown to people, but never unchanged: anything that was sent to Entra is removed from it first, also
in parts.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, quote_plus

from vaults.azure import responses
from vaults.azure.errors import AuthenticationError, AuthenticationReason
from vaults.azure.transport import Response

MAX_WORDS = 500
_LONGEST_READ = 4000
_SHORTEST_PIECE = 8
"""Parts of the sent text that are at least this long (in characters) are removed from Entra's description."""
_HIDDEN = "…"
_CLOCK_SKEW_SECONDS = 60.0

_AADSTS = re.compile(r"AADSTS(\d{4,7})")
_PLAIN_CODE = re.compile(r"[a-z_]{1,40}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CORRELATION = re.compile(rf"Correlation ID: ({_GUID.pattern})")
_TAIL = re.compile(r"\s*Trace ID: .*", re.DOTALL)
_JWT = re.compile(r"eyJ[\w-]{5,}(\.[\w-]*)*")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:]|\.\w)"
)

_REASONS: dict[str, AuthenticationReason] = {
    "AADSTS7000215": "wrong_secret",
    "AADSTS7000222": "expired_secret",
    "AADSTS7000213": "unusable_credential",
    "AADSTS700027": "unknown_certificate",
    "AADSTS700024": "clock",
    "AADSTS90002": "unknown_tenant",
    "AADSTS900023": "unknown_tenant",
    "AADSTS90038": "other_cloud",
    "AADSTS900382": "other_cloud",
    "AADSTS900432": "other_cloud",
    "AADSTS700016": "unknown_application",
    "AADSTS70001": "unknown_application",
    "AADSTS7000112": "disabled_application",
    "AADSTS7000229": "missing_principal",
    "AADSTS500011": "unknown_resource",
    "AADSTS50001": "unknown_resource",
    "AADSTS53003": "conditional_access",
    "AADSTS90033": "unavailable",
    "AADSTS90024": "unavailable",
    "AADSTS90006": "unavailable",
    "AADSTS90012": "unavailable",
    "AADSTS90055": "throttled",
    "AADSTS50196": "throttled",
    "temporarily_unavailable": "unavailable",
}
#: Codes with several causes, which only their text tells apart.
_BY_TEXT: dict[str, tuple[tuple[re.Pattern[str], AuthenticationReason], ...]] = {
    "AADSTS50012": (
        (re.compile(r"valid time range|not yet valid", re.IGNORECASE), "clock"),
        (re.compile(r"key used is expired", re.IGNORECASE), "expired_certificate"),
        (re.compile(r"key was not found", re.IGNORECASE), "unknown_certificate"),
        (re.compile(r"invalid client secret", re.IGNORECASE), "wrong_secret"),
    ),
    "AADSTS700027": ((re.compile(r"key used is expired", re.IGNORECASE), "expired_certificate"),),
}
#: Codes without a meaning of their own: a more specific one follows.
_GENERAL = {"AADSTS70002"}

_SENTENCES: dict[AuthenticationReason, str] = {
    "wrong_secret": "Entra ID does not accept the client secret.",
    "expired_secret": "The client secret has expired.",
    "unknown_certificate": "The certificate is not registered with the application.",
    "expired_certificate": "The certificate has expired.",
    "unusable_credential": "Entra ID can't use the credential.",
    "unknown_tenant": "Entra ID knows no such tenant.",
    "other_cloud": "The tenant belongs to another cloud.",
    "unknown_application": "There is no application with this client ID in the tenant.",
    "disabled_application": "The application is disabled.",
    "missing_principal": "The application has no service principal in the tenant.",
    "unknown_resource": "The tenant does not know Azure Key Vault.",
    "conditional_access": "Conditional Access blocks this sign-in.",
    "clock": "The time of this server and Entra ID's differ.",
    "other": "Entra ID gave no token.",
    "unavailable": "Entra ID returned a server error.",
    "throttled": "Entra ID is throttling this tenant or application.",
    "unreachable": "Entra ID can't be reached.",
    "untrusted": "The sign-in host's certificate is not trusted.",
    "ca_file": "The CAs to trust can't be read.",
    "malformed": "The sign-in host's answer does not look like Entra ID's.",
    "unusable_certificate": "This server can't sign with the stored certificate.",
    "internal": "This server could not ask for a token.",
}


def failure(reason: AuthenticationReason, detail: str = "", *, code: str = "", **facts: Any) -> AuthenticationError:
    """The error for a reason. Its message is our sentence for the reason, the detail, and the code."""
    message = " ".join(part for part in (_SENTENCES[reason], detail, f"({code})" if code else "") if part)
    return AuthenticationError(message, reason=reason, detail=detail, code=code, **facts)


def refusal(response: Response, body: Mapping[str, Any], sent: Iterable[str], correlation: str) -> AuthenticationError:
    """The error in a response without a token. `body` is its JSON, {} if it has none.

    `sent`: texts that must not appear in the error; `correlation`: the id of our request. A response without an error code,
    unless it is a 429 or a 5xx, does not come from Entra: its reason is "malformed".
    """
    description = _description(response, body)
    codes = _codes(body, description)
    words = redacted_description(description, sent)
    reason, code = _reason(response.status, codes, description)
    if reason == "other" and not codes:
        detail = f"It answered with status {response.status}." if response.status >= 400 else "It holds no token."
        return failure("malformed", detail, status=response.status, words=words)
    return failure(
        reason,
        _detail(reason, response, description, code),
        code=code,
        words=words,
        status=response.status,
        request_id=_correlation(body, description) or (correlation if _GUID.fullmatch(correlation) else ""),
        retry_after=responses.retry_after(response.headers),
    )


def _description(response: Response, body: Mapping[str, Any]) -> str:
    """Entra's description; the text of a response in another format, such as a gateway's HTML page."""
    words = str(body.get("error_description") or "") or responses.error_parts(response.content)[2]
    return "" if _PLAIN_CODE.fullmatch(words) else words[:_LONGEST_READ]


def redacted_description(description: str, sent: Iterable[str]) -> str:
    """A description on one line, cut to MAX_WORDS characters, without its ids and times and without anything in `sent`."""
    text = "".join(char if char.isprintable() else " " for char in _TAIL.sub("", description))
    for written in sent:
        for spelling in _encodings(written):
            text = _redacted(text, spelling)
    text = " ".join(_JWT.sub(_HIDDEN, text).split())
    return text if len(text) <= MAX_WORDS else f"{text[:MAX_WORDS]}{_HIDDEN}"


def _codes(body: Mapping[str, Any], description: str) -> list[str]:
    """The AADSTS codes in the description and in `error_codes`; without any, the OAuth error code, such as invalid_client."""
    numbers = body.get("error_codes")
    listed = [f"AADSTS{number}" for number in numbers if type(number) is int] if isinstance(numbers, list) else []
    found = [match.group() for match in _AADSTS.finditer(description)]
    error = body.get("error")
    word = str(error.get("code") if isinstance(error, dict) else error)
    codes = list(dict.fromkeys([*found, *listed]))
    return codes or ([word] if _PLAIN_CODE.fullmatch(word) else [])


def _reason(status: int, codes: list[str], description: str) -> tuple[AuthenticationReason, str]:
    """The reason, and the code that it follows from."""
    for code in codes:
        for pattern, reason in _BY_TEXT.get(code, ()):
            if pattern.search(description):
                return reason, code
        if code in _REASONS:
            return _REASONS[code], code
    code = next((code for code in codes if code not in _GENERAL), codes[0] if codes else "")
    if status == 429:
        return "throttled", code
    return ("unavailable" if status >= 500 else "other"), code


def _detail(reason: AuthenticationReason, response: Response, description: str, code: str) -> str:
    match reason:
        case "conditional_access":
            seen = _address_in(description)
            return f"Entra ID saw this server at {seen}." if seen else ""
        case "clock":
            return _clock_detail(response)
        case "unavailable" | "throttled" if not code:
            return f"It answered with status {response.status}."
    return ""


def _clock_detail(response: Response) -> str:
    """A sentence about the difference between this server's clock and the response's; "" if it is under a minute."""
    theirs = responses.http_date(response.headers.get("Date", ""))
    apart = (datetime.now(UTC) - theirs).total_seconds() if theirs else 0.0
    if abs(apart) < _CLOCK_SKEW_SECONDS:
        return ""
    return f"This server's clock is {abs(apart) / 60:.0f} min {'ahead of' if apart > 0 else 'behind'} Entra ID's."


def _address_in(text: str) -> str:
    for match in _ADDRESS.finditer(text):
        try:
            return str(ip_address(match.group()))
        except ValueError:
            continue
    return ""


def _correlation(body: Mapping[str, Any], description: str) -> str:
    correlation_id = str(body.get("correlation_id", ""))
    if _GUID.fullmatch(correlation_id):
        return correlation_id
    found = _CORRELATION.search(description)
    return found.group(1) if found else ""


def _encodings(text: str) -> Iterator[str]:
    """The text as it is, and as forms, URLs, JSON and HTML encode it."""
    yield from dict.fromkeys((text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], html.escape(text)))


def _redacted(text: str, sent: str) -> str:
    """The text without `sent` and without parts of it, ignoring case."""
    length = min(_SHORTEST_PIECE, len(sent))
    if not length:
        return text
    folded, wanted = _folded(text), _folded(sent)
    hidden = [False] * len(text)
    for start in range(len(text) - length + 1):
        if folded[start : start + length] in wanted:
            hidden[start : start + length] = [True] * length
    kept = "".join("\0" if hide else char for char, hide in zip(text, hidden, strict=True))
    return re.sub("\0+", _HIDDEN, kept)


def _folded(text: str) -> str:
    """The text in lower case, one character for each, so that positions stay the same."""
    return "".join(char.lower()[:1] for char in text)
