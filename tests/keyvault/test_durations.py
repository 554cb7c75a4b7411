"""Durations: what they are read from, and the dates they lead to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaults.keyvault.durations import Duration

FIRST, LAST = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 hypothesis takes no zone here
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("P90D", "2026-01-01", "2026-04-01"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P1M", "2028-01-31", "2028-02-29"),
        ("P12M", "2028-02-29", "2029-02-28"),
        ("P1Y2M10D", "2026-11-25", "2028-02-04"),
        ("P2W", "2026-12-20", "2027-01-03"),
        ("PT48H", "2026-12-31", "2027-01-02"),
        ("P1DT30M", "2026-12-31", "2027-01-01T00:30"),
    ],
)
def test_a_duration_leads_to_a_date(text: str, start: str, end: str) -> None:
    assert Duration.parse(text).after(day(start)) == day(end)


@pytest.mark.parametrize(
    ("text", "end", "start"),
    [
        ("P30D", "2026-03-02", "2026-01-31"),
        ("P1M", "2026-03-31", "2026-02-28"),
        ("P13M", "2026-03-15", "2025-02-15"),
    ],
)
def test_and_back(text: str, end: str, start: str) -> None:
    assert Duration.parse(text).before(day(end)) == day(start)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "90",
        "90 days",
        "p90d",
        "P-1D",
        "P1.5D",
        "P1D ",
        "P1D\n",
        "P٣D",
        "P1DT",
        "1Y",
        "P9D1M",
        "P" + "9" * 5000 + "D",
        "P999999999999D",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        Duration.parse(text)


def test_a_date_beyond_the_calendar_is_said() -> None:
    for text in ("P8000Y", "P999999999999M", "P99999999D"):
        with pytest.raises(OverflowError):
            Duration.parse(text).after(day("2026-01-01"))


@given(MOMENTS, st.integers(0, 600), st.integers(0, 4000))
def test_months_never_skip_one_and_days_are_days(moment: datetime, months: int, days: int) -> None:
    later = Duration.parse(f"P{months}M").after(moment)
    assert (later.year * 12 + later.month) - (moment.year * 12 + moment.month) == months
    assert later.day == moment.day or (later.day < moment.day and (later + timedelta(days=1)).day == 1)
    assert later.time() == moment.time()
    assert Duration.parse(f"P{months}M{days}D").after(moment) == later + timedelta(days=days)


@given(MOMENTS, st.integers(1, 600), st.integers(0, 4000))
def test_before_undoes_after_up_to_the_end_of_a_month(moment: datetime, months: int, days: int) -> None:
    span = Duration.parse(f"P{months}M{days}D")
    back = span.before(span.after(moment))
    assert abs(back - moment) <= timedelta(days=3)
    assert Duration.parse(f"P{days}D").before(Duration.parse(f"P{days}D").after(moment)) == moment
