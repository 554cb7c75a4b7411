"""Members of an object as far as they can be read. One that makes no sense is kept as text, and spoils nothing beside it.

Vaults hold what people have written into them for years: dates beyond the year 9999 or in milliseconds, numbers as texts,
values that a later API version brought. What tells Key Vault's answers from others' stays strict: see `answers`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 200
"""Characters of the text that is kept of a member."""


class Members:
    """The members of `data`; those that can't be read go into `odd`, as text, under the name of the field they are for."""

    def __init__(self, data: Any, odd: dict[str, str] | None = None) -> None:
        self.odd: dict[str, str] = {} if odd is None else odd
        self._data: Mapping[str, Any] = data if isinstance(data, dict) else {}

    def raw(self, name: str) -> Any:
        """A member as it was sent."""
        return self._data.get(name)

    def __contains__(self, name: str) -> bool:
        """Whether it was sent, readable or not."""
        return name in self._data

    def section(self, name: str, field: str = "") -> Members:
        """A nested object, with no members where it is none; it shares `odd`."""
        return Members(self._read(name, field, _mapping), self.odd)

    def told_by(self, name: str, *fields: str) -> Members:
        """The same of one that always has something to tell: null is odd, and what is odd is kept for each of its fields."""
        sent = self._data.get(name, {})
        if not isinstance(sent, dict):
            self.odd.update(dict.fromkeys(fields, as_text(sent)))
        return Members(sent, self.odd)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested object as it was sent, empty where it is none."""
        return self._read(name, "", _mapping) or {}

    def text(self, name: str, field: str = "") -> str | None:
        return self._read(name, field, _text)

    def flag(self, name: str, field: str = "") -> bool | None:
        return self._read(name, field, _flag)

    def switch(self, name: str) -> bool | None:
        """A yes or no that stands for yes where it is not sent; null is neither."""
        if name in self and self._data[name] is None:
            self.odd[name] = as_text(None)
        return self.flag(name)

    def number(self, name: str, field: str = "") -> int | None:
        return self._read(name, field, whole)

    def moment(self, name: str, field: str = "") -> datetime | None:
        """A time in whole seconds since 1970, as an aware datetime in UTC."""
        return self._read(name, field, moment)

    def data(self, name: str, field: str = "") -> bytes:
        """Bytes sent as base64 or base64url, padded or not; b"" if missing."""
        return self._read(name, field, decoded) or b""

    def texts(self, name: str, field: str = "") -> tuple[str, ...]:
        """A list of texts; whatever else is in it, spelled as JSON."""
        return tuple(_in_list(item) for item in self._read(name, field, _list) or ())

    def no_texts(self, name: str) -> dict[str, Any]:
        """Those items of such a list that are none, by their spelling."""
        return {_in_list(item): item for item in self._read(name, "", _list) or () if not isinstance(item, str)}

    def tags(self, name: str, field: str = "") -> dict[str, str]:
        """Names and values, which are texts; of others their spelling, of null nothing."""
        return {name: _spelled(value) for name, value in (self._read(name, field, _mapping) or {}).items()}

    def objects(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Those items of a list that are objects."""
        return tuple(item for item in self._read(name, "", _list) or () if isinstance(item, dict))

    def _read(self, name: str, field: str, read: Callable[[Any], T]) -> T | None:
        value = self._data.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except (TypeError, ValueError, OverflowError, OSError):
            self.odd[field or name] = as_text(value)
            return None


def as_text(value: Any) -> str:
    """JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def whole(value: Any) -> int:
    """A number, also one that was sent as text. Raises TypeError, ValueError, OverflowError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    return int(value)


def moment(value: Any) -> datetime:
    """Raises as `whole` does, and OSError; also for times that are before the year 1 or after 9999."""
    return datetime.fromtimestamp(whole(value), UTC)


def decoded(value: Any) -> bytes:
    """Raises TypeError, ValueError."""
    text = _text(value).translate(_TO_BASE64).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


_TO_BASE64 = str.maketrans("-_", "+/")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise TypeError("not a yes or no")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _in_list(item: Any) -> str:
    return item if isinstance(item, str) else as_text(item)


def _spelled(value: Any) -> str:
    return "" if value is None else _in_list(value)
