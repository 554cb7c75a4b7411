"""Independent calls side by side."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
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
