"""The file that says how long the record was: cut, changed, torn, unwritable, or put in another's place."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from tests.attacks.records import cut, everything_removed, head, write
from tests.browsing import text_of
from tests.conftest import World, say, signed_in
from tests.databases import address, copy, restore
from vaults.audit import chain, checkpoints, verification
from vaults.jobs import worker
from vaults.models import AuditChain, AuditEntry
from vaults.models.audit import INSTALLATION
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep

ANOTHER_KEY = "another-audit-key-of-thirty-two-characters"


def lines(sink: Path) -> list[bytes]:
    return sink.read_bytes().splitlines(keepends=True)


def told(sink: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(sink)]


def test_the_first_entry_every_hundredth_and_each_minute_get_a_line(world: World, checkpoint_file: Path) -> None:
    write(1)
    write(209)
    chain.note(INSTALLATION)
    chain.note(INSTALLATION)  # nothing is new
    made = told(checkpoint_file)
    assert [(line["seq"], line["kind"]) for line in made] == [(1, "begin"), (100, ""), (200, ""), (210, "")]
    assert {line["chain"] for line in made} == {AuditChain.objects.get().trail}
    assert [line["hash"] for line in made] == [AuditEntry.objects.get(seq=line["seq"]).hash for line in made]
    assert [line["previous"] for line in made[1:]] == [line["mac"] for line in made[:-1]]
    assert checkpoint_file.stat().st_mode & 0o777 == 0o600
    assert verification.verify() == verification.Verification(210, None)


Change = Callable[[list[bytes]], list[bytes]]

CHANGES: dict[str, Change] = {
    "removed": lambda _: [],
    "newest cut off": lambda old: old[:-1],
    "all but the first cut off": lambda old: old[:1],
    "first cut off": lambda old: old[1:],
    "one left out": lambda old: [*old[:1], *old[2:]],
    "swapped": lambda old: [old[0], old[2], old[1], *old[3:]],
    "newest two swapped": lambda old: [*old[:-2], old[-1], old[-2]],
    "repeated": lambda old: [*old, old[-1]],
    "an old one repeated": lambda old: [*old, old[1]],
    "repeated in the middle": lambda old: [*old[:2], old[1], *old[2:]],
    "another number": lambda old: [old[0], old[1].replace(b'"seq":2', b'"seq":1'), *old[2:]],
    "newest with another number": lambda old: [*old[:-1], old[-1].replace(b'"seq":4', b'"seq":3')],
    "another reason": lambda old: [old[0].replace(b'"reason":""', b'"reason":"x"'), *old[1:]],
    "an accepted restore made up": lambda old: [*old[:-1], old[-1].replace(b'"kind":""', b'"kind":"restore"')],
    "a member twice": lambda old: [*old[:-1], old[-1].replace(b'{"chain"', b'{"seq":1,"chain"')],
    "other spaces": lambda old: [*old[:-1], old[-1].replace(b":", b": ")],
    "newest cut in half": lambda old: [*old[:-1], old[-1][:50]],
    "one cut in half": lambda old: [old[0], old[1][:50] + b"\n", *old[2:]],
    "no line of ours": lambda old: [*old, b"{}\n"],
    "members of another kind": lambda old: [*old, b'{"chain":1,"seq":[],"hash":{},"at":0,"mac":7}\n'],
    "a list": lambda old: [*old, b"[1]\n"],
    "a null": lambda old: [*old, b"null\n"],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_file_is_found(change: Change, world: World, checkpoint_file: Path) -> None:
    for _ in range(4):
        write(1)
        chain.note(INSTALLATION)
    assert verification.verify().broken is None
    old = lines(checkpoint_file)
    assert change(old) != old
    checkpoint_file.write_bytes(b"".join(change(old)))
    assert "checkpoint file" in verification.verify().reason
    write(10)  # what comes after makes nothing good
    chain.note(INSTALLATION)
    assert "checkpoint file" in verification.verify().reason
    verification.begin_checkpoints()
    assert "checkpoint file" in verification.verify().reason


def test_a_file_that_is_gone_is_found(world: World, checkpoint_file: Path) -> None:
    write(120)
    checkpoint_file.unlink()
    assert "checkpoint file was removed" in verification.verify().reason
    verification.begin_checkpoints()
    write(100)
    assert "checkpoint file was removed" in verification.verify().reason
    assert not checkpoint_file.exists()


def test_a_file_with_another_deployments_key_is_found(world: World, checkpoint_file: Path, settings: Settings) -> None:
    ours = settings.AUDIT_KEY
    settings.AUDIT_KEY = ANOTHER_KEY
    write(130)
    theirs = checkpoint_file.read_bytes()
    everything_removed()
    checkpoint_file.unlink()
    settings.AUDIT_KEY = ours
    write(130)
    own = checkpoint_file.read_bytes()
    for mixed in (theirs, own + theirs, theirs + own):
        checkpoint_file.write_bytes(mixed)
        assert "the audit key is a different one" in verification.verify().reason


def test_another_trails_file_and_another_trails_database_are_found(world: World, checkpoint_file: Path) -> None:
    """Two deployments with the same key, as a copy for tests often is."""
    write(130)
    theirs, their_head = checkpoint_file.read_bytes(), head()
    entries = list(AuditEntry.objects.order_by("id"))
    everything_removed()
    checkpoint_file.unlink()
    write(110)
    ours = checkpoint_file.read_bytes()
    checkpoint_file.write_bytes(theirs)
    assert "another trail" in verification.verify().reason
    checkpoint_file.write_bytes(ours + theirs)
    assert verification.verify().broken is not None
    checkpoint_file.write_bytes(ours)
    assert verification.verify().broken is None
    everything_removed()
    AuditEntry.objects.bulk_create(entries)
    AuditChain.objects.create(**their_head)
    assert "another trail" in verification.verify().reason


def test_a_line_that_a_crash_has_torn_is_called_that(world: World, checkpoint_file: Path) -> None:
    write(150)
    whole = checkpoint_file.read_bytes()
    for torn in (b'{"chain":"', b"{", b"\0\0\0\0", whole.splitlines()[-1][:-5]):
        checkpoint_file.write_bytes(whole + torn)
        found = verification.verify()
        assert (found.broken, found.notes) == (
            None,
            ("a crash has torn what stands in line 3 of the checkpoint file; nothing is missing",),
        )
    write(60)
    assert len(lines(checkpoint_file)) == 4
    assert verification.verify().broken is None
    assert "line 3" in verification.verify().notes[0]


def test_a_crash_between_the_file_and_the_database_leaves_both_whole(world: World, checkpoint_file: Path) -> None:
    write(99)
    before = head()
    write(1)
    now = head()
    AuditChain.objects.update(trail=before["trail"], checkpoint=before["checkpoint"])
    AuditChain.objects.update(seal=chain.seal_of(AuditChain.objects.get()))
    assert verification.verify().broken is None
    chain.note(INSTALLATION)
    assert head() == now
    assert len(lines(checkpoint_file)) == 2


def test_a_crash_at_the_very_first_line_leaves_the_trail_whole(world: World, checkpoint_file: Path) -> None:
    checkpoint_file.write_bytes(b'{"chain":"')
    write(3)
    assert verification.verify().broken is None
    assert [json.loads(line)["seq"] for line in lines(checkpoint_file)[1:]] == [1]
    AuditChain.objects.update(trail="", checkpoint="")  # the line was written, the database was not
    AuditChain.objects.update(seal=chain.seal_of(AuditChain.objects.get()))
    assert verification.verify().broken is None
    verification.begin_checkpoints()
    assert AuditChain.objects.get().trail == json.loads(lines(checkpoint_file)[1])["chain"]


def test_a_trail_that_begins_while_it_is_verified_is_whole(world: World, checkpoint_file: Path) -> None:
    before, found = chain.head(INSTALLATION), checkpoints.read(INSTALLATION, "")
    write(1)
    assert before.seq == 0
    assert lines(checkpoint_file)
    assert chain.misfit(before, found) is None


@contextmanager
def unusable(sink: Path) -> Iterator[None]:
    """A folder stands in the file's place: nobody can read or write it, not even root."""
    aside = sink.with_suffix(".aside")
    if sink.exists():
        sink.rename(aside)
    sink.mkdir()
    try:
        yield
    finally:
        sink.rmdir()
        if aside.exists():
            aside.rename(sink)


def test_a_file_that_cannot_be_written_stops_no_act_and_is_said(
    world: World, olga: Client, checkpoint_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(50)
    with unusable(checkpoint_file):
        write(60)
        assert AuditEntry.objects.count() == 110
        assert "no checkpoint could be made" in caplog.text
        assert "checkpoint file can't be read" in text_of(olga.get("/audit/")).replace("’", "'")
        assert "can't be read" in text_of(olga.get(olga.post("/audit/verify/")["Location"]))
        assert Client().get("/readyz").json() == {"status": "ok", "problems": [], "warnings": ["checkpoints"]}
        with pytest.raises(CommandError, match="checkpoint file can't be used"):
            call_command("verify_audit")
    chain.note(INSTALLATION)
    assert verification.verify().broken is None
    assert Client().get("/readyz").json() == {"status": "ok", "problems": []}


def test_a_trail_that_began_without_its_file_gets_one_at_the_next_start(world: World, checkpoint_file: Path) -> None:
    with unusable(checkpoint_file):
        write(50)
    assert verification.verify().broken is None
    verification.begin_checkpoints()
    assert [(line["seq"], line["kind"]) for line in told(checkpoint_file)] == [(50, "begin")]


def test_a_checkpoint_that_is_missing_for_long_is_shown(
    world: World, olga: Client, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    write(20)
    assert "No checkpoint for" not in text_of(olga.get("/audit/"))
    time_machine.shift(timedelta(minutes=6))
    page = text_of(olga.get("/audit/"))
    assert "No checkpoint for more than five minutes" in page
    assert "newest 19 entries" in page
    assert Client().get("/readyz").json()["warnings"] == ["checkpoints"]
    chain.note(INSTALLATION)
    assert "No checkpoint for" not in text_of(olga.get("/audit/"))


def test_every_member_sees_what_checkpoints_show_and_nobody_a_path(world: World, checkpoint_file: Path) -> None:
    write(20)
    for role in (Role.VIEWER, Role.OWNER):
        answer = signed_in(world.members[role]).get("/audit/")
        page = text_of(answer)
        assert "somebody who can write only the database removes entries" in page
        assert "Checkpoints do not protect newer entries" in page
        assert checkpoint_file.name not in answer.content.decode()


def test_the_page_itself_shows_a_trail_that_does_not_fit(world: World, olga: Client) -> None:
    write(150)
    cut(20)
    AuditChain.objects.update(seq=20, hash=AuditEntry.objects.get(seq=20).hash)
    page = text_of(olga.get("/audit/"))
    assert "The audit trail does not fit its checkpoints" in page
    assert "knows of 100" in page
    assert Client().get("/readyz").json()["warnings"] == ["checkpoints"]


def accept(reason: str = "The disk of 3 March") -> str:
    said = StringIO()
    call_command("verify_audit", "--accept-restore", "--reason", reason, stdout=said)
    return said.getvalue()


def test_an_intended_restore_is_recorded_and_the_trail_is_whole_again(file_world: World, checkpoint_file: Path) -> None:
    write(130)
    copy("old")
    write(100)
    before = checkpoint_file.read_bytes()
    restore("old")
    write(5)
    assert verification.verify().broken is not None
    said = accept()
    assert "whole: 137 entries" in said
    assert "a restore was accepted on" in said
    assert "The disk of 3 March" in said
    assert checkpoint_file.read_bytes().startswith(before)
    [line] = told(checkpoint_file)[3:]
    assert (line["kind"], line["reason"], line["seq"], line["restore"]) == ("restore", "The disk of 3 March", 136, 136)
    started, ended = AuditEntry.objects.filter(action=Action.AUDIT_ACCEPT_RESTORE).order_by("id")
    assert (started.seq, ended.state, ended.detail["reason"]) == (136, "succeeded", "The disk of 3 March")
    write(100)
    result = verification.verify()
    assert (result.broken, len(result.notes)) == (None, 1)
    page = text_of(signed_in(file_world.members[Role.VIEWER]).get("/audit/"))
    assert "Restore accepted" in page
    assert "The disk of 3 March" in page
    for change in (lambda now: now[1:], lambda now: [*now[:1], *now[2:]], lambda now: now[3:]):
        kept = lines(checkpoint_file)
        checkpoint_file.write_bytes(b"".join(change(kept)))  # what was accepted can't be changed afterwards either
        assert verification.verify().broken is not None
        checkpoint_file.write_bytes(b"".join(kept))
    restore("old")
    assert verification.verify().broken is not None  # it was accepted once


@pytest.mark.parametrize("lost", ["file", "database", "lines"])
def test_a_lost_file_and_a_new_database_can_be_accepted_too(lost: str, world: World, checkpoint_file: Path) -> None:
    write(130)
    if lost == "file":
        checkpoint_file.unlink()
    elif lost == "lines":
        checkpoint_file.write_bytes(b"".join(lines(checkpoint_file)[1:]) + b"torn")
    else:
        everything_removed()
        write(3)
    assert verification.verify().broken is not None
    assert "whole" in accept()
    write(100)
    assert verification.verify().broken is None


def test_what_was_changed_is_never_accepted(world: World, checkpoint_file: Path) -> None:
    write(20)
    with pytest.raises(CommandError, match="the audit trail is whole"):
        accept()
    with pytest.raises(CommandError, match="needs a --reason"):
        accept(" ")
    AuditEntry.objects.filter(seq=3).update(name="other")
    with pytest.raises(CommandError, match="entry 3 was changed"):
        accept()
    assert len(lines(checkpoint_file)) == 1
    assert not AuditEntry.objects.filter(action=Action.AUDIT_ACCEPT_RESTORE).exists()


def before_checkpoints(sink: Path) -> None:
    """As the version before this one has left it: no file, and a head that knows of none."""
    sink.unlink()
    old = AuditChain.objects.get()
    old.trail = old.checkpoint = ""
    old.seal = chain.seal_of(old)
    old.save()


def test_an_older_deployment_gets_its_first_checkpoint_at_the_next_start(world: World, checkpoint_file: Path) -> None:
    write(30)
    before_checkpoints(checkpoint_file)
    verification.begin_checkpoints()
    assert [(line["seq"], line["kind"]) for line in told(checkpoint_file)] == [(30, "begin")]
    assert verification.verify() == verification.Verification(30, None)
    everything_removed()
    assert "all entries were removed" in verification.verify().reason


def test_an_older_deployment_that_is_broken_stays_broken(world: World, checkpoint_file: Path) -> None:
    write(30)
    before_checkpoints(checkpoint_file)
    AuditEntry.objects.filter(seq=7).update(name="other")
    verification.begin_checkpoints()
    write(90)
    verification.begin_checkpoints()
    assert verification.verify().broken == 7
    assert not checkpoint_file.exists()


def test_the_worker_makes_one_at_its_start_each_minute_and_at_its_end(file_world: World, checkpoint_file: Path) -> None:
    write(5)
    stop = threading.Event()
    keeper = threading.Thread(target=worker.keep_checkpoints, args=(stop, 0.05))
    keeper.start()
    assert reached(checkpoint_file, 5)
    write(5)
    assert reached(checkpoint_file, 10)
    stop.set()
    keeper.join()
    write(5)
    worker.run(stop)
    assert reached(checkpoint_file, 15)
    assert verification.verify().broken is None


def reached(sink: Path, seq: int) -> bool:
    deadline = timezone.now() + timedelta(seconds=10)
    while timezone.now() < deadline:
        if told(sink)[-1]["seq"] == seq:
            return True
    return False


APPENDING = """
import django
django.setup()
from tests.attacks.records import write
from vaults.audit import chain
from vaults.models.audit import INSTALLATION
for _ in range(12):
    write(5)
    chain.note(INSTALLATION)
"""


def test_several_processes_add_lines_without_loss(file_world: World, checkpoint_file: Path) -> None:
    write(1)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        **address(),
        "KVPORTAL_AUDIT_SINK": str(checkpoint_file),
    }
    running = [subprocess.Popen([sys.executable, "-c", APPENDING], env=environment) for _ in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    result, made = verification.verify(), told(checkpoint_file)
    say(f"{result.count} entries and {len(made)} checkpoints from 3 processes; broken: {result.reason or 'none'}")
    assert result == verification.Verification(1 + 3 * 60, None)
    assert len(made) > 12
    assert [line["seq"] for line in made] == sorted({line["seq"] for line in made})


def test_a_pipe_in_the_files_place_keeps_nobody_waiting(world: World, olga: Client, checkpoint_file: Path) -> None:
    """Whoever owns the file's directory could stop the portal with it: a pipe that nobody writes to never ends."""
    write(20)
    checkpoint_file.unlink()
    os.mkfifo(checkpoint_file)
    started = time.monotonic()
    write(200)
    assert olga.get("/audit/").status_code == 200
    assert Client().get("/readyz").json()["problems"] == []
    with pytest.raises(OSError, match="no file"):
        verification.verify()
    with pytest.raises(CommandError, match="the checkpoint file can't be used: it is no file"):
        call_command("verify_audit")
    assert time.monotonic() - started < 20
