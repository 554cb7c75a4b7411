"""Independent calls side by side, on threads that keep their warm connections."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
