"""CSV in which no spreadsheet finds a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

#: Signs with which a formula can begin: at the start of a cell or after a separator, also after spaces and quotes. Their
#: full-width, small and raised forms count too (NFKC maps them to these signs).
FORMULA_SIGNS = "=+-@\N{MINUS SIGN}"
SEPARATORS = ",;|"
QUOTES = "\"'"
SPACE = " "
#: Invisible letters and signs.
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"


def spreadsheet(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180) in UTF-8 with a byte order mark, each cell quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def cell(value: Any) -> str:
    """Text that contains no formula, with any separator, and no control characters."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="seconds"))
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return "".join(_defused(text))


def _defused(text: str) -> Iterator[str]:
    """The text with an apostrophe before each sign that a formula could begin with."""
    may_begin = True
    for char in text:
        plain = _plain(char)
        if may_begin and plain in FORMULA_SIGNS:
            yield "'"
        if plain not in (SPACE, *QUOTES):
            may_begin = plain in SEPARATORS
        yield char


@lru_cache(maxsize=10_000)
def _plain(char: str) -> str:
    """The character that a spreadsheet may read instead."""
    if char in FILLERS or unicodedata.category(char) == "Mn":
        return SPACE
    return unicodedata.normalize("NFKC", char).strip()[:1] or SPACE
