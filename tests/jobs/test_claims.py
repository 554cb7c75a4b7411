"""Claims of items: one worker each, taken over from a killed one, given up after some."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

from tests.conftest import World, in_threads
from tests.working import make_job
from vaults.jobs.claims import MOST_TRIES, SILENCE, Claim, Result, Running, claim, end
from vaults.models import ItemState, JobItem


def claimed(job_id: uuid.UUID) -> Claim:
    found = claim(job_id)
    assert found
    return found


def test_items_are_claimed_in_order_and_once(world: World) -> None:
    job = make_job(world, waiting=3)
    assert [claimed(job.pk).item.position for _ in range(3)] == [0, 1, 2]
    assert claim(job.pk) is None


@pytest.mark.sweep
def test_many_claim_at_once_and_each_gets_another(file_world: World) -> None:
    job = make_job(file_world, waiting=40)
    found = in_threads(*[lambda: [claimed(job.pk).item.position for _ in range(5)] for _ in range(8)])
    assert sorted(position for each in found for position in each) == list(range(40))


def test_what_another_works_on_waits(world: World) -> None:
    one, other = make_job(world, waiting=1), make_job(world, waiting=1)
    JobItem.objects.filter(job=other).update(key=f"{one.pk}:0", state=ItemState.RUNNING, heartbeat=timezone.now())
    assert claim(one.pk) is None
    JobItem.objects.filter(job=other).update(heartbeat=timezone.now() - timedelta(days=1))  # its worker was killed
    assert claim(one.pk) is None
    assert claim(other.pk)
    JobItem.objects.filter(job=other).update(state=ItemState.SUCCEEDED)
    assert claim(one.pk)


def test_a_killed_workers_item_is_claimed_within_a_minute(world: World, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    job = make_job(world, waiting=1)
    first = claimed(job.pk)
    time_machine.shift(SILENCE)
    assert claim(job.pk) is None
    time_machine.shift(timedelta(seconds=1))
    second = claimed(job.pk)
    assert (second.item.pk, second.instead_of) == (first.item.pk, first.owner)
    assert timedelta(seconds=45) > SILENCE
    assert not end(first, Result())
    assert end(second, Result(ItemState.FAILED, "scan.broken"))
    assert JobItem.objects.get().state == ItemState.FAILED


def test_a_heartbeat_keeps_it(world: World, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    job, mine = make_job(world, waiting=2), Running()
    for _ in range(2):
        mine.add(claimed(job.pk))
    for _ in range(20):
        time_machine.shift(timedelta(seconds=30))
        mine.beat()
        assert claim(job.pk) is None


def test_what_ends_every_worker_is_given_up(world: World, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    job = make_job(world, waiting=1)
    for _ in range(MOST_TRIES):
        assert claim(job.pk)
        time_machine.shift(SILENCE + timedelta(seconds=1))
    assert claim(job.pk) is None
    item = JobItem.objects.get()
    assert (item.state, item.problem, item.tries) == (ItemState.FAILED, "job.worker_lost", MOST_TRIES)
