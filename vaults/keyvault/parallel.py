"""Independent calls side by side, on threads that keep their warm connections; and other work while they wait."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

_worker = threading.local()


def _mark_as_worker() -> None:
    _worker.is_one = True


_pool = ThreadPoolExecutor(16, thread_name_prefix="keyvault", initializer=_mark_as_worker)


@overload
def gather(a: Callable[[], A], b: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def gather(a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /) -> tuple[A, B, C]: ...
@overload
def gather(*calls: Callable[[], A]) -> tuple[A, ...]: ...
@overload
def gather(*calls: Callable[[], A], return_exceptions: Literal[True]) -> tuple[A | Exception, ...]: ...
def gather(*calls: Callable[[], Any], return_exceptions: bool = False) -> tuple[Any, ...]:
    """Run all calls and give their results in order; each takes no argument and touches no database.

    All are waited for. Then the first error is raised, or stands in its place with `return_exceptions`.
    The first call runs in the calling thread; called from within a gather, all do, so that the pool
    can't wait for itself.
    """
    if not calls:
        return ()
    first, *others = calls
    if not getattr(_worker, "is_one", False):
        others = [_pool.submit(contextvars.copy_context().run, call).result for call in others]
    outcomes = tuple(_outcome(call) for call in (first, *others))
    if not return_exceptions:
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
    return outcomes


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


_waiting = threading.local()

HEAD_START = 0.002
"""Seconds in which calls gathered with this thread's own get their requests out, before it takes the interpreter again."""


@contextmanager
def while_waiting(work: Callable[[], object]) -> Iterator[None]:
    """Let this thread do `work` once the next request is on its way, instead of only waiting for the answer.

    It may read the database, for no other thread runs it. It is a head start and nothing more: without a request
    it isn't done, and what it raises is dropped, so whoever needs its result must be able to come by it later.
    """
    _waiting.works = [*getattr(_waiting, "works", ()), work]
    try:
        yield
    finally:
        _waiting.works = [other for other in _waiting.works if other is not work]


def use_the_wait() -> None:
    """Do what this thread has to do while it waits. For the wire, when a request is out and its answer isn't there."""
    works, _waiting.works = getattr(_waiting, "works", ()), []
    if works:
        time.sleep(HEAD_START)
    for work in works:
        with suppress(Exception):
            work()
