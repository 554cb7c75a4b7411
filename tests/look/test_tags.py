"""What the template tags say of states, times and other people's text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.template import Context, Template

from vaults.templatetags import kvportal
from vaults.templatetags.figures import expiry_chart

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@dataclass
class Item:
    enabled: bool | None = True
    not_before: datetime | None = None
    expires_on: datetime | None = None
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Month:
    start: datetime
    count: int


@pytest.mark.parametrize(
    ("item", "tone", "word"),
    [
        (Item(), "ok", "Enabled"),
        (Item(enabled=None), "ok", "Enabled"),
        (Item(expires_on=NOW + timedelta(days=12, hours=3)), "soon", "Expires in 12 d"),
        (Item(expires_on=NOW + timedelta(days=30)), "ok", "Enabled"),
        (Item(enabled=None, odd={"enabled": "7"}), "unknown", "State not known"),
        (Item(odd={"expires_on": "253402303861"}), "ok", "Enabled"),
        (Item(expires_on=NOW), "bad", "Expired"),
        (Item(not_before=NOW + timedelta(hours=1)), "wait", "Not yet active"),
        (Item(not_before=NOW + timedelta(hours=2), expires_on=NOW - timedelta(hours=1)), "bad", "Expired"),
        (Item(enabled=False, expires_on=NOW - timedelta(days=1)), "off", "Disabled"),
    ],
)
def test_state_names_what_matters_most(item: Item, tone: str, word: str) -> None:
    found = kvportal.state_of(item, NOW)
    assert (found.tone, found.word) == (tone, word)
    assert found.icon


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-3), "3 min ago"),
        (timedelta(hours=23, minutes=59), "in 23 h"),
        (timedelta(days=-41), "41 d ago"),
        (timedelta(days=245), "in 8 mo"),
        (timedelta(days=-800), "2 y ago"),
    ],
)
def test_relative_times(distance: timedelta, words: str) -> None:
    assert kvportal.relative(NOW + distance, NOW) == words


def test_times_carry_their_machine_form() -> None:
    assert f'datetime="{NOW.isoformat()}"' in kvportal.when(NOW)
    assert f'datetime="{NOW.isoformat()}"' in kvportal.exact(NOW)
    assert "datetime" not in kvportal.when(None)


def test_marks_that_nobody_sees_are_spelled_out() -> None:
    assert kvportal.visible("invoice\u202egnp.exe\x00") == "invoice⟨U+202E⟩gnp.exe⟨U+0000⟩"
    assert kvportal.visible(" ordinary – text\tändert nichts ") == " ordinary – text\tändert nichts "


class _PreReader(HTMLParser):
    """Reads a <pre> as a browser does: line ends made one, a first line feed dropped, references kept."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\r\n", "\n").replace("\r", "\n")

    def handle_charref(self, name: str) -> None:
        self.text += chr(int(name[1:], 16) if name.startswith("x") else int(name))

    def handle_entityref(self, name: str) -> None:
        self.text += {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name]


@pytest.mark.parametrize("value", ["", "\n", "\n\na", "a\r\nb\r", "\r\n", "<b>&amp;'\"</b> ", " \t x \n"])
def test_a_value_keeps_every_character_on_the_page(value: str) -> None:
    page = Template("<pre>{{ value|keep_bytes }}</pre>").render(Context({"value": value}))
    reader = _PreReader()
    reader.feed(page)
    reader.close()
    assert reader.text.removeprefix("\n") == value


def test_hostile_words_stay_text() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    assert "<img" not in kvportal.badge("ok", hostile)
    page = Template('{% include "includes/tags.html" %}').render(
        Context({"tags": {hostile: hostile, "items": "not a method"}})
    )
    assert "<img" not in page
    assert "not a method" in page


def test_icons_are_silent_and_known() -> None:
    drawn = kvportal.icon("lock")
    assert 'aria-hidden="true"' in drawn
    assert "style=" not in drawn


def test_chart_of_nothing_and_of_something() -> None:
    months = [Month(datetime(2026, month, 1, tzinfo=UTC), 0) for month in range(1, 13)]
    assert [bar.height for bar in expiry_chart(months)["all"][1:]] == [0] * 12
    months[3].count, months[4].count = 1, 400
    chart = expiry_chart(months)
    assert chart["total"] == 401
    assert chart["all"][4].height >= 2, "one item among many is still seen"
    assert max(bar.y + bar.height for bar in chart["all"][1:]) <= chart["base"]
    assert len(expiry_chart([])["all"]) == 1
