"""The time that a piece of work has for all its calls together: sign-in, repeats, and every page of a list."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let the calls made within, also those gathered, end in time. A limit around it still holds."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def time_left(most: float) -> float:
    """Seconds that a call beginning now may take: `most`, or what is left of the work's time; none is 0 or less."""
    return min(most, _until.get() - time.monotonic())
