"""The figure of the overview: bars for what expires in each of the next months, as numbers for an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

CHART_WIDTH, CHART_HEIGHT, BAR_TOP, LABEL_HEIGHT, BAR_WIDTH = 560, 205, 20, 24, 27


class Month(Protocol):
    """A calendar month and how many items expire in it."""

    start: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Where one month's bar stands, in the units of the SVG."""

    start: datetime
    count: int
    tone: str
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + BAR_WIDTH / 2, 1)


def expiry_chart(months: Sequence[Month]) -> dict[str, Any]:
    """A bar for each month: this one in the colour of "soon", the next two in the accent, the rest paler."""
    highest = max((month.count for month in months), default=0) or 1
    step = CHART_WIDTH / max(len(months), 1)
    room = CHART_HEIGHT - BAR_TOP - LABEL_HEIGHT
    bars = []
    for place, month in enumerate(months):
        height = max(round(room * month.count / highest, 1), 2 if month.count else 0)
        tone = "soon" if place == 0 else "near" if place < 3 else "far"
        left = round(place * step + (step - BAR_WIDTH) / 2, 1)
        bars.append(Bar(month.start, month.count, tone, left, round(BAR_TOP + room - height, 1), height))
    return {"bars": bars, "total": sum(month.count for month in months), "base": BAR_TOP + room}
