"""Figures that templates draw: what expires when, and what a service principal may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

CHART_WIDTH, CHART_HEIGHT, BAR_TOP, BAR_WIDTH = 560, 150, 20, 27


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: where its bar stands, in the units of the SVG."""

    label: str
    long: str
    count: int
    url: str
    tone: str
    x: float
    y: float
    height: float
    middle: float


def expiry_chart(months: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Twelve bars from `months` (dicts with label, long, count, url), the first in the colour of "soon"."""
    highest = max([month["count"] for month in months] or [0]) or 1
    step = CHART_WIDTH / max(len(months), 1)
    room = CHART_HEIGHT - BAR_TOP - 24
    bars = []
    for place, month in enumerate(months):
        height = max(round(room * month["count"] / highest, 1), 2 if month["count"] else 0)
        left = round(place * step + (step - BAR_WIDTH) / 2, 1)
        tone = "soon" if place == 0 else "near" if place < 3 else "far"
        top = BAR_TOP + room - height
        bars.append(
            Bar(
                label=month["label"],
                long=month["long"],
                count=month["count"],
                url=month["url"],
                tone=tone,
                x=left,
                y=round(top, 1),
                height=height,
                middle=round(left + BAR_WIDTH / 2, 1),
            )
        )
    return {"bars": bars, "total": sum(bar.count for bar in bars), "base": BAR_TOP + room}


# The matrix of permissions

KINDS = ("secrets", "keys", "certificates")
COLUMNS = (
    "get",
    "list",
    "set",
    "create",
    "update",
    "import",
    "delete",
    "recover",
    "purge",
    "backup",
    "restore",
)
VERDICT_WORDS = {
    "allowed": "allowed, proven by a call",
    "probably": "probably allowed: the call was let through to its checks",
    "denied": "denied, proven by a call",
    "unknown": "can't be probed safely",
}


class Probe(Protocol):
    """What one harmless call showed."""

    permission: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A permission of one kind; `probe` is None where Key Vault has no such permission."""

    permission: str
    probe: Probe | None
    word: str

    @property
    def short(self) -> str:
        """The permission without its kind."""
        return self.permission.partition("/")[2]


def permission_matrix(results: Sequence[Probe]) -> list[dict[str, Any]]:
    """One row a kind: a cell for each of COLUMNS, and the kind's further permissions."""
    rows = []
    for kind in KINDS:
        own = {
            probe.permission.partition("/")[2]: probe
            for probe in results
            if probe.permission.startswith(kind)
        }
        further = [_cell(f"{kind}/{name}", probe) for name, probe in own.items() if name not in COLUMNS]
        cells = [_cell(f"{kind}/{name}", own.get(name)) for name in COLUMNS]
        rows.append({"kind": kind.title(), "cells": cells, "further": further})
    return rows


def permission_columns() -> tuple[str, ...]:
    return COLUMNS


def _cell(permission: str, probe: Probe | None) -> Cell:
    return Cell(permission, probe, VERDICT_WORDS.get(probe.verdict, probe.verdict) if probe else "")
