"""Tables to take away: CSV that no spreadsheet reads a formula from."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

#: Where a spreadsheet sees a formula begin, at a cell's start or behind what it takes for a separator: these signs, also in full
#: width, small or raised forms (what NFKC makes them of), behind blanks and quotes.
FORMULA_SIGNS = "=+-@\N{MINUS SIGN}"
SEPARATORS = ",;|"
QUOTES = "\"'"
BLANK = " "
#: Letters and signs that nobody sees.
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"


def spreadsheet(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180) in UTF-8 with a mark that says so, each cell quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def cell(value: Any) -> str:
    """Text in which nothing is a formula, whichever separator it is split at; without control characters."""
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
        if plain not in (BLANK, *QUOTES):
            may_begin = plain in SEPARATORS
        yield char


@lru_cache(maxsize=10_000)
def _plain(char: str) -> str:
    """What a spreadsheet may take a character for."""
    if char in FILLERS or unicodedata.category(char) == "Mn":
        return BLANK
    return unicodedata.normalize("NFKC", char).strip()[:1] or BLANK
