"""Figures of the overview: number cards, and a bar chart of expired items and of items that expire in each of the next months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from vaults.models import Vault
from vaults.templatetags.markup import markup

CHART_WIDTH, CHART_HEIGHT, BAR_TOP, LABEL_HEIGHT, BAR_WIDTH = 560, 205, 20, 24, 27
#: Distance between the bar for expired items and the months.
GAP = 14
ROOM = CHART_HEIGHT - BAR_TOP - LABEL_HEIGHT
BASE = BAR_TOP + ROOM


class Month(Protocol):
    """A calendar month and how many items expire in it."""

    start: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its position in units of the SVG, its texts, and its link."""

    label: str
    name: str
    count: int
    tone: str
    url: str
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + BAR_WIDTH / 2, 1)


def expiry_chart(months: Sequence[Month], expired: int = 0, vault: str = "") -> dict[str, Any]:
    """A bar for expired items, then one for each month. Each links to its items in the inventory. `vault`: the slug of the only
    vault, or ""."""
    highest = max([expired, *(month.count for month in months)]) or 1
    lefts = _places(1 + len(months))

    def bar(place: int, label: str, name: str, count: int, tone: str, query: dict[str, str]) -> Bar:
        height = max(round(ROOM * count / highest, 1), 2 if count else 0)
        url = f"{reverse('inventory')}?{urlencode(query | ({'vault': vault} if vault else {}))}"
        return Bar(label, name, count, tone, url, lefts[place], round(BASE - height, 1), height)

    past = bar(0, "past", "Expired", expired, "bad", {"state": "expired"})
    bars = [
        bar(place, f"{month.start:%b}", f"{month.start:%B %Y}", month.count, _tone(place), {"month": month_key(month)})
        for place, month in enumerate(months, 1)
    ]
    return {"past": past, "all": [past, *bars], "total": sum(bar.count for bar in bars), "base": BASE}


_LABEL = '<text x="{}" y="{}">{}</text>'
_BAR = (
    '<a href="{}" aria-label="{}: {} item{}"><title>{}: {}</title>'
    '<rect class="hit" x="{}" y="0" width="27" height="{}"/>'
    '<rect class="bar {}" x="{}" y="{}" width="27" height="{}" rx="2.5"/>'
    '<text class="count" x="{}" y="{}" dy="-5">{}</text>{}</a>'
)


def chart_bar(bar: Bar) -> SafeString:
    """The SVG of a bar with its label; only the label if it counts nothing. (A tag: a chart has thirteen.)"""
    label = markup(_LABEL, bar.middle, BASE + 16, bar.label)
    if not bar.count:
        return label
    plural, hit = "" if bar.count == 1 else "s", (bar.x, BASE + 22)
    drawn = (bar.tone, bar.x, bar.y, bar.height)
    return markup(
        _BAR,
        bar.url,
        bar.name,
        bar.count,
        plural,
        bar.name,
        bar.count,
        *hit,
        *drawn,
        bar.middle,
        bar.y,
        bar.count,
        label,
    )


def number_card(
    what: str,
    icon_name: str,
    figure: int | None,
    url: str,
    *,
    before: str = "",
    after: str = "",
    tone: str = "",
    of_vault: Vault | None = None,
) -> dict[str, Any]:
    """A card with a number that links to its items.

    `before` and `after`: words of its name that are only for screen readers on a phone. `tone`: its colour unless it is 0.
    `of_vault`: the vault, if the number is about one.
    """
    return {
        "what": what,
        "icon_name": icon_name,
        "figure": figure,
        "url": url,
        "before": before,
        "after": after,
        "tone": tone,
        "of_vault": of_vault,
    }


def of_vault(count: int | None, vault: Vault) -> SafeString:
    """The number that the scan of a vault has found; instead of 0 a dash if the vault was not read in full."""
    if count or vault.read_in_full:
        return SafeString(floatformat(count or 0, "0g"))
    return format_html('<span class="none" title="{}">—</span>', "not everything could be read")


def month_key(month: Month) -> str:
    """A month as a query parameter: "2026-12"."""
    return f"{month.start:%Y-%m}"


def _tone(place: int) -> str:
    """This month has the colour "soon", the next two the accent, the rest a paler one; the legend explains them."""
    return "soon" if place == 1 else "near" if place <= 3 else "far"


def _places(count: int) -> list[float]:
    """The left edges of the bars; the first is separated from the others by GAP."""
    step = (CHART_WIDTH - GAP) / count
    return [round(place * step + (step - BAR_WIDTH) / 2 + (GAP if place else 0), 1) for place in range(count)]
