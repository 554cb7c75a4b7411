"""Lenient reading of a JSON object's members. A member that can't be read is kept as text, and the others are still read.

Vaults contain years of data: dates beyond the year 9999 or in milliseconds, numbers as text, values of a later API version.
Identifiers, which tell Key Vault's responses from others, are read strictly (`keyvault.bundles.identity`).
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
"""Maximum length, in characters, of the text kept of an unreadable member."""


class Members:
    """The members of `data`. Those that can't be read are added to `odd` as text, under the name of the field they are for.

    A method returns None, or an empty value, for a member that is missing, null or unreadable.
    """

    def __init__(self, data: Any, odd: dict[str, str] | None = None) -> None:
        self.odd: dict[str, str] = {} if odd is None else odd
        self._data: Mapping[str, Any] = data if isinstance(data, dict) else {}

    def raw(self, name: str) -> Any:
        """A member as it was sent, unchecked."""
        return self._data.get(name)

    def __contains__(self, name: str) -> bool:
        """True if the member was sent, readable or not."""
        return name in self._data

    def section(self, name: str, field: str = "") -> Members:
        """A nested object, without members if it is not an object; it shares `odd`."""
        return Members(self._read(name, field, _mapping), self.odd)

    def expected_section(self, name: str, *fields: str) -> Members:
        """A nested object that must not be null: null or another type is added to `odd` once for each of `fields`."""
        sent = self._data.get(name, {})
        if not isinstance(sent, dict):
            self.odd.update(dict.fromkeys(fields, as_text(sent)))
        return Members(sent, self.odd)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested object as it was sent, empty if it is not an object."""
        return self._read(name, "", _mapping) or {}

    def text(self, name: str, field: str = "") -> str | None:
        return self._read(name, field, _text)

    def flag(self, name: str, field: str = "") -> bool | None:
        return self._read(name, field, _flag)

    def switch(self, name: str) -> bool | None:
        """A flag whose absence means True to Key Vault (returned as None), so that null is added to `odd`."""
        if name in self and self._data[name] is None:
            self.odd[name] = as_text(None)
        return self.flag(name)

    def number(self, name: str, field: str = "") -> int | None:
        return self._read(name, field, integer)

    def timestamp(self, name: str, field: str = "") -> datetime | None:
        """A time, sent in whole seconds since 1970, as an aware datetime in UTC."""
        return self._read(name, field, timestamp)

    def data(self, name: str, field: str = "") -> bytes:
        """Bytes sent as base64 or base64url, padded or not; b"" if missing."""
        return self._read(name, field, decoded) or b""

    def texts(self, name: str, field: str = "") -> tuple[str, ...]:
        """A list of texts; other items are returned as JSON text."""
        return tuple(_in_list(item) for item in self._read(name, field, _list) or ())

    def non_texts(self, name: str) -> dict[str, Any]:
        """The items of such a list that are not text, as they were sent, by the text that `texts` returns for them."""
        return {_in_list(item): item for item in self._read(name, "", _list) or () if not isinstance(item, str)}

    def tags(self, name: str, field: str = "") -> dict[str, str]:
        """Names and values of tags; a value that is not text is returned as JSON text, null as ""."""
        return {name: _spelled(value) for name, value in (self._read(name, field, _mapping) or {}).items()}

    def objects(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """The items of a list that are objects; others are left out."""
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


def is_one_line(value: Any) -> bool:
    """True for a text without line ends, which a form can show in one line."""
    return isinstance(value, str) and value.splitlines() in ([], [value])


def as_text(value: Any) -> str:
    """The value as JSON, cut to LONGEST characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def integer(value: Any) -> int:
    """An integer, also from text or a float. Raises TypeError, ValueError, OverflowError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    return int(value)


def timestamp(value: Any) -> datetime:
    """Seconds since 1970 as a datetime in UTC. Raises as `integer` does, and OSError; so for years before 1 or after 9999."""
    return datetime.fromtimestamp(integer(value), UTC)


def decoded(value: Any) -> bytes:
    """The bytes of a base64 or base64url text. Raises TypeError, ValueError."""
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
