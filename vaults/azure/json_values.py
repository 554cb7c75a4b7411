"""From the bytes of an answer to members of the right type, or MalformedResponse. The JSON border is here.

A vault is not trusted to send sane JSON: size, number of members, depth and types are checked before anything
of it is used. What is nested too deep is cut, and a number too long for one is a text: neither spoils what stands beside
it. Values are never quoted in a message, only the names of members.
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
"""What is read in place of a member that is nested deeper."""
MAX_MEMBERS = 100_000
"""A page of Key Vault has under 1,000; a parsed member takes some 50 times the memory of its bytes."""


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
    """Raises ValueError."""
    try:
        return _sane(_loaded(text), MAX_DEPTH)
    except RecursionError:
        return _sane(_loaded(_flattened(text)), MAX_DEPTH)


def _loaded(text: str) -> Any:
    return json.loads(text, parse_int=_whole, parse_constant=_refuse_constant)


def _whole(digits: str) -> int | str:
    """A number; as text where it has more digits than Python makes a number of."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]+|\\.)*+"?|[][{}]', re.DOTALL)


def _flattened(text: str) -> str:
    """The JSON with a short text in place of each member that is nested too deep."""
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
    """The value without the half characters that can't be written as UTF-8. Raises RecursionError where it is too deep."""
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


def nothing(_: Json) -> None:
    """What is read of an answer that tells no more than its status."""


def member(data: Json, name: str, kind: type[T]) -> T | None:
    """A member that may be missing or null, of exactly this type."""
    value = data.get(name)
    if value is not None and type(value) is not kind:
        raise MalformedResponse(f'The member "{name}" of the answer has the wrong type.')
    return value


def required(data: Json, name: str, kind: type[T]) -> T:
    """A member that must be there."""
    value = member(data, name, kind)
    if value is None:
        raise MalformedResponse(f'The answer has no member "{name}".')
    return value


def section(data: Json, name: str) -> Json:
    """A nested object; empty if missing or null."""
    return member(data, name, dict) or {}


def as_object(item: Any) -> Json:
    """An item of a list, which must be an object."""
    if not isinstance(item, dict):
        raise MalformedResponse("The list holds more than objects.")
    return item
