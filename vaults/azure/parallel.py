"""Independent calls side by side, and other work while they wait."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

AT_ONCE = 8
"""As many calls of one gather run at once; a vault takes no more (see `limits`)."""


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
    The first call runs in the calling thread. The threads for the others are this gather's own: whoever waits for
    a slow vault holds back nobody else.
    """
    if not calls:
        return ()
    outcomes: list[Any] = [None] * len(calls)
    todo = deque(enumerate(calls))
    place, first = todo.popleft()

    def work() -> None:
        while True:
            try:
                place, call = todo.popleft()
            except IndexError:
                return
            outcomes[place] = _outcome(call)

    helpers = [start_thread(work) for _ in range(min(len(todo), AT_ONCE - 1))]
    outcomes[place] = _outcome(first)
    work()
    for helper in helpers:
        helper.join()
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not (return_exceptions and isinstance(outcome, Exception)):
            raise outcome
    return tuple(outcomes)


def start_thread(work: Callable[[], None]) -> threading.Thread:
    """One that is under way, in the caller's context; nobody waits for it when the process ends."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="keyvault", daemon=True)
    thread.start()
    return thread


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BaseException as error:  # raised again in the thread that gathers
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
