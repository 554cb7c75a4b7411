"""Taking times in turns, and what is said of them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

WARM_UP_ROUNDS = 25
"""Enough for each of the portal's threads to have opened its connections."""
ROUNDS = 60
MOST_SECONDS = 60


@dataclass
class Times:
    """Times of one way to do one thing, in seconds."""

    taken: list[float] = field(default_factory=list)

    @property
    def minimum(self) -> float:
        return min(self.taken)

    @property
    def median(self) -> float:
        return statistics.median(self.taken)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.taken, n=20, method="inclusive")[-1]


@dataclass(frozen=True)
class Subject:
    """A page; one bare round trip of those it needs; and the SDK doing what the page needs."""

    name: str
    page: Callable[[], object]
    bare: Callable[[], object]
    sdk: Callable[[], object]
    times: dict[str, Times] = field(default_factory=lambda: {way: Times() for way in ("page", "bare", "sdk")})

    def ratio(self, other: str) -> float:
        return self.times["page"].median / self.times[other].median


def take_turns(subjects: list[Subject], aside: Callable[[], object]) -> Times:
    """Measure all subjects in rounds; who goes first within a round changes from round to round.

    Gives the times of what is done aside, once a round.
    """
    times_aside = Times()
    for _ in range(WARM_UP_ROUNDS):
        for subject in subjects:
            subject.page()
    for subject in subjects:
        for _ in range(3):
            subject.bare()
            subject.sdk()
    until = time.monotonic() + MOST_SECONDS
    for number in range(ROUNDS):
        for subject in subjects:
            ways = [("page", subject.page), ("bare", subject.bare), ("sdk", subject.sdk)]
            for way, act in ways[number % 3 :] + ways[: number % 3]:
                subject.times[way].taken.append(seconds(act))
        times_aside.taken.append(seconds(aside))
        if time.monotonic() > until:
            break
    return times_aside


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
