"""Independent calls in parallel threads, and other work of the calling thread beside them."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

AT_ONCE = 8
"""Maximum number of calls of one gather that run in parallel; our limits allow a vault no more (see `limits`)."""


HEAD_START = 0.002
"""Seconds in which the calls send their requests, before the calling thread takes the interpreter for its own work."""

Work = Callable[[], object]


@overload
def gather(a: Callable[[], A], b: Callable[[], B], /, *, meanwhile: Work | None = None) -> tuple[A, B]: ...
@overload
def gather(
    a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /, *, meanwhile: Work | None = None
) -> tuple[A, B, C]: ...
@overload
def gather(*calls: Callable[[], A], meanwhile: Work | None = None) -> tuple[A, ...]: ...
@overload
def gather(*calls: Callable[[], A], return_exceptions: Literal[True]) -> tuple[A | Exception, ...]: ...
def gather(
    *calls: Callable[[], Any], return_exceptions: bool = False, meanwhile: Work | None = None
) -> tuple[Any, ...]:
    """Run all calls and return their results in order. Calls take no argument and must not use the database.

    It waits for all calls, then raises the first error; with `return_exceptions` errors are returned as results.
    The first call runs in the calling thread, unless that has `meanwhile` to do, which may use the database. The other threads
    belong to this gather alone, so that a slow vault does not delay other requests.
    """
    if not calls:
        return ()
    results: list[Any] = [None] * len(calls)
    todo = deque(enumerate(calls))

    def work() -> None:
        while True:
            try:
                index, call = todo.popleft()
            except IndexError:
                return
            results[index] = _result_or_error(call)

    in_helpers = len(calls) if meanwhile else len(calls) - 1
    helpers = [start_thread(work) for _ in range(min(in_helpers, AT_ONCE - 1))]
    try:
        if meanwhile:
            time.sleep(HEAD_START)
            meanwhile()
    finally:
        work()
        for helper in helpers:
            helper.join()
    for result in results:
        if isinstance(result, BaseException) and not (return_exceptions and isinstance(result, Exception)):
            raise result
    return tuple(results)


def start_thread(work: Callable[[], None]) -> threading.Thread:
    """Start a daemon thread that runs `work` in a copy of the caller's context."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="keyvault", daemon=True)
    thread.start()
    return thread


def _result_or_error(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BaseException as error:  # raised again in the thread that gathers
        return error
