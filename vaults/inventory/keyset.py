"""Pages of long lists, each read from an index beginning at the row after which it starts, never counted from the first row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50
#: The most rows that are counted.
MOST_COUNTED = 500
#: Between the parts of a place in an address.
APART = "_"


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in a list that is in the order of a moment and, where that is the same, of ids. Rows without a moment come
    last."""

    moment: datetime | None
    pk: int

    def __str__(self) -> str:
        """For an address."""
        return f"{self.moment.isoformat() if self.moment else ''}{APART}{self.pk}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None if it is no place."""
        moment, _, pk = text[:60].partition(APART)
        try:
            read = parse_datetime(moment) if moment else None
            in_utc = read.astimezone(UTC) if read and read.tzinfo else None
        except (ValueError, OverflowError):
            return None
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19) or (moment and in_utc is None):
            return None
        return cls(in_utc, int(pk))


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """`after` and `before`: the places from which the next and the previous page go on, None at the ends.

    `count`: the number of all rows on a first page, None on others and if there are more than MOST_COUNTED.
    """

    object_list: Sequence[M]
    after: Place | None = None
    before: Place | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: by a moment, the earliest or the latest first."""

    field: str
    latest_first: bool = False

    def page(self, rows: QuerySet[M], after: Place | None = None, before: Place | None = None) -> Page[M]:
        """The first page, the one after a place, or the one before a place."""
        back = before is not None and after is None
        found = self._rows(rows, before if back else after, back=back)
        more = len(found) > PAGE_SIZE
        shown = found[:PAGE_SIZE][::-1] if back else found[:PAGE_SIZE]
        is_first = after is None and before is None
        return Page(
            shown,
            count=_counted(rows, len(found)) if is_first else None,
            after=self._place(shown[-1]) if shown and (more or back) else None,
            before=self._place(shown[0]) if shown and (more if back else after is not None) else None,
        )

    def _place(self, row: Model) -> Place:
        return Place(getattr(row, self.field), row.pk)

    def _rows(self, rows: QuerySet[M], start: Place | None, *, back: bool) -> list[M]:
        """One row more than a page has, away from `start`."""
        down = self.latest_first is not back
        sign = "-" if down else ""
        dated = rows.exclude(**{self.field: None}).order_by(f"{sign}{self.field}", f"{sign}pk")
        undated = rows.filter(**{self.field: None}).order_by(f"{sign}pk") if self._may_be_missing(rows) else rows.none()
        parts = [undated, dated] if back else [dated, undated]
        if start:
            beyond = "lt" if down else "gt"
            is_beyond = Q(**{f"pk__{beyond}": start.pk})
            if start.moment is None:
                parts = [undated.filter(is_beyond), *parts[1:]] if back else [undated.filter(is_beyond)]
            else:
                # The first condition is the range of the index that is read.
                at = {self.field: start.moment}
                further = Q(**{f"{self.field}__{beyond}": start.moment}) | Q(is_beyond, **at)
                reached = dated.filter(further, **{f"{self.field}__{beyond}e": start.moment})
                parts = [reached] if back else [reached, undated]
        return self._first_of(parts)

    def _may_be_missing(self, rows: QuerySet[M]) -> bool:
        return bool(rows.model._meta.get_field(self.field).null)

    def _first_of(self, parts: Sequence[QuerySet[M]]) -> list[M]:
        found: list[Any] = []
        for part in parts:
            if len(found) <= PAGE_SIZE:
                found += part[: PAGE_SIZE + 1 - len(found)]
        return found


def _counted(rows: QuerySet[M], found: int) -> int | None:
    """`found`: how many rows were read for the page."""
    count = found if found <= PAGE_SIZE else rows.order_by()[: MOST_COUNTED + 1].count()
    return count if count <= MOST_COUNTED else None
