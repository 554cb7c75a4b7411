"""Two values compared without showing them: sizes, line ends, and the keys of JSON objects; never a part of a value.

A key of a JSON object counts as structure, as a line does, and is named.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from django.views.decorators.debug import sensitive_variables

#: The most paths that a comparison names, of each sort.
MOST_PATHS: Final = 100
#: Objects nested deeper than this are compared as a whole.
DEEPEST: Final = 20
#: The most characters of one key that are shown.
LONGEST_KEY: Final = 60
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of both values, in words."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths into a JSON object. `more`: the number of those that are not named."""

    named: Sequence[str] = ()
    more: int = 0

    @property
    def count(self) -> int:
        return len(self.named) + self.more


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """How the second JSON object differs from the first. An added or removed part is named by its top."""

    added: Paths
    removed: Paths
    changed: Paths

    @property
    def none(self) -> bool:
        return not (self.added.count or self.removed.count or self.changed.count)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`only_blanks`: they differ only in line ends and blank space. `keys`: None unless both are JSON objects to be compared."""

    equal: bool
    only_blanks: bool
    facts: Sequence[Fact]
    keys: KeyChanges | None = None


@sensitive_variables()
def compare(before: str, after: str) -> Comparison:
    """Compare two values of at most 25 kB each."""
    first, second = _json_of(before), _json_of(after)
    both = isinstance(first, dict) and isinstance(second, dict)
    facts = [
        Fact("Length", _characters(before), _characters(after)),
        Fact("Size", _bytes(before), _bytes(after)),
        Fact("Lines", str(_lines(before)), str(_lines(after))),
        Fact("Line ends", line_ends(before) or "none", line_ends(after) or "none"),
        Fact("At the start", _start(before), _start(after)),
        Fact("At the end", _end(before), _end(after)),
        Fact("Form", _form(before, first), _form(after, second)),
    ]
    return Comparison(
        equal=before == after,
        only_blanks=before != after and before.split() == after.split(),
        facts=facts,
        keys=_key_changes(first, second) if both else None,
    )


def line_ends(value: str) -> str:
    """The kinds of line ends in a text: "CRLF and LF"; "" if it has none."""
    windows = value.count("\r\n")
    kinds = [
        name
        for name, count in (
            ("CRLF", windows),
            ("LF", value.count("\n") - windows),
            ("CR", value.count("\r") - windows),
        )
        if count
    ]
    return " and ".join(kinds)


def _characters(value: str) -> str:
    return f"{len(value):,} character{'' if len(value) == 1 else 's'}"


def _bytes(value: str) -> str:
    size = len(value.encode("utf-8", "surrogatepass"))
    return f"{size:,} byte{'' if size == 1 else 's'}"


def _lines(value: str) -> int:
    """Without an empty one after the last line end."""
    return len(re.split(r"\r\n|\r|\n", value)) - (value.endswith(("\r", "\n")) or not value)


def _start(value: str) -> str:
    if value.startswith("\ufeff"):
        return "a byte order mark (BOM)"
    return "blank space" if value != value.lstrip() else "no blank space"


def _end(value: str) -> str:
    if value.endswith(("\r", "\n")):
        return "a line end"
    return "blank space" if value != value.rstrip() else "no blank space"


class _RepeatedKey(ValueError):
    """An object has a key twice: readers take either value, so they are not compared."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKey
    return found


def _json_of(value: str) -> Any:
    """The parsed JSON; the error if it has a key twice; _MISSING if it is no JSON."""
    try:
        return json.loads(value, object_pairs_hook=_once)
    except _RepeatedKey as error:
        return error
    except (ValueError, RecursionError):  # also of a number with more digits than Python reads
        return _MISSING


def _form(value: str, parsed: Any) -> str:
    match parsed:
        case dict():
            return f"a JSON object with {len(parsed)} key{'' if len(parsed) == 1 else 's'}"
        case list():
            return "a JSON array"
        case _RepeatedKey():
            return "JSON with a key twice in one object"
        case _:
            return "text" if value else "empty"


def _key_changes(before: dict[str, Any], after: dict[str, Any]) -> KeyChanges | None:
    """None if a part is nested as deep as JSON can just be read, so that it can't be spelled."""
    found: dict[str, list[str]] = {"added": [], "removed": [], "changed": []}
    try:
        for sort, path in _differences(before, after, "", 0):
            found[sort].append(path)
    except RecursionError:
        return None
    return KeyChanges(**{sort: _bounded(paths) for sort, paths in found.items()})


def _bounded(paths: list[str]) -> Paths:
    return Paths(paths[:MOST_PATHS], max(0, len(paths) - MOST_PATHS))


def _differences(before: Any, after: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if before is _MISSING:
        yield "added", path
    elif after is _MISSING:
        yield "removed", path
    elif depth <= DEEPEST and isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            parts = before.get(key, _MISSING), after.get(key, _MISSING)
            yield from _differences(*parts, _longer(path, key), depth + 1)
    elif depth <= DEEPEST and isinstance(before, list) and isinstance(after, list):
        for place, parts in enumerate(zip_longest(before, after, fillvalue=_MISSING)):
            yield from _differences(*parts, f"{path}[{place}]", depth + 1)
    elif _spelled(before) != _spelled(after):
        yield "changed", path


def _spelled(part: Any) -> str:
    """As text, because in Python 1, 1.0 and true are equal."""
    return json.dumps(part, sort_keys=True)


def _longer(path: str, key: str) -> str:
    """The path to a key: `database.password`; a key with other characters than those of plain ones is quoted.

    Half of a surrogate pair, which JSON can have and UTF-8 can't, is shown as its escape.
    """
    shown = key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…"
    if not _PLAIN_KEY.fullmatch(key):
        shown = json.dumps(shown, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return f"{path}.{shown}" if path else shown
