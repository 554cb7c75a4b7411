"""What the portal plans itself: scans that are due, in which order, and after which rest."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from tests.conftest import World, make_connection, make_vault
from tests.working import scan_what_is_due, work_on_all
from vaults.actions import scans
from vaults.actions.scans import LEASE, SILENCE, rest_after
from vaults.actors import Person
from vaults.emulator import DEPLOY
from vaults.jobs import planning
from vaults.models import ItemState, Job, JobItem, Team, Vault

pytestmark = pytest.mark.slow


def planned(**fields: Any) -> list[str]:
    """Which vaults have a scan planned after this was written on all rows, in order."""
    Vault.objects.update(**fields)
    JobItem.objects.all().delete()
    planning.plan_scans(timezone.now())
    return list(JobItem.objects.values_list("vault__slug", flat=True))


def test_due_is_what_was_never_scanned_is_old_or_asked_for(world: World, settings: Settings) -> None:
    settings.SCAN_MINUTES = 15
    now = timezone.now()
    assert planned(scanned_at=None) == ["kv-shop-prod"]
    assert planned(scanned_at=now) == []
    assert planned(scanned_at=now - timedelta(minutes=16)) == ["kv-shop-prod"]
    assert planned(scanned_at=now, scan_requested_at=now) == ["kv-shop-prod"]


def test_what_was_asked_for_comes_first_then_what_waited_longest(world: World) -> None:
    now = timezone.now()
    for slug, scanned_at, asked_at in (("old", now - timedelta(days=2), None), ("asked", now, now)):
        make_vault(
            connection=world.connection, name=f"kv-{slug}", slug=slug, scanned_at=scanned_at, scan_requested_at=asked_at
        )
    assert planned() == ["asked", "kv-shop-prod", "old"]


def test_each_team_has_a_job_of_its_own(world: World) -> None:
    other = Team.objects.get(name="Others")
    make_vault(connection=make_connection(other, "theirs", DEPLOY.client_id, "hidden"), name="kv-theirs", slug="theirs")
    planned()
    assert {job.team for job in Job.objects.all()} == {world.team, other}


def test_what_is_planned_is_planned_once(world: World) -> None:
    assert planned() == ["kv-shop-prod"]
    planning.plan_scans(timezone.now())
    JobItem.objects.update(state=ItemState.RUNNING)
    planning.plan_scans(timezone.now())
    assert JobItem.objects.count() == Job.objects.count() == 1


def test_a_scan_that_was_cut_off_is_planned_again_and_waits_for_no_rest(world: World, settings: Settings) -> None:
    settings.SCAN_MINUTES = 24 * 60
    now = timezone.now()
    rests: dict[str, Any] = {"scanned_at": now, "scan_rests_until": now + timedelta(minutes=20)}
    assert planned(**rests, scan_started_at=now, scan_seen_at=now) == []
    assert planned(scan_started_at=now - LEASE - timedelta(seconds=5)) == ["kv-shop-prod"]
    assert planned(scan_started_at=now - timedelta(minutes=3), scan_seen_at=now) == []
    assert planned(scan_seen_at=now - SILENCE - timedelta(seconds=5)) == ["kv-shop-prod"]


def test_a_vault_rests_from_the_end_of_the_scan_that_failed_and_longer_each_time(
    world: World, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    for failures in range(1, 8):
        assert planned(scan_failures=failures, scan_rests_until=timezone.now() + rest_after(failures)) == []
        time_machine.shift(rest_after(failures) - timedelta(seconds=1))
        assert planned() == []
        time_machine.shift(timedelta(seconds=2))
        assert planned() == ["kv-shop-prod"]
    assert [rest_after(count) / timedelta(minutes=1) for count in (1, 2, 3, 4, 5, 50)] == [2, 4, 8, 16, 30, 30]


def test_a_scan_that_is_asked_for_waits_for_no_rest(world: World) -> None:
    assert planned(scan_rests_until=timezone.now() + timedelta(minutes=20)) == []
    scans.request_scans(Person(world.olga), [world.vault])
    assert [item.state for item in work_on_all()] == [ItemState.SUCCEEDED]


def test_a_person_comes_before_what_the_portal_had_planned(world: World) -> None:
    planning.plan_scans(timezone.now())
    scans.request_scans(Person(world.olga), [world.vault])
    first, second = JobItem.objects.order_by("job__created_at")
    assert (first.state, first.problem) == (ItemState.CANCELLED, "job.asked_for")
    assert (second.state, second.job.requested_by) == (ItemState.WAITING, world.olga)


def test_what_was_planned_too_late_is_not_done_twice(world: World) -> None:
    """Two workers find a vault due; one has scanned it before the other has written its plan."""
    assert [item.state for item in scan_what_is_due()] == [ItemState.SUCCEEDED]
    calls = Job.objects.count()
    Vault.objects.update(scanned_at=timezone.now() - timedelta(days=1), scan_rests_until=None)
    planning.plan_scans(timezone.now())
    Vault.objects.update(scanned_at=timezone.now())
    [late] = work_on_all()
    assert (late.state, late.problem, late.event) == (ItemState.SUCCEEDED, "job.not_due", None)
    assert Job.objects.count() == calls + 1
