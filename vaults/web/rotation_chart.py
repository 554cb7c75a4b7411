"""The next rotations of a key as bars on one axis of time, one for each version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vaults.keyvault.rotation import VersionLife

ROW_HEIGHT, BAR_TOP, BAR_HEIGHT = 34, 17, 9
#: A bar that starts further right than this has its text at the right edge.
TEXT_FITS = 72
#: Further left than this, today can't be told apart from the edge.
AT_EDGE = 2
#: At most so many rotations are drawn of a version that is valid for longer than the others together.
MOST_BEYOND = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One version: places in percent of the width from the left, and in pixels from the top."""

    life: VersionLife
    y: int
    left: float
    width: float
    rotated: float | None
    notified: float | None
    expires: float | None

    @property
    def middle(self) -> float:
        return self.y + BAR_TOP + BAR_HEIGHT / 2

    @property
    def top(self) -> int:
        return self.y + BAR_TOP

    @property
    def bottom(self) -> int:
        return self.top + BAR_HEIGHT

    @property
    def text_y(self) -> int:
        return self.y + BAR_TOP - 5

    @property
    def next_top(self) -> int:
        """The top of the next version's bar."""
        return self.top + ROW_HEIGHT

    @property
    def text_at_end(self) -> bool:
        return self.left > TEXT_FITS


@dataclass(frozen=True, slots=True)
class RotationChart:
    """`now`: in percent of the width, None if it is at the left edge, where the current version begins."""

    bars: Sequence[Bar]
    height: int
    now: float | None


def rotation_chart(lives: Sequence[VersionLife], now: datetime) -> RotationChart | None:
    """None if there is nothing to draw: no version has a further date."""
    dates = [moment for life in lives for moment in (life.rotated_on, life.expires_on) if moment]
    if not dates:
        return None
    start, end = lives[0].created_on, max([_end(lives, dates), now])
    length = (end - start) or timedelta(days=1)

    def place(moment: datetime | None) -> float | None:
        return None if moment is None or moment > end else round(100 * ((moment - start) / length), 2)

    bars = []
    for number, life in enumerate(lives):
        left, expires = place(life.created_on) or 0.0, place(life.expires_on)
        until = 100.0 if expires is None else expires
        bars.append(
            Bar(
                life,
                number * ROW_HEIGHT,
                left,
                max(round(until - left, 2), 0.5),
                place(life.rotated_on) if number + 1 < len(lives) else None,
                place(life.notified_on),
                expires,
            )
        )
    today = place(now)
    return RotationChart(bars, len(bars) * ROW_HEIGHT, today if today and today > AT_EDGE else None)


def _end(lives: Sequence[VersionLife], dates: Sequence[datetime]) -> datetime:
    """The last date, but not so far away that the rotations can't be told apart any more."""
    last = max(dates)
    if len(lives) < 2:
        return last
    step = lives[-1].created_on - lives[-2].created_on
    try:
        return min(last, lives[-1].created_on + MOST_BEYOND * step)
    except OverflowError:
        return last
