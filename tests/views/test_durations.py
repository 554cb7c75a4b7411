"""Spans of time as a rotation policy has them, in words; what is none stays as it is."""

import pytest

from vaults.web.durations import duration_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P90D", "90 days"),
        ("P1D", "1 day"),
        ("P1Y2M", "1 year 2 months"),
        ("P2W", "2 weeks"),
        ("PT12H30M", "12 hours 30 minutes"),
        ("P1M", "1 month"),
        ("PT1M", "1 minute"),
        ("P1DT1S", "1 day 1 second"),
        ("P18M", "18 months"),
        ("P0D", "0 days"),
        ("P0Y30D", "30 days"),
    ],
)
def test_a_span_is_told_in_words(text: str, words: str) -> None:
    assert duration_words(text) == words


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "90", "p90d", "-P90D", "P1.5D", "P1DT", "P1D2Y", "P90D ", "P٣D", "90 days"]
)
def test_what_is_no_span_stays_as_it_is(text: str) -> None:
    assert duration_words(text) == text
