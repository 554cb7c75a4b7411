"""The worker: which vaults it scans next, and what becomes of a scan that went wrong."""

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from tests.conftest import World, last_entry, make_vault, unreadable
from vaults.actions.scans import LEASE, ScanUnderWay, rest_after, scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.jobs import worker
from vaults.models import Vault
from vaults.permissions import Action
from vaults.templatetags.kvportal import scan_problem as scan_words

pytestmark = pytest.mark.slow


#: A worker's thread ends with its connection, and a test's transaction with it.
ends_connections = pytest.mark.django_db(transaction=True)


def seen(vault: Vault, **fields: object) -> list[str]:
    """What is due after this was written on the vault's row."""
    Vault.objects.filter(pk=vault.pk).update(**fields)
    return [found.slug for found in worker.due(timezone.now())]


def test_due_is_what_was_never_scanned_is_old_or_asked_for(world: World, settings: Settings) -> None:
    settings.SCAN_MINUTES = 15
    now = timezone.now()
    assert seen(world.vault) == ["kv-shop-prod"]
    assert seen(world.vault, scanned_at=now) == []
    assert seen(world.vault, scanned_at=now - timedelta(minutes=16)) == ["kv-shop-prod"]
    assert seen(world.vault, scanned_at=now, scan_requested_at=now) == ["kv-shop-prod"]


def test_what_was_asked_for_comes_first(world: World) -> None:
    now = timezone.now()
    asked = make_vault(connection=world.connection, name="kv-shop-stage", slug="asked", scanned_at=now)
    assert seen(asked, scan_requested_at=now) == ["asked", "kv-shop-prod"]


@ends_connections
def test_a_scan_that_was_cut_off_is_taken_up_again(world: World, settings: Settings) -> None:
    settings.SCAN_MINUTES = 24 * 60
    now = timezone.now()
    assert seen(world.vault, scanned_at=now, scan_started_at=now) == []
    assert seen(world.vault, scan_started_at=now - LEASE - timedelta(seconds=5)) == ["kv-shop-prod"]
    worker.scan(worker.due(timezone.now())[0])
    assert seen(world.vault) == []


@ends_connections
def test_a_scan_whose_worker_was_killed_is_taken_up_within_a_minute_or_two(
    world: World, settings: Settings, emulator: Emulator
) -> None:
    """A scan gives a sign of life each second; its worker may be killed at any."""
    settings.SCAN_MINUTES = 24 * 60
    now = timezone.now()
    begun: dict[str, object] = {"scanned_at": now, "scan_started_at": now - timedelta(minutes=3)}
    assert seen(world.vault, **begun, scan_seen_at=now - timedelta(seconds=50)) == []
    with pytest.raises(ScanUnderWay):
        scan_vault(System(), world.vault)
    assert seen(world.vault, **begun, scan_seen_at=now - timedelta(seconds=65)) == ["kv-shop-prod"]
    worker.scan(worker.due(timezone.now())[0])
    assert seen(world.vault) == []
    world.vault.refresh_from_db()
    assert world.vault.scan_started_at is None


@ends_connections
def test_a_scan_that_fails_is_on_the_row_and_in_the_trail(world: World, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.fail(99, 503, retry_after="60")
    worker.scan(sick_vault)
    sick_vault.refresh_from_db()
    assert scan_words(sick_vault) == "Key Vault returned a server error"
    assert last_entry(Action.VAULT_SCAN).state == "failed"


@ends_connections
def test_a_scan_of_a_person_who_lost_the_role_meanwhile_is_the_portals_own(world: World) -> None:
    world.vault.scan_requested_by = world.otto
    worker.scan(world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_problem == ""
    assert last_entry(Action.VAULT_SCAN).actor_id is None


class ByHand(Executor):
    """Scans that end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._jobs: dict[str, Future[Any]] = {}

    def submit(self, _fn: Any, /, vault: Vault) -> Future[Any]:  # type: ignore[override]
        self.begun.append(vault.slug)
        job = self._jobs[vault.slug] = Future()
        Vault.objects.filter(pk=vault.pk).update(scan_requested_at=None)  # as a scan does that begins
        return job

    def end(self, slug: str, *, well: bool) -> None:
        """Store what a scan does at its end."""
        vault = Vault.objects.get(slug=slug)
        vault.scan_failures = 0 if well else vault.scan_failures + 1
        vault.scan_rests_until = timezone.now() + rest_after(vault.scan_failures)
        vault.save(update_fields=["scan_failures", "scan_rests_until"])
        self._jobs.pop(slug).set_result(well)


def begun(look: worker.Look, hand: ByHand) -> list[str]:
    """What one more look begins."""
    before = len(hand.begun)
    look()
    return hand.begun[before:]


def more_vaults(world: World, *names: str) -> None:
    for name in names:
        make_vault(connection=world.connection, name=f"kv-{name}", slug=name)


def test_a_vault_rests_from_the_end_of_the_scan_that_failed_and_longer_each_time(
    world: World, settings: Settings, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    hand = ByHand()
    look, slug = worker.Look(hand), world.vault.slug
    assert begun(look, hand) == [slug]
    for minutes in (2, 4, 8, 16, *[30] * 50):
        time_machine.shift(timedelta(minutes=8))
        hand.end(slug, well=False)
        assert begun(look, hand) == []
        time_machine.shift(timedelta(minutes=minutes, seconds=-1))
        assert begun(look, hand) == []
        time_machine.shift(timedelta(seconds=2))
        assert begun(look, hand) == [slug]
    hand.end(slug, well=True)
    begun(look, hand)
    time_machine.shift(timedelta(minutes=2, seconds=1))
    assert begun(look, hand) == [slug]


@ends_connections
def test_a_vault_whose_scan_failed_rests_for_every_worker(world: World, emulator: Emulator, sick_vault: Vault) -> None:
    world.vault.delete()
    emulator.fail(99, 503, retry_after="60")
    for failures in (1, 2):
        worker.scan(Vault.objects.get(pk=sick_vault.pk))
        sick_vault.refresh_from_db()
        assert sick_vault.scan_failures == failures
    hand = ByHand()
    assert begun(worker.Look(hand), hand) == []
    Vault.objects.update(scan_rests_until=timezone.now())
    assert begun(worker.Look(hand), hand) == [sick_vault.slug]


def test_a_scan_that_was_cut_off_waits_for_no_rest(world: World) -> None:
    now = timezone.now()
    Vault.objects.update(
        scanned_at=now,
        scan_rests_until=now + timedelta(minutes=20),
        scan_started_at=now - timedelta(minutes=2),
        scan_seen_at=now - timedelta(seconds=65),
    )
    hand = ByHand()
    assert begun(worker.Look(hand), hand) == [world.vault.slug]


@ends_connections
def test_a_request_that_another_worker_has_done_meanwhile_is_not_done_again(world: World) -> None:
    [found], [same] = worker.due(timezone.now()), worker.due(timezone.now())
    worker.scan(found)
    with pytest.raises(ScanUnderWay):
        scan_vault(System(), same)


def test_a_scan_that_lost_its_lease_stores_nothing(file_world: World, emulator: Emulator) -> None:
    """Its process was suspended for more than a minute, and another worker took over."""
    owner = uuid.uuid4()

    def take_over(_request: Any, proceed: Any) -> Any:
        Vault.objects.filter(pk=file_world.vault.pk).update(scan_owner=owner)
        return proceed()

    emulator.interfere(take_over, 1, path="^/secrets$")
    with pytest.raises(ScanUnderWay):
        scan_vault(System(), file_world.vault)
    file_world.vault.refresh_from_db()
    assert (file_world.vault.scan_owner, file_world.vault.scanned_at) == (owner, None)
    assert file_world.vault.scan_started_at


def test_a_scan_that_is_asked_for_waits_for_no_rest(world: World) -> None:
    hand = ByHand()
    look, slug = worker.Look(hand), world.vault.slug
    assert begun(look, hand) == [slug]
    hand.end(slug, well=False)
    assert begun(look, hand) == []
    Vault.objects.update(scan_requested_at=timezone.now())
    assert begun(look, hand) == [slug]


def test_scans_that_take_long_hold_up_no_other(world: World, time_machine: TimeMachineFixture) -> None:
    """Four endless vaults, and a healthy one that somebody asks to be scanned."""
    time_machine.move_to(timezone.now(), tick=False)
    endless = [f"endless-{number}" for number in range(4)]
    Vault.objects.update(scanned_at=timezone.now())
    more_vaults(world, *endless)
    hand = ByHand()
    look = worker.Look(hand)
    assert sorted(begun(look, hand)) == endless
    Vault.objects.filter(pk=world.vault.pk).update(scan_requested_at=timezone.now())
    assert begun(look, hand) == []
    assert look.pause < 1
    time_machine.shift(timedelta(seconds=61))
    assert begun(look, hand) == [world.vault.slug]
    assert look.pause == 1


def test_vaults_that_fail_keep_none_waiting_whose_turn_it_is(world: World, time_machine: TimeMachineFixture) -> None:
    """They are due again before all the others had their turn."""
    time_machine.move_to(timezone.now(), tick=False)
    sick = [f"sick-{number}" for number in range(12)]
    more_vaults(world, *sick)
    Vault.objects.filter(pk=world.vault.pk).update(scanned_at=timezone.now() - timedelta(days=1))
    hand = ByHand()
    look = worker.Look(hand)
    for _ in range(4):
        for slug in begun(look, hand):
            hand.end(slug, well=False)
        time_machine.shift(timedelta(minutes=2, seconds=1))
    assert world.vault.slug in hand.begun


@contextmanager
def working() -> Iterator[threading.Thread]:
    """A worker at work until the block ends."""
    stop = threading.Event()
    work = threading.Thread(target=worker.run, args=(stop,))
    work.start()
    try:
        yield work
    finally:
        stop.set()
        work.join(5)
        assert not work.is_alive()


def scanned(vault: Vault) -> bool:
    """Was it scanned within some seconds?"""
    deadline = time.monotonic() + 10
    while not Vault.objects.get(pk=vault.pk).scanned_at:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.sweep
@pytest.mark.parametrize("table", ["vaults_vault", "vaults_auditentry"])
def test_a_database_that_fails_for_a_moment_does_not_end_it(table: str, file_world: World) -> None:
    """Both looks: at the vaults that are due, and at acts that were cut off."""
    with working() as work:
        with unreadable(table):
            time.sleep(2.5)  # more than one look
            assert work.is_alive()
        Vault.objects.filter(pk=file_world.vault.pk).update(scan_requested_at=timezone.now())
        assert scanned(file_world.vault)
        assert work.is_alive()


def test_it_scans_and_stops_when_told(file_world: World) -> None:
    with working():
        assert scanned(file_world.vault)
