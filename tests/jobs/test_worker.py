"""The worker: which vaults it scans next, and what becomes of a scan that went wrong."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.conftest import World, last_entry
from vaults.actions.inventory import LEASE, ScanUnderWay, scan_vault
from vaults.emulator import Emulator
from vaults.jobs import worker
from vaults.models import Vault
from vaults.permissions import Action


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
    asked = Vault.objects.create(connection=world.connection, name="kv-shop-stage", slug="asked", scanned_at=now)
    assert seen(asked, scan_requested_at=now) == ["asked", "kv-shop-prod"]


def test_a_scan_that_was_cut_off_is_taken_up_again(world: World, settings: Settings) -> None:
    settings.SCAN_MINUTES = 24 * 60
    now = timezone.now()
    assert seen(world.vault, scanned_at=now, scan_started_at=now) == []
    assert seen(world.vault, scan_started_at=now - LEASE - timedelta(seconds=5)) == ["kv-shop-prod"]
    worker.scan(worker.due(timezone.now())[0])
    assert seen(world.vault) == []


def test_a_scan_whose_worker_was_killed_is_taken_up_within_a_minute_or_two(
    world: World, settings: Settings, emulator: Emulator
) -> None:
    """A scan gives a sign of life each second; its worker may be killed at any."""
    settings.SCAN_MINUTES = 24 * 60
    now = timezone.now()
    begun: dict[str, object] = {"scanned_at": now, "scan_started_at": now - timedelta(minutes=3)}
    assert seen(world.vault, **begun, scan_seen_at=now - timedelta(seconds=50)) == []
    with pytest.raises(ScanUnderWay):
        scan_vault(None, world.vault)
    assert seen(world.vault, **begun, scan_seen_at=now - timedelta(seconds=65)) == ["kv-shop-prod"]
    worker.scan(worker.due(timezone.now())[0])
    assert seen(world.vault) == []
    world.vault.refresh_from_db()
    assert world.vault.scan_started_at is None


def test_a_scan_that_fails_is_on_the_row_and_in_the_trail(world: World, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.fail(99, 503, retry_after="60")
    worker.scan(sick_vault)
    sick_vault.refresh_from_db()
    assert sick_vault.scan_problem == "Azure has trouble of its own"
    assert last_entry(Action.VAULT_SCAN).state == "failed"


def test_a_person_who_lost_the_role_meanwhile_gets_no_scan(world: World) -> None:
    world.vault.scan_requested_by = world.otto
    worker.scan(world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_problem.startswith("This needs the role")


@contextmanager
def missing(table: str, database: Path) -> Iterator[None]:
    """The database fails whoever asks for this table, as one that is being restored or moved does."""
    with closing(sqlite3.connect(database, isolation_level=None)) as aside:
        aside.execute("PRAGMA legacy_alter_table = ON")
        aside.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        try:
            yield
        finally:
            aside.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


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


@pytest.mark.parametrize("table", ["vaults_vault", "vaults_auditentry"])
def test_a_database_that_fails_for_a_moment_does_not_end_it(table: str, file_world: World, file_database: Path) -> None:
    """Both looks: at the vaults that are due, and at acts that were cut off."""
    with working() as work:
        with missing(table, file_database):
            time.sleep(2.5)  # more than one look
            assert work.is_alive()
        Vault.objects.filter(pk=file_world.vault.pk).update(scan_requested_at=timezone.now())
        assert scanned(file_world.vault)
        assert work.is_alive()


def test_it_scans_and_stops_when_told(file_world: World) -> None:
    with working():
        assert scanned(file_world.vault)
