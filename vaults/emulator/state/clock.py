"""The time as the emulator sees it."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970; it may be pushed forward to make certificates, deletions and tokens age.

    `ahead` is by how many seconds that has been done.
    """

    def __init__(self, source: Callable[[], float] = time.time, ahead: float = 0.0) -> None:
        self._source = source
        self.ahead = ahead

    def __call__(self) -> float:
        return self._source() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
