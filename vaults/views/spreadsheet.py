"""Tables to take away: CSV that no spreadsheet reads a formula from."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

#: Where a spreadsheet would see a formula begin: at a cell's start, or behind what it takes for a separator; some of the signs
#: also in full width, behind blanks and quotes.
FORMULA_STARTS = re.compile(r"(^|[,;|])([\s\"]*)(?=[=+\-@＝＋－＠])")


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
    return FORMULA_STARTS.sub(r"\1\2'", text)
