"""Text reaches 4.5:1 on every ground it stands on, in both themes; marks and borders of controls 3:1 (WCAG 2.2 AA)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = (Path(settings.BASE_DIR) / "static/kvportal/css/tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
COLOURS = {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS)}

GROUNDS = ("ground", "surface", "sidebar", "sunken", "hover")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "accent", "accent-hover", "ok", "soon", "bad") for ground in GROUNDS),
    *((tone, f"{tone}-tint") for tone in ("ok", "soon", "bad", "off", "accent")),
    *((ink, f"{tone}-tint") for ink in ("ink", "ink-2") for tone in ("bad", "soon", "accent")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("bar-ink", "bar-ground"),
    ("bar-bad", "bar-ground"),
]
MARKS = [(mark, ground) for mark in ("line-strong", "production") for ground in ("ground", "surface", "sidebar")]


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (MARKS, 3.0)], ids=["text", "marks"])
def test_contrast(theme: int, pairs: list[tuple[str, str]], least: float) -> None:
    found = {f"{ink} on {ground}": contrast(COLOURS[ink][theme], COLOURS[ground][theme]) for ink, ground in pairs}
    print(f"lowest of {len(found)}: {min(found.values()):.2f}")  # noqa: T201 - the figure this test is about
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least} == {}
