"""One time limit for all calls of a piece of work: sign-in, retries, and every page of a list."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the time of all calls made inside the block, also those of `gather`. A shorter outer limit still applies."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def time_left(most: float) -> float:
    """Seconds that a call that starts now may take: the smaller of `most` and the time left, 0 or less if it is over."""
    return min(most, _until.get() - time.monotonic())
