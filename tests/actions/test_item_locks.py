"""Locks of items: one change after the other, also between processes, and after a process was killed."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

from tests import databases
from tests.conftest import World, in_threads, unwritable
from vaults.actions.item_locks import EXPIRES_AFTER, item_lock
from vaults.actions.secrets import SecretContent, create_secret
from vaults.actors import Person
from vaults.azure.errors import TransportError
from vaults.azure.time_limit import time_limit
from vaults.models import ItemLock

ITEM = ("azure", "kv-shop-prod", "secret", "db-password")
#: Adds 1 to a number in a file, several times. Two at once lose some unless each has the item's lock.
COUNT = """
import sys, time
from pathlib import Path
import django
django.setup()
from vaults.actions.item_locks import item_lock
number = Path(sys.argv[1])
for _ in range({times}):
    with item_lock(*{item!r}):
        found = int(number.read_text())
        time.sleep(0.005)
        number.write_text(str(found + 1))
"""
HOLD = """
import time
import django
django.setup()
from vaults.actions.item_locks import item_lock
with item_lock(*{item!r}):
    print("held", flush=True)
    time.sleep(60)
"""
TIMES = 20


def python(program: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **databases.address()}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@contextmanager
def killed_holder() -> Iterator[None]:
    """A process that was killed while it held the lock."""
    holder = python(HOLD.format(item=ITEM))
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait(10)
    holder.stdout.close()
    yield


@pytest.mark.slow
def test_two_processes_hold_an_items_lock_one_after_the_other(shared_database: None, tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    program = COUNT.format(item=ITEM, times=TIMES)
    both = [python(program, str(number)) for _ in range(2)]
    assert [process.communicate(timeout=60) and process.returncode for process in both] == [0, 0]
    assert int(number.read_text()) == 2 * TIMES
    assert not ItemLock.objects.exists()


@pytest.mark.slow
def test_the_lock_of_a_killed_process_expires(shared_database: None, time_machine: TimeMachineFixture) -> None:
    with killed_holder():
        with time_limit(0.1), pytest.raises(TransportError, match="Another change"), item_lock(*ITEM):
            pass
        time_machine.move_to(ItemLock.objects.get().expires_at + timedelta(seconds=1))
        with item_lock(*ITEM):
            assert ItemLock.objects.count() == 1
    assert not ItemLock.objects.exists()


def test_a_lock_that_expired_and_was_taken_is_not_released_by_its_first_owner(
    db: None, time_machine: TimeMachineFixture
) -> None:
    with item_lock(*ITEM):
        time_machine.move_to(timezone.now() + EXPIRES_AFTER + timedelta(seconds=1))
        with item_lock(*ITEM):
            ItemLock.objects.update(owner=uuid.uuid4())
    assert ItemLock.objects.count() == 1


def test_names_that_differ_in_case_have_one_lock_and_other_items_have_others(
    db: None,
) -> None:
    with item_lock(*ITEM), time_limit(0.05):
        with pytest.raises(TransportError), item_lock("azure", "KV-Shop-Prod", "secret", "DB-Password"):
            pass
        with (
            item_lock("azure", "kv-shop-prod", "key", "db-password"),
            item_lock("azure", "kv-shop", "secret", "x" * 999),
        ):
            assert ItemLock.objects.count() == 3


def test_a_lock_is_released_after_an_error(db: None) -> None:
    with pytest.raises(KeyError), item_lock(*ITEM):
        raise KeyError
    assert not ItemLock.objects.exists()


def test_a_change_succeeds_if_its_lock_can_not_be_released(world: World) -> None:
    with unwritable("vaults_itemlock", "DELETE"):
        create_secret(Person(world.olga), world.vault, "fresh", SecretContent("hidden"))
    assert ItemLock.objects.count() == 1


@pytest.mark.slow
def test_many_threads_wait_for_each_other(shared_database: None, tmp_path: Path) -> None:
    inside: list[int] = []

    def change() -> int:
        with item_lock(*ITEM):
            inside.append(1)
            most = len(inside)
            inside.pop()
        return most

    assert in_threads(*[change] * 8) == [1] * 8
