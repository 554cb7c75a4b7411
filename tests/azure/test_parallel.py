"""Calls in parallel threads."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest

from vaults.azure.parallel import AT_ONCE, gather

who: contextvars.ContextVar[str] = contextvars.ContextVar("who")


def test_results_come_in_order_and_calls_run_at_once() -> None:
    together = threading.Barrier(3, timeout=5)
    assert gather(*(lambda n=n: (together.wait(), n)[1] for n in range(3))) == (0, 1, 2)
    assert gather() == ()


def test_the_first_error_is_raised_after_all_have_ended() -> None:
    ended: list[int] = []

    def fail() -> None:
        raise KeyError("first")

    with pytest.raises(KeyError):
        gather(fail, lambda: ended.append(1), lambda: ended.append(2))
    assert sorted(ended) == [1, 2]


def test_errors_can_be_had_as_results() -> None:
    error = ValueError("x")

    def fail() -> int:
        raise error

    assert gather(fail, lambda: 2, return_exceptions=True) == (error, 2)


def test_other_work_is_done_in_the_calling_thread_beside_the_calls() -> None:
    begun, ended = threading.Event(), threading.Event()
    worked_in: list[threading.Thread] = []

    def call() -> bool:
        begun.set()
        return ended.wait(timeout=5)

    def work() -> None:
        assert begun.wait(timeout=5)
        worked_in.append(threading.current_thread())
        ended.set()

    assert gather(call, meanwhile=work) == (True,)
    assert worked_in == [threading.current_thread()]


def test_the_calls_end_before_an_error_of_the_other_work_is_raised() -> None:
    ended: list[int] = []

    def fail() -> None:
        raise KeyError("work")

    with pytest.raises(KeyError):
        gather(*(lambda n=n: ended.append(n) for n in range(AT_ONCE + 2)), meanwhile=fail)
    assert sorted(ended) == list(range(AT_ONCE + 2))


def test_the_context_goes_along() -> None:
    who.set("olga")
    assert gather(who.get, who.get, who.get) == ("olga",) * 3


def test_no_gather_waits_for_anothers_calls() -> None:
    """Twenty calls that hang, and one that does not."""
    begun, end = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        begun.release()
        end.wait(10)

    others = [threading.Thread(target=gather, args=[hang] * 4) for _ in range(20)]
    for other in others:
        other.start()
    for _ in range(80):
        begun.acquire(timeout=5)
    assert gather(*(lambda n=n: n for n in range(4))) == (0, 1, 2, 3)
    assert not end.is_set()
    end.set()
    for other in others:
        other.join()


def test_one_gather_asks_for_so_many_at_once_and_no_more() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1

    gather(*[call] * 50)
    assert 1 < most <= AT_ONCE


def test_what_ends_a_thread_is_raised_where_the_results_are_awaited() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        gather(lambda: 1, leave, return_exceptions=True)


def test_a_gather_within_a_gather_does_not_wait_for_itself() -> None:
    def inner() -> int:
        return sum(gather(*[lambda: 1] * 20))

    assert sum(gather(*[inner] * 40)) == 800
