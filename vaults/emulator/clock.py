"""The time as the emulator sees it."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970; a test may push it forward to make certificates, deletions and tokens age."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._source() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
