"""Independent calls side by side, on threads that keep their warm connections."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar, overload

T = TypeVar("T")

_worker = threading.local()


def _mark_as_worker() -> None:
    _worker.is_one = True


_pool = ThreadPoolExecutor(16, thread_name_prefix="keyvault", initializer=_mark_as_worker)


@overload
def gather(*calls: Callable[[], T]) -> list[T]: ...
@overload
def gather(*calls: Callable[[], T], return_exceptions: Literal[True]) -> list[T | Exception]: ...
def gather(*calls: Callable[[], Any], return_exceptions: bool = False) -> list[Any]:
    """Run all calls and give their results in order; each takes no argument and touches no database.

    All are waited for. Then the first error is raised, or stands in its place with `return_exceptions`.
    The first call runs in the calling thread; called from within a gather, all do, so that the pool
    can't wait for itself.
    """
    if not calls:
        return []
    first, *others = calls
    inline = getattr(_worker, "is_one", False)
    futures = [] if inline else [_pool.submit(contextvars.copy_context().run, call) for call in others]
    outcomes = [_outcome(first)]
    outcomes += (
        [_outcome(call) for call in others] if inline else [_outcome(future.result) for future in futures]
    )
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
