"""Jobs: begun once, cancelled, retried; who may, and what the record says."""

from typing import Any

import pytest

from tests.conftest import World, in_threads, last_detail, last_entry, make_vault
from tests.working import make_job, work_on_all
from vaults.actions import jobs
from vaults.actions.jobs import Part
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.models import ItemState, Job, JobItem, JobKind, Vault
from vaults.permissions import Action, RoleMissing


def states(job: Job) -> list[str]:
    return list(job.items.values_list("state", flat=True))


def test_of_one_thing_one_item_waits(world: World) -> None:
    parts = [Part("scan:1", "one"), Part("scan:2", "two")]
    first = jobs.begin(JobKind.SCAN, world.team, parts[:1], world.olga)
    second = jobs.begin(JobKind.SCAN, world.team, parts, world.rafi)
    third = jobs.begin(JobKind.SCAN, world.team, parts, world.rafi)
    assert first
    assert second
    assert [item.label for item in second.items.all()] == ["two"]
    assert third is None
    assert Job.objects.count() == 2


@pytest.mark.sweep
def test_it_is_begun_once_by_many_at_once(file_world: World) -> None:
    parts = [Part(f"scan:{number}", str(number)) for number in range(20)]
    in_threads(*[lambda: jobs.begin(JobKind.SCAN, file_world.team, parts)] * 6)
    assert sorted(int(item.label) for item in JobItem.objects.all()) == list(range(20))
    assert all(job.items.exists() for job in Job.objects.all())


def test_cancel_ends_what_waits_and_leaves_what_runs(world: World) -> None:
    job = make_job(world, world.rafi, succeeded=1, running=1, waiting=3)
    assert jobs.cancel(Person(world.olga), job) == 3
    assert states(job) == [ItemState.SUCCEEDED, ItemState.RUNNING, *[ItemState.CANCELLED] * 3]
    job.refresh_from_db()
    assert job.cancelled_at
    assert job.ended_at is None
    entry = last_entry(Action.JOB_CANCEL)
    assert (entry.state, entry.name, entry.actor_id, entry.team_id) == (
        "succeeded",
        str(job.pk),
        world.olga.pk,
        world.team.pk,
    )
    assert last_detail(Action.JOB_CANCEL)["count"] == 3


def test_a_job_that_has_ended_is_not_cancelled_afterwards(world: World) -> None:
    job = make_job(world, succeeded=1)
    assert jobs.cancel(Person(world.olga), job) == 0
    job.refresh_from_db()
    assert job.cancelled_at is None


def test_a_job_without_anything_left_ends_at_once(world: World) -> None:
    job = make_job(world, succeeded=1, waiting=1)
    jobs.cancel(Person(world.olga), job)
    job.refresh_from_db()
    assert job.ended_at


def test_retry_is_a_new_job_of_what_failed_in_ones_own_name(world: World) -> None:
    old = make_job(world, world.rafi, failed=1, succeeded=1, cancelled=1)
    again = jobs.retry(Person(world.olga), old)
    assert again
    assert (again.requested_by, states(again)) == (world.olga, [ItemState.WAITING])
    assert states(old) == [ItemState.FAILED, ItemState.SUCCEEDED, ItemState.CANCELLED]
    assert jobs.retry(Person(world.olga), old) is None  # it waits
    [done] = work_on_all()
    assert (done.state, done.job) == (ItemState.SUCCEEDED, again)


def test_what_is_gone_is_not_retried(world: World) -> None:
    job = make_job(world, failed=1)
    JobItem.objects.update(vault=None)
    assert jobs.retry(Person(world.olga), job) is None


@pytest.mark.parametrize("act", [jobs.cancel, jobs.retry])
def test_it_needs_the_right_to_what_the_job_does(act: Any, world: World, emulator: Emulator) -> None:
    """Everybody may scan; only an owner may have the portal judge interrupted acts."""
    job = make_job(world, waiting=1, failed=1)
    Job.objects.update(kind=JobKind.RECONCILE)
    job.refresh_from_db()
    with pytest.raises(RoleMissing):
        act(Person(world.rafi), job)
    assert states(job) == [ItemState.WAITING, ItemState.FAILED]
    act(Person(world.olga), job)


@pytest.mark.parametrize("act", [jobs.cancel, jobs.retry])
def test_another_team_may_not(act: Any, world: World) -> None:
    job = make_job(world, waiting=1, failed=1)
    with pytest.raises(RoleMissing):
        act(Person(world.otto), job)
    assert states(job) == [ItemState.WAITING, ItemState.FAILED]


def test_a_vault_that_is_removed_takes_no_history_along(world: World) -> None:
    other = make_vault(connection=world.connection, name="kv-shop-stage", slug="stage")
    job = jobs.begin(JobKind.SCAN, world.team, [jobs.part_of(other)], world.olga)
    Vault.objects.filter(pk=other.pk).delete()
    assert job
    assert [(item.label, item.vault) for item in job.items.all()] == [("kv-shop-stage", None)]
