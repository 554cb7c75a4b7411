"""The worker: it performs what is planned and asked for, waits out a database that fails, and stops when told."""

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
from django_tasks_db.models import DBTaskResult
from time_machine import TimeMachineFixture

from tests.conftest import World, make_vault, unreadable
from tests.working import make_job
from vaults.actions.scans import request_scans
from vaults.actors import Person
from vaults.jobs import claims, worker
from vaults.jobs.claims import Claim
from vaults.models import ItemState, JobItem, Vault

pytestmark = pytest.mark.slow


class ByHand(Executor):
    """Deliveries that are taken, and that end when the test says so."""

    def __init__(self) -> None:
        self.taken: list[tuple[Claim, Future[Any]]] = []

    def submit(self, _fn: Any, /, *_args: Any, **_kwargs: Any) -> Future[Any]:
        item = JobItem.objects.filter(state=ItemState.WAITING)[0]
        claim = claims.claim(item.job_id)
        assert claim
        claims.running.add(claim)
        done: Future[Any] = Future()
        self.taken.append((claim, done))
        return done

    def end(self) -> None:
        for claim, done in self.taken:
            claims.running.remove(claim)
            done.set_result(None)
        self.taken.clear()


@pytest.fixture
def hand() -> Iterator[ByHand]:
    hand = ByHand()
    yield hand
    hand.end()


def taken(look: worker.Look, hand: ByHand) -> int:
    """How many items one more look takes."""
    before = len(hand.taken)
    look()
    return len(hand.taken) - before


def test_items_that_take_long_hold_up_no_other(world: World, hand: ByHand, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    Vault.objects.update(scanned_at=timezone.now())
    make_job(world, waiting=30)
    look = worker.Look(hand)
    assert taken(look, hand) == worker.AT_ONCE
    assert look.pause < 1
    assert taken(look, hand) == 0
    for _ in range(3):
        time_machine.shift(worker.LONG + timedelta(seconds=1))
        claims.running.beat()
        assert taken(look, hand) == worker.AT_ONCE
    time_machine.shift(worker.LONG + timedelta(seconds=1))
    claims.running.beat()
    assert taken(look, hand) == 0
    assert len(hand.taken) == worker.MOST
    hand.end()
    assert taken(look, hand) == worker.AT_ONCE


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
        work.join(15)
        assert not work.is_alive()


def scanned(vault: Vault, since: Any = None) -> bool:
    """Was it scanned within some seconds?"""
    deadline = time.monotonic() + 10
    while True:
        scanned_at = Vault.objects.get(pk=vault.pk).scanned_at
        if scanned_at and (since is None or scanned_at > since):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


@pytest.mark.sweep
@pytest.mark.parametrize("table", ["vaults_vault", "vaults_auditentry", "vaults_job", DBTaskResult._meta.db_table])
def test_a_database_that_fails_for_a_moment_does_not_end_it(table: str, file_world: World) -> None:
    """Whatever it looks at: vaults that are due, acts that were cut off, jobs, the queue."""
    with working() as work:
        with unreadable(table):
            time.sleep(2.5)  # more than one look
            assert work.is_alive()
        since = timezone.now()
        request_scans(Person(file_world.olga), [Vault.objects.select_related("team").get()])
        assert scanned(file_world.vault, since)
        assert work.is_alive()


def test_it_scans_and_stops_when_told(file_world: World) -> None:
    with working():
        assert scanned(file_world.vault)


def test_two_scan_each_vault_once(file_world: World) -> None:
    vaults = [file_world.vault]
    for number in range(12):
        name = f"kv-{uuid.uuid4().hex[:8]}"
        vaults.append(make_vault(connection=file_world.connection, name=name, slug=f"kv-{number}"))
    with working(), working():
        assert all(_ended(vault) for vault in vaults)
    items = JobItem.objects.filter(vault__in=vaults)
    assert sorted(str(item.vault_id) for item in items) == sorted(str(vault.pk) for vault in vaults)
    assert {item.tries for item in items} == {1}


def _ended(vault: Vault) -> bool:
    """Did a scan of it end within some seconds? Most of these do not exist in Azure, so theirs fail."""
    deadline = time.monotonic() + 30
    while not JobItem.objects.filter(vault=vault, ended_at__isnull=False).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
