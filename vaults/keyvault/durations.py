"""Durations in Key Vault's format: ISO 8601, such as P90D, P1Y6M or PT48H."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

FORMAT: Final = re.compile(
    r"P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
"""Years, months, weeks, days, hours, minutes, seconds. Matched in whole."""

_MOST_DIGITS: Final = 12
"""Of one number. Larger ones are beyond any date, and slow to convert."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Months of the calendar, and a fixed time on top of them. A year is 12 months, a week is 7 days."""

    months: int
    rest: timedelta

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for a text that is no duration, or is one that no date can be reached with."""
        found = FORMAT.fullmatch(text)
        if found is None or any(len(count or "") > _MOST_DIGITS for count in found.groups()):
            raise ValueError("not a duration")
        years, months, weeks, days, hours, minutes, seconds = (int(count or 0) for count in found.groups())
        try:
            rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            raise ValueError("longer than any time between two dates") from None
        return cls(years * 12 + months, rest)

    def __bool__(self) -> bool:
        return bool(self.months or self.rest)

    def after(self, moment: datetime) -> datetime:
        """The time so much later; on the last day of the month if it has no such day. Raises OverflowError after 9999."""
        return _months_later(moment, self.months) + self.rest

    def before(self, moment: datetime) -> datetime:
        """The time so much earlier: what undoes `after`, but for the ends of months. Raises OverflowError before the year 1."""
        return _months_later(moment - self.rest, -self.months)


def duration_of(text: str | None) -> Duration | None:
    """The duration, None if there is none that can be read."""
    try:
        return Duration.parse(text) if text else None
    except ValueError:
        return None


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    if not 1 <= year <= 9999:
        raise OverflowError("no such year")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
