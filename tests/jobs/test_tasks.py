"""The task: one item each, jobs take turns, an error is never the queue's, and what the queue keeps is ids."""

import json
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from time_machine import TimeMachineFixture

from tests.conftest import World, last_detail, last_entry, make_vault, unreadable
from tests.working import make_job, scan_what_is_due, work_on_all
from vaults.actions import scans
from vaults.actions.scans import ScanUnderWay, scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import AzureError
from vaults.emulator import Emulator
from vaults.jobs import delivery, kinds
from vaults.jobs.claims import SILENCE, claim
from vaults.jobs.tasks import work_on
from vaults.models import AuditEntry, ItemState, Job, JobItem, Vault
from vaults.permissions import Action
from vaults.templatetags.kvportal import scan_problem as scan_words


def deliver_all() -> int:
    """The number of deliveries that this adds."""
    before = DBTaskResult.objects.count()
    delivery.deliver_jobs(timezone.now())
    return DBTaskResult.objects.count() - before


def test_a_scan_in_the_name_of_the_person_is_recorded_as_part_of_the_job(world: World) -> None:
    scans.request_scans(Person(world.olga), [world.vault])
    [item] = work_on_all()
    entry = last_entry(Action.VAULT_SCAN)
    assert (entry.actor_id, entry.source, entry.parent, entry.event) == (
        world.olga.pk,
        "job",
        item.job.pk,
        item.event,
    )
    assert item.facts["count"] == last_detail(Action.VAULT_SCAN)["count"]
    item.job.refresh_from_db()
    assert item.job.ended_at


def test_a_scan_of_a_person_who_lost_the_role_meanwhile_is_the_portals_own(world: World) -> None:
    assert kinds.actor_for(world.otto, world.vault).account_id is None
    assert kinds.actor_for(world.olga, world.vault).account_id == world.olga.pk


def test_a_scan_that_fails_is_on_the_item_the_row_and_in_the_trail(
    world: World, emulator: Emulator, sick_vault: Vault
) -> None:
    emulator.fail(99, 503, retry_after="60")
    scans.request_scans(Person(world.olga), [sick_vault])
    [item] = work_on_all()
    assert (item.state, item.problem) == (ItemState.FAILED, "service.error")
    sick_vault.refresh_from_db()
    assert scan_words(sick_vault) == "Key Vault returned a server error"
    assert (last_entry(Action.VAULT_SCAN).state, last_entry(Action.VAULT_SCAN).event) == ("failed", item.event)


def test_a_vault_that_is_gone_fails_alone(world: World) -> None:
    other = make_vault(connection=world.connection, name="kv-shop-stage", slug="stage")
    scans.request_scans(Person(world.olga), [other, world.vault])
    other.delete()
    assert sorted((item.state, item.problem) for item in work_on_all()) == [
        (ItemState.FAILED, "job.vault_removed"),
        (ItemState.SUCCEEDED, ""),
    ]


def test_jobs_take_turns(world: World) -> None:
    """A job of many items does not hold up the one that comes after it."""
    job = make_job(world, waiting=3)
    JobItem.objects.update(vault=None)
    work_on.call(str(job.pk))
    assert list(JobItem.objects.values_list("state", flat=True)).count(ItemState.FAILED) == 1
    again = DBTaskResult.objects.get()
    assert again.args_kwargs == {"args": [str(job.pk)], "kwargs": {}}


def test_a_delivery_too_many_does_nothing(world: World) -> None:
    job = make_job(world, succeeded=1)
    work_on.call(str(job.pk))
    work_on.call(str(uuid.uuid4()))
    assert not DBTaskResult.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_lost_delivery_is_repeated(world: World, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    make_job(world, waiting=3)
    assert deliver_all() == 3
    assert deliver_all() == 0
    time_machine.shift(timedelta(seconds=11))
    assert deliver_all() == 0  # they wait in the queue
    DBTaskResult.objects.all().delete()
    assert deliver_all() == 3


def test_a_killed_workers_item_is_delivered_again(world: World, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    job = make_job(world, waiting=1)
    assert deliver_all() == 1
    DBTaskResult.objects.update(status="RUNNING")  # for ever: its worker was killed
    assert claim(job.pk)
    time_machine.shift(SILENCE)
    assert deliver_all() == 0
    time_machine.shift(timedelta(seconds=1))
    assert deliver_all() == 1


def test_a_killed_workers_scan_is_done_again_at_once(world: World) -> None:
    """The vault's lease still stands: it belongs to the killed one."""
    scans.request_scans(Person(world.olga), [world.vault])
    job = Job.objects.get()
    killed = claim(job.pk)
    assert killed
    now = timezone.now()
    Vault.objects.update(scan_started_at=now, scan_seen_at=now, scan_owner=killed.owner)
    with pytest.raises(ScanUnderWay):
        scan_vault(System(), Vault.objects.get())
    JobItem.objects.update(heartbeat=now - SILENCE - timedelta(seconds=1))
    [item] = work_on_all()
    assert (item.state, item.tries) == (ItemState.SUCCEEDED, 2)


@pytest.mark.parametrize(("well", "state"), [(True, ItemState.SUCCEEDED), (False, ItemState.FAILED)])
def test_a_scan_that_ended_before_its_worker_was_killed_is_not_repeated(
    well: bool, state: ItemState, world: World, emulator: Emulator, sick_vault: Vault
) -> None:
    scans.request_scans(Person(world.olga), [sick_vault])
    assert claim(Job.objects.get().pk)
    if not well:
        emulator.fail(99, 503, retry_after="60")
    with suppress(AzureError):
        scan_vault(Person(world.olga), Vault.objects.get(pk=sick_vault.pk))
    JobItem.objects.update(heartbeat=timezone.now() - SILENCE - timedelta(seconds=1))
    emulator.requests.clear()
    [item] = work_on_all()
    assert (item.state, item.problem, emulator.requests) == (state, "" if well else "service.error", [])


@pytest.mark.django_db(transaction=True)
def test_an_error_is_logged_and_nothing_of_it_is_stored(world: World, caplog: pytest.LogCaptureFixture) -> None:
    job = make_job(world, waiting=1)
    with unreadable("vaults_vaultconnection"):
        work_on.call(str(job.pk))
    assert "could not be worked on" in caplog.text
    assert JobItem.objects.get().state == ItemState.RUNNING  # it is claimed again when its heartbeat is silent
    for row in DBTaskResult.objects.all():
        assert (row.traceback, row.exception_class_path) == ("", "")


def test_what_the_queue_keeps_is_ids(world: World) -> None:
    scans.request_scans(Person(world.olga), [world.vault])
    deliver_all()
    kept = json.dumps([row.args_kwargs for row in DBTaskResult.objects.all()])
    assert kept == json.dumps([{"args": [str(Job.objects.get().pk)], "kwargs": {}}])


def test_scheduled_scans_are_one_job(world: World) -> None:
    make_vault(connection=world.connection, name="kv-shop-stage", slug="stage")
    assert len(scan_what_is_due()) == 2
    assert Job.objects.count() == 1
