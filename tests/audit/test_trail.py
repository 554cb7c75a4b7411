"""The audit trail: two entries an act, one chain, every forgery found, and no secret in it."""

import io
import random
import time
import uuid
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World, entries_of, in_threads, say
from tests.signing_in import confirm
from vaults.actors import Person
from vaults.audit import queries, recording, verification
from vaults.audit.appending import append
from vaults.audit.recording import Subject
from vaults.models import AuditChain, AuditEntry, User
from vaults.permissions import Action


def act(world: World, name: str = "item") -> uuid.UUID:
    subject = Subject(world.team, world.connection, world.vault, name)
    with recording.recording(Person(world.olga), Action.SECRET_REVEAL, subject) as event:
        pass
    return event.id


def write(count: int) -> None:
    """Entries of a chain without their acts, quickly."""
    for number in range(count):
        append(
            AuditEntry(
                event=uuid.uuid4(),
                state="succeeded",
                actor_label="Olga",
                action="secret.read",
                name=f"secret-{number}",
            )
        )


def test_an_act_leaves_its_start_and_its_outcome(world: World) -> None:
    event = act(world)
    started, ended = AuditEntry.objects.filter(event=event).order_by("id")
    assert (started.state, ended.state, ended.seq) == ("started", "succeeded", started.seq + 1)
    assert ended.previous_hash == started.hash
    assert verification.verify(world.team.pk) == verification.Verification(2, None)


def test_an_act_cut_off_in_the_middle_is_news(world: World) -> None:
    begun = recording.recording(Person(world.olga), Action.SECRET_REVEAL, Subject(world.team))
    begun.__enter__()
    [entry] = queries.events(entries_of(world.team))
    assert entry.state == "started"


def test_an_entry_outlives_what_it_speaks_of(world: World) -> None:
    event = act(world)
    name = str(world.olga)
    User.objects.all().delete()
    world.vault.delete()
    entry = AuditEntry.objects.filter(event=event).latest("id")
    assert (entry.actor_label, entry.vault_name) == (name, "kv-shop-prod")
    assert verification.verify().broken is None


def test_entries_refuse_deletion(world: World) -> None:
    act(world)
    with pytest.raises(TypeError):
        AuditEntry.objects.latest("id").delete()


def test_detail_has_a_fixed_list_of_members(world: World) -> None:
    with (
        pytest.raises(ValueError, match="no room for"),
        recording.recording(Person(world.olga), Action.SECRET_READ, Subject(world.team), value="hidden"),
    ):
        pytest.fail("the act must not happen")
    with (
        pytest.raises(ValueError, match="no room for"),
        recording.recording(Person(world.olga), Action.SECRET_READ, Subject(world.team)) as event,
    ):
        event.detail["answer"] = "hidden"
    assert "hidden" not in str(list(AuditEntry.objects.values()))


Forge = Callable[[int], None]


def change(field: str, value: object) -> Forge:
    return lambda seq: void(AuditEntry.objects.filter(seq=seq).update(**{field: value}))


def void(_: object) -> None:
    return None


def remove(seq: int) -> None:
    AuditEntry.objects.filter(seq=seq)._raw_delete("default")


def insert(seq: int) -> None:
    """Push everything behind up by one and put a made-up entry in between."""
    for entry in AuditEntry.objects.filter(seq__gte=seq).order_by("-id"):
        AuditEntry.objects.filter(seq=entry.seq).update(seq=entry.seq + 1, id=entry.pk + 1)
    made = AuditEntry.objects.get(seq=seq - 1)
    made.pk, made.seq, made.previous_hash, made.event = made.pk + 1, seq, made.hash, uuid.uuid4()
    made.save(force_insert=True)


def swap(seq: int) -> None:
    for old, new in ((seq, 0), (seq - 1, seq), (0, seq - 1)):
        AuditEntry.objects.filter(seq=old).update(seq=new)


def truncate(seq: int) -> None:
    AuditEntry.objects.filter(seq__gte=seq)._raw_delete("default")


def truncate_and_hide(seq: int) -> None:
    """Also set the chain's head back, but without the key its hash can't be made for other entries."""
    truncate(seq)
    AuditChain.objects.update(seq=seq - 1)


def truncate_and_set_back(seq: int) -> None:
    """Set the head back to an entry that was the newest once, hash and all."""
    truncate(seq)
    AuditChain.objects.update(seq=seq - 1, hash=AuditEntry.objects.get(seq=seq - 1).hash)


def behead(seq: int) -> None:
    """Cut off, and let the head be missing."""
    truncate(seq)
    AuditChain.objects.all().delete()


def renumber(seq: int) -> None:
    """Remove one and close the gap."""
    remove(seq)
    for entry in AuditEntry.objects.filter(seq__gt=seq).order_by("id"):
        AuditEntry.objects.filter(seq=entry.seq).update(seq=entry.seq - 1)


FORGERIES: dict[str, Forge] = {
    "another person": change("actor_label", "Rafi"),
    "another time": change("at", "2020-01-01T00:00:00Z"),
    "another act": change("action", "secret.list"),
    "another outcome": change("state", "denied"),
    "another item": change("name", "other"),
    "another vault": change("vault_name", "kv-other"),
    "another detail": change("detail", {"count": 7}),
    "another status": change("status", 200),
    "another kind": change("kind", "key"),
    "another spelling": change("folded_name", "other"),
    "another chain": change("chain", uuid.UUID(int=1)),
    "another schema": change("schema", 1),
    "an unknown schema": change("schema", 3),
    "no news": change("news", True),
    "a look": change("look", True),
    "another source": change("source", "portal"),
    "another ground": change("because", "role:owner"),
    "another job": change("parent", uuid.UUID(int=1)),
    "another approval": change("request", uuid.UUID(int=1)),
    "another connection": change("connection_id", uuid.UUID(int=1)),
    "another host": change("vault_host", "kv-other.vault.azure.net"),
    "another cloud": change("vault_cloud", "china"),
    "another place": lambda seq: void(AuditEntry.objects.filter(seq=seq).update(id=0)),
    "another hash": change("hash", "0" * 64),
    "another hash before": change("previous_hash", "0" * 64),
    "removed": remove,
    "inserted": insert,
    "swapped": swap,
    "cut off": truncate,
    "cut off, head set back": truncate_and_hide,
    "cut off, head set back whole": truncate_and_set_back,
    "cut off, head removed": behead,
    "removed, gap closed": renumber,
}


@pytest.mark.slow
def test_every_forgery_is_found(world: World) -> None:
    write(30)
    found, alarms = 0, 0
    dice = random.Random(7)  # noqa: S311 - a seed, so that a failure repeats
    for forge in FORGERIES.values():
        for _ in range(6):
            with transaction.atomic():
                forge(dice.randrange(2, 30))
                found += verification.verify().broken is not None
                transaction.set_rollback(True)
            alarms += verification.verify().broken is not None
    say(f"forgeries: {len(FORGERIES) * 6}, found: {found}, false alarms: {alarms}")
    assert (found, alarms) == (len(FORGERIES) * 6, 0)


def test_entries_behind_a_cut_do_not_heal_it(world: World) -> None:
    write(20)
    truncate_and_set_back(15)
    write(3)
    assert verification.verify().reason == "the newest entries were cut off at some time"


def test_another_key_is_found(world: World, settings: Settings) -> None:
    write(3)
    settings.AUDIT_KEY = "another-audit-key-of-thirty-two-characters"
    assert verification.verify().broken == 1


def test_the_command_and_the_page_say_where_it_broke(world: World, olga: Client) -> None:
    confirm(olga)  # two entries
    write(5)
    team = f"team {world.team.name}: broken at entry 1"
    said = io.StringIO()
    call_command("verify_audit", stdout=said)
    assert "whole: 7 entries" in said.getvalue()
    assert "The audit trail is whole" in text_of(olga.get(olga.post("/audit/verify/")["Location"]))
    AuditEntry.objects.filter(seq__in=[1, 3]).exclude(action=Action.ACCOUNT_CONFIRM).update(name="other")
    with pytest.raises(CommandError, match="installation: broken at entry 3") as told:
        call_command("verify_audit")
    assert team in str(told.value)
    assert "was tampered with: entry 1 was changed" in text_of(olga.get(olga.post("/audit/verify/")["Location"]))


@pytest.mark.slow
def test_threads_make_one_chain_without_a_gap(file_world: World) -> None:
    started = time.monotonic()
    errors = [each for each in in_threads(*(lambda: write(100) for _ in range(6))) if each is not None]
    seconds = time.monotonic() - started
    result = verification.verify()
    say(f"entries from 6 threads: {result.count} in {seconds:.1f} s, gaps or forks: {int(result.broken is not None)}")
    assert errors == []
    assert result == verification.Verification(600, None)


@pytest.mark.slow
def test_a_whole_chain_is_read_fast(world: World) -> None:
    write(500)
    started = time.monotonic()
    assert verification.verify().count == 500
    pace = 500 / (time.monotonic() - started)
    say(f"verified: {pace:,.0f} entries a second")
    assert pace > 500
