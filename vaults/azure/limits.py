"""Per-vault limits: concurrency, circuit breaker, retry budget. One Limits per vault, class of caller, and process.

- Bulkhead: limits the calls to a vault at one time, and those that wait; further ones are refused immediately. Each class of
  caller has its own, so that a job or a scan never takes a person's place.
- Breaker: after several failures in a row no calls are sent for some seconds, then one call tests the vault.
- RetryBudget: retries are at most a tenth of the calls, so that they don't multiply the load of a vault in trouble.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from vaults.azure.errors import TransportError


class Caller(StrEnum):
    """The classes of callers that share no slots and no retries."""

    PERSON = "person"
    JOB = "job"
    SCAN = "scan"


#: Calls of each class that run at once at one vault. A job waits for nobody's page and so has the fewest.
SLOTS = {Caller.PERSON: 8, Caller.JOB: 4, Caller.SCAN: 8}


class Bulkhead:
    """At most `at_once` calls run and `waiting` calls wait."""

    def __init__(self, at_once: int = 8, waiting: int = 16) -> None:
        self._inside = threading.Semaphore(at_once)
        self._admitted = threading.Semaphore(at_once + waiting)

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Wait at most `seconds` for the right to run one call. Raises TransportError "busy"."""
        if not self._admitted.acquire(blocking=False):
            raise _busy()
        try:
            if not self._inside.acquire(timeout=max(seconds, 0)):
                raise _busy()
            try:
                yield
            finally:
                self._inside.release()
        finally:
            self._admitted.release()


def _busy() -> TransportError:
    return TransportError("Too many calls to this vault are under way.", reason="busy", retry_after=1)


class Breaker:
    """Circuit breaker: opens after `failures` failures in a row for `rest` seconds, then lets one call test the service."""

    def __init__(self, failures: int = 5, rest: float = 10.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._threshold = failures
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._cause = ""
        self._resting_until = 0.0

    def admit(self) -> None:
        """Allow a call, or raise TransportError "resting"."""
        with self._lock:
            if self._failures < self._threshold:
                return
            left = self._resting_until - self._clock()
            if left > 0:
                raise TransportError(
                    f"It has failed several times in a row and is left alone for some seconds. At last: {self._cause}",
                    reason="resting",
                    cause=self._cause,
                    retry_after=left,
                )
            self._resting_until = self._clock() + self._rest  # this call tests the service; the others stay refused

    def record(self, *, failure: str | None) -> None:
        """Count the result of an allowed call: `failure` is a sentence, or None for success."""
        with self._lock:
            self._failures = self._failures + 1 if failure else 0
            self._cause = failure or ""
            if self._failures >= self._threshold:
                self._resting_until = self._clock() + self._rest


class RetryBudget:
    """The allowed retries: each call adds `share` to the budget, up to `reserve`, which it starts with."""

    def __init__(self, share: float = 0.1, reserve: float = 10.0) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Count a call that is not a retry."""
        with self._lock:
            self._left = min(self._reserve, self._left + self._share)

    def spend(self) -> bool:
        """Take one retry from the budget. False if there is none left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Limits:
    """The three limits of one vault."""

    def __init__(
        self,
        bulkhead: Bulkhead | None = None,
        breaker: Breaker | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self.bulkhead = bulkhead or Bulkhead()
        self.breaker = breaker or Breaker()
        self.budget = budget or RetryBudget()


class LimitsByVault:
    """The limits of each vault, shared by all sessions of this process. Its breaker is the same for all classes of callers."""

    def __init__(self) -> None:
        self._limits: dict[tuple[str, Caller], Limits] = {}
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def of(self, vault_url: str, caller: Caller) -> Limits:
        with self._lock:
            breaker = self._breakers.setdefault(vault_url, Breaker())
            return self._limits.setdefault((vault_url, caller), Limits(Bulkhead(SLOTS[caller]), breaker))
