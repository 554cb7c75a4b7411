"""The record emptied or set back by whoever writes the database: what stands beside it knows how long it was."""

import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from tests.attacks.records import cut, everything_removed, head, write
from tests.browsing import text_of
from tests.conftest import World, say
from tests.databases import copy, restore
from vaults.audit import verification
from vaults.management.commands import prepare
from vaults.models import AuditChain, AuditEntry
from vaults.models.audit import INSTALLATION

pytestmark = pytest.mark.sweep


def put_back(old: dict[str, Any]) -> None:
    AuditChain.objects.all().delete()
    AuditChain.objects.create(**old)


def set_to_zero() -> None:
    cut()
    AuditChain.objects.update(seq=0, hash="0" * 64, seal="")


def never_been() -> None:
    """The row that a database has before its first entry."""
    everything_removed()
    AuditChain.objects.create(id=1)


def tables_made_anew() -> None:
    with connection.schema_editor() as editor:
        for model in (AuditEntry, AuditChain):
            editor.delete_model(model)
            editor.create_model(model)


EMPTYINGS: dict[str, Callable[[], None]] = {
    "everything removed": everything_removed,
    "set to zero": set_to_zero,
    "as if it had never been": never_been,
}


@pytest.mark.parametrize("empty", EMPTYINGS.values(), ids=EMPTYINGS.keys())
@pytest.mark.parametrize("entries", [1, 3, 250])
def test_an_emptied_record_is_found(empty: Callable[[], None], entries: int, world: World) -> None:
    write(entries)
    assert verification.verify().broken is None
    empty()
    assert "all entries were removed" in verification.verify().reason


@pytest.mark.parametrize("empty", EMPTYINGS.values(), ids=EMPTYINGS.keys())
def test_what_is_added_to_an_emptied_record_does_not_heal_it(empty: Callable[[], None], world: World) -> None:
    write(120)
    empty()
    for added in (1, 60, 150):  # fewer than there were, and more
        write(added)
        assert verification.verify().broken is not None


def test_tables_that_were_made_anew_are_found(file_world: World) -> None:
    write(120)
    tables_made_anew()
    assert "all entries were removed" in verification.verify().reason
    write(130)
    assert verification.verify().broken is not None


def test_an_old_head_with_the_later_entries_cut_off_is_found(world: World) -> None:
    write(150)
    old = head()
    write(60)
    put_back(old)
    cut(150)
    assert "entries after 150 were removed" in verification.verify().reason
    write(100)
    assert verification.verify().broken is not None


def test_an_old_head_that_is_left_over_in_the_log_of_the_database_is_no_use(
    file_world: World, file_database: Path
) -> None:
    """The same with what SQLite itself leaves behind: every version of the head's page stands in the WAL."""
    write(95)
    old = head()
    write(10)
    assert old["seal"].encode() in Path(f"{file_database}-wal").read_bytes()
    put_back(old)
    cut(95)
    assert verification.verify().broken == 96


def test_an_old_copy_of_the_whole_database_is_found(file_world: World) -> None:
    """Also after more acts than had been lost."""
    write(130)
    copy("old")
    write(100)
    restore("old")
    assert "entries after 130 were removed" in verification.verify().reason
    write(120)
    assert verification.verify().broken is not None


@pytest.mark.parametrize("written", [1, 24, 47, 70, 93], ids="after {} entries".format)
def test_old_copies_are_found_whenever_they_were_made(written: int, file_world: World) -> None:
    write(written)
    copy("old")
    write(101)
    restore("old")
    assert verification.verify().broken is not None


TEAM = uuid.UUID(int=1)


def migrated_back_and_forth(to: str) -> None:
    call_command("migrate", "vaults", to, verbosity=0, interactive=False)
    call_command("migrate", verbosity=0, interactive=False)


def test_a_forgotten_migration_seals_no_head_anew(file_world: World) -> None:
    """One of them once gave a seal to whatever head was there."""
    write(150, TEAM)
    cut(120)
    AuditChain.objects.update(seq=120, hash=AuditEntry.objects.get(seq=120).hash)
    migrated_back_and_forth("0001")
    assert [verification.verify(each).broken is None for each in (TEAM, INSTALLATION)] == [False, False]


def test_a_forgotten_migration_takes_no_checkpoint_back(file_world: World) -> None:
    """Without its newest columns the head is as it was before there were checkpoints, and before there were chains."""
    write(150, TEAM)
    migrated_back_and_forth("0007")
    verification.begin_checkpoints()
    write(60, TEAM)
    assert [verification.verify(each).broken is None for each in (TEAM, INSTALLATION)] == [False, False]


def test_the_command_and_the_page_say_that_it_was_emptied(world: World, olga: Client) -> None:
    write(20)
    everything_removed()
    with pytest.raises(CommandError, match="broken at entry 1: all entries were removed"):
        call_command("verify_audit")
    say("emptied and found")
    assert "was tampered with" in text_of(olga.get(olga.post("/audit/verify/")["Location"]))


def test_a_start_on_an_emptied_database_says_so(world: World) -> None:
    write(20)
    everything_removed()
    said = StringIO()
    prepare.Command(stderr=said).checkpoints()
    assert "the audit trail does not fit its checkpoints: all entries were removed" in said.getvalue()
