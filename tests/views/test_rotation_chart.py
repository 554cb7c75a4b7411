"""The chart of the next rotations: every place is on the drawing, and what cannot be told apart is left out."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vaults.keyvault.rotation import VersionLife, upcoming
from vaults.keyvault.types import KeyProperties, RotationPolicy
from vaults.web.rotation_chart import ROW_HEIGHT, rotation_chart

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def lives_of(expiry: str | None, span: str, age: int, lasts: int | None) -> list[VersionLife]:
    created = NOW - age * DAY
    newest = KeyProperties(
        id="i", name="k", version="1", created_on=created, expires_on=None if lasts is None else created + lasts * DAY
    )
    policy = RotationPolicy(expiry_time=expiry, rotate_after_create=span, notify_before_expiry="P30D")
    return list(upcoming(policy, newest, NOW))


@given(
    st.sampled_from([None, "P28D", "P1Y", "P100Y", "P9000Y"]),
    st.sampled_from(["P7D", "P1M", "P3Y", "P4000Y", "P99999Y"]),
    st.integers(0, 9000),
    st.none() | st.integers(0, 9000),
)
def test_everything_is_on_the_drawing(expiry: str | None, span: str, age: int, lasts: int | None) -> None:
    lives = lives_of(expiry, span, age, lasts)
    chart = rotation_chart(lives, NOW)
    if chart is None:
        assert not any(life.rotated_on or life.expires_on for life in lives)
        return
    assert len(chart.bars) == len(lives)
    assert chart.height == ROW_HEIGHT * len(lives)
    for bar in chart.bars:
        places = [bar.left, *(each for each in (bar.rotated, bar.notified, bar.expires, chart.now) if each is not None)]
        assert all(0 <= place <= 100 for place in places)
        assert bar.width > 0
        assert bar.left + bar.width <= 100.51  # a bar is at least half a percent wide
    assert chart.bars[0].left == 0


def test_each_bar_begins_where_the_one_before_is_followed() -> None:
    chart = rotation_chart(lives_of("P1Y", "P90D", 10, 365), NOW)
    assert chart is not None
    assert [bar.rotated for bar in chart.bars[:-1]] == [bar.left for bar in chart.bars[1:]]
    assert chart.bars[-1].rotated is None
    assert len(chart.bars) == 6


def test_an_end_far_away_does_not_press_the_rotations_together() -> None:
    chart = rotation_chart(lives_of("P100Y", "P30D", 0, None), NOW)
    assert chart is not None
    assert chart.bars[-1].left > 50
    assert all(bar.expires is None for bar in chart.bars)


def test_without_a_further_date_nothing_is_drawn() -> None:
    assert rotation_chart([VersionLife(NOW)], NOW) is None
    assert rotation_chart([], NOW) is None
