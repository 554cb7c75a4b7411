"""The fields of verbs, and how text becomes their values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

LONGEST = 2000  # characters of one word
LONGEST_TEXT = 100_000
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)")

Read = Callable[[str], Any]


class RefusedError(ValueError):
    """The action cannot be done; the text is the reason, for the user."""


class Shape(Enum):
    """The form of a field's value."""

    WORD = "one word"
    WORDS = "several words"
    SWITCH = "none: it is there or not"
    FILE = "the text of a file"


@dataclass(frozen=True, slots=True)
class Field:
    """An argument of a verb. A required field is a positional argument of the command line, others are options."""

    name: str
    help: str
    read: Read = str
    required: bool = False
    default: Any = None
    shape: Shape = Shape.WORD
    choices: tuple[str, ...] = ()

    def value(self, sent: Any) -> Any:
        """The value of an argument. Raises RefusedError."""
        if self.shape is Shape.SWITCH:
            return _switched(self.name, sent)
        if sent is None or sent in ("", []):
            if self.required:
                raise RefusedError(f"{self.name} is missing.")
            return [] if self.shape is Shape.WORDS else self.default
        if self.shape is Shape.WORDS:
            words = sent.split() if isinstance(sent, str) else sent
            if not isinstance(words, list):
                raise RefusedError(f"{self.name} must be a list of words.")
            return [self._read(word) for word in words]
        return self._read(sent)

    def _read(self, sent: Any) -> Any:
        text = sent if isinstance(sent, str) else repr(sent)
        longest = LONGEST_TEXT if self.shape is Shape.FILE else LONGEST
        if len(text) > longest or (self.shape is not Shape.FILE and not text.isprintable()):
            raise RefusedError(f"{self.name} is too long, or holds what cannot be printed.")
        if self.choices and text not in self.choices:
            raise RefusedError(f"{self.name} must be one of: {', '.join(self.choices)}.")
        try:
            return self.read(text.strip())
        except ValueError as error:
            raise RefusedError(f"{self.name}: {error}") from None


def read_all(fields: tuple[Field, ...], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all fields by their names. Raises RefusedError."""
    unknown = sent.keys() - {field.name for field in fields}
    if unknown:
        raise RefusedError(f"There is no field {min(unknown)} here.")
    return {field.name: field.value(sent.get(field.name)) for field in fields}


def number(low: float, high: float, kind: type = int) -> Read:
    """A reader of numbers in a range."""

    def read(text: str) -> Any:
        try:
            found = kind(text)
        except ValueError:
            raise ValueError(f"{text} is not a number.") from None
        if not low <= found <= high:
            raise ValueError(f"{text} is not between {low:g} and {high:g}.")
        return found

    return read


def duration(text: str) -> float:
    """Seconds of a time such as 90, 90s, 15m, 12h or 30d."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not a time. Write for instance 90s, 15m, 12h or 30d.")
    return float(match[1]) * UNITS[match[2]]


def pattern(text: str) -> str:
    """A regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text} is not a regular expression: {error}.") from None
    return text


def guid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise ValueError(f"{text} is not a GUID.")
    return text.lower()


def _switched(name: str, sent: Any) -> bool:
    if sent in (True, "true", "on"):
        return True
    if sent in (None, False, "", "false"):
        return False
    raise RefusedError(f"{name} must be true or false.")
