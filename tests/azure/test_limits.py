"""Bulkhead, breaker and retry budget."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from tests.azure.fake import FakeTime
from vaults.azure.errors import TransportError
from vaults.azure.limits import SLOTS, Breaker, Bulkhead, Caller, LimitsByVault, RetryBudget

PERSON = Caller.PERSON


def test_one_limits_for_each_vault() -> None:
    limits = LimitsByVault()
    assert limits.of("https://a.vault.test", PERSON) is limits.of("https://a.vault.test", PERSON)
    assert limits.of("https://a.vault.test", PERSON) is not limits.of("https://b.vault.test", PERSON)


@pytest.mark.parametrize("busy", [Caller.JOB, Caller.SCAN])
def test_no_job_and_no_scan_takes_a_persons_place(busy: Caller) -> None:
    limits = LimitsByVault()
    with ExitStack() as taken:
        for _ in range(SLOTS[busy]):
            taken.enter_context(limits.of("https://a.vault.test", busy).bulkhead.slot(0))
        with pytest.raises(TransportError), limits.of("https://a.vault.test", busy).bulkhead.slot(0):
            pass
        with limits.of("https://a.vault.test", PERSON).bulkhead.slot(0):
            pass


def test_what_a_scan_learns_of_a_vaults_health_holds_for_people_too() -> None:
    limits = LimitsByVault()
    for _ in range(5):
        limits.of("https://a.vault.test", Caller.SCAN).breaker.record(failure="It answered with status 503.")
    with pytest.raises(TransportError):
        limits.of("https://a.vault.test", PERSON).breaker.admit()


def test_a_place_is_waited_for() -> None:
    bulkhead = Bulkhead(at_once=1, waiting=1)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with bulkhead.slot(1):
            entered.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(5)
    with pytest.raises(TransportError, match="Too many"), bulkhead.slot(0.05):
        pass
    threading.Timer(0.05, leave.set).start()
    with bulkhead.slot(5):
        pass
    holder.join()


def test_a_place_is_free_again_after_an_error() -> None:
    bulkhead = Bulkhead(at_once=1, waiting=0)
    for _ in range(3):
        with pytest.raises(KeyError), bulkhead.slot(0):
            raise KeyError


def test_one_call_finds_out_while_the_others_rest(fake_time: FakeTime) -> None:
    breaker = Breaker(failures=2, rest=10, clock=fake_time.clock)
    breaker.record(failure="No answer came in time.")
    breaker.admit()
    breaker.record(failure="No answer came in time.")
    with pytest.raises(TransportError):
        breaker.admit()

    fake_time.now += 10
    breaker.admit()  # this one
    with pytest.raises(TransportError):
        breaker.admit()  # the others
    breaker.record(failure=None)
    breaker.admit()
    breaker.admit()


def test_failures_must_come_in_a_row() -> None:
    breaker = Breaker(failures=2)
    for _ in range(5):
        breaker.record(failure="No answer came in time.")
        breaker.record(failure=None)
    breaker.admit()


def test_repeats_are_a_share_of_the_calls() -> None:
    budget = RetryBudget(share=0.5, reserve=1)
    assert [budget.spend(), budget.spend()] == [True, False]
    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
