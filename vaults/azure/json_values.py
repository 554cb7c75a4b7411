"""Strict JSON parsing: the bytes of a response to members of the right type, or MalformedResponse.

The vault is not trusted to send valid JSON: number of members, depth and types are checked before a value is used. A member
nested too deep is cut, and a number with too many digits becomes text, so that the other members can still be read. Error
messages quote the names of members, never their values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from vaults.azure.errors import MalformedResponse

Json = Mapping[str, Any]
T = TypeVar("T")

MAX_DEPTH = 24
CUT = '"[…]"'
"""The JSON that replaces a member nested deeper than that."""
MAX_MEMBERS = 100_000
"""A page of Key Vault has under 1,000; a parsed member takes about 50 times the memory of its bytes."""


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`. Raises MalformedResponse for anything else."""
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MAX_MEMBERS:
        raise MalformedResponse("The answer has too many members.")
    try:
        parsed = _parsed(content.decode("utf-8"))
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise MalformedResponse("The answer is not a JSON object.")
    return parsed


def _parsed(text: str) -> Any:
    """The JSON value, with members nested too deep cut. Raises ValueError."""
    try:
        return _sane(_loaded(text), MAX_DEPTH)
    except RecursionError:
        return _sane(_loaded(_flattened(text)), MAX_DEPTH)


def _loaded(text: str) -> Any:
    return json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)


def _parse_int(digits: str) -> int | str:
    """The integer; the text if it has more digits than Python converts (sys.get_int_max_str_digits)."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]+|\\.)*+"?|[][{}]', re.DOTALL)


def _flattened(text: str) -> str:
    """The JSON with CUT in place of each member that is nested too deep; "" if such a member is not closed."""
    kept, begin, level = [], 0, 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        match text[found.start()]:
            case "[" | "{":
                level += 1
                if level == MAX_DEPTH:
                    kept.append(text[begin : found.start()])
            case "]" | "}":
                level -= 1
                if level == MAX_DEPTH - 1:
                    kept.append(CUT)
                    begin = found.end()
    return "".join(kept) + text[begin:] if level < MAX_DEPTH else ""


def _sane(value: Any, depth: int) -> Any:
    """The value without lone surrogates, which can't be encoded as UTF-8. Raises RecursionError if it is nested too deep."""
    if depth <= 0:
        raise RecursionError
    if isinstance(value, dict):
        return {_sane_text(name): _sane(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_sane(item, depth - 1) for item in value]
    return _sane_text(value) if isinstance(value, str) else value


def _sane_text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def ignore_body(_: Json) -> None:
    """Parser for responses without a body."""


def member(data: Json, name: str, kind: type[T]) -> T | None:
    """A member of exactly this type; None if missing or null. Raises MalformedResponse for another type."""
    value = data.get(name)
    if value is not None and type(value) is not kind:
        raise MalformedResponse(f'The member "{name}" of the answer has the wrong type.')
    return value


def required(data: Json, name: str, kind: type[T]) -> T:
    """A member that must be present. Raises MalformedResponse if it is missing, null or of another type."""
    value = member(data, name, kind)
    if value is None:
        raise MalformedResponse(f'The answer has no member "{name}".')
    return value


def section(data: Json, name: str) -> Json:
    """A nested object; empty if missing or null. Raises MalformedResponse for another type."""
    return member(data, name, dict) or {}


def as_object(item: Any) -> Json:
    """The item of a list, if it is an object. Raises MalformedResponse if not."""
    if not isinstance(item, dict):
        raise MalformedResponse("The list holds more than objects.")
    return item
