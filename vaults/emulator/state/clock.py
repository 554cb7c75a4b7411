"""The clock of an emulator."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970. The clock may be moved forward, so that certificates, deletions and tokens age.

    `ahead` is the number of seconds by which it was moved.
    """

    def __init__(self, source: Callable[[], float] = time.time, ahead: float = 0.0) -> None:
        self._source = source
        self.ahead = ahead

    def __call__(self) -> float:
        return self._source() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
