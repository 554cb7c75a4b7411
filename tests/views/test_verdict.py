"""What a verification found stays: in its entry, and on the audit page until the next one."""

from pathlib import Path

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, last_detail, last_entry, signed_in
from tests.signing_in import confirm
from vaults.actors import Person
from vaults.acts import act
from vaults.audit import verification
from vaults.audit.checkpoints import file_of
from vaults.models import AuditEntry, Team
from vaults.permissions import Action, Role

pytestmark = pytest.mark.slow

TAMPERED = "The audit trail was tampered with"


@pytest.fixture(autouse=True)
def recorded(olga: Client) -> None:
    """The two entries of Olga's confirmation."""
    confirm(olga)


def entry_team() -> Team:
    return Team.objects.get(name="Shop")


def broken_and_verified(olga: Client) -> None:
    """Somebody changes an entry in the database; Olga verifies, and reads the answer's message away."""
    AuditEntry.objects.filter(seq=1).update(name="other")
    olga.get(olga.post("/audit/verify/")["Location"])


def test_a_broken_trail_is_in_the_entry_of_its_verification(olga: Client) -> None:
    broken_and_verified(olga)
    entry = last_entry(Action.AUDIT_VERIFY)
    assert entry.state == "failed"
    assert (entry.detail["broken"], entry.detail["reason"]) == (1, verification.verify_team(entry_team()).reason)
    assert "entry 1 was changed" in text_of(olga.get(f"/audit/{entry.event}/"))


def test_the_page_goes_on_saying_that_the_trail_is_broken(olga: Client, world: World) -> None:
    broken_and_verified(olga)
    for client in (olga, signed_in(world.members[Role.VIEWER])):
        page = text_of(client.get("/audit/"))
        assert TAMPERED in page
        assert "entry 1 was changed" in page
        assert "started by owner@example.com owner" in page


def test_a_whole_trail_says_when_it_was_last_verified_by_whom_and_how_far(olga: Client) -> None:
    assert "not verified yet" in text_of(olga.get("/audit/")).lower()
    olga.get(olga.post("/audit/verify/")["Location"])
    assert last_detail(Action.AUDIT_VERIFY) == {"count": 3, "broken": None}
    page = olga.get("/audit/")
    assert "Whole, 3 entries" in text_of(page)
    assert TAMPERED not in text_of(page)
    assert verification.verify_team(entry_team()).broken is None


def test_a_verification_of_an_earlier_version_tells_no_verdict(olga: Client, world: World) -> None:
    """It succeeded whatever it found."""
    with act(Person(world.olga), Action.AUDIT_VERIFY, world.team, count=3):
        pass
    assert "not verified yet" in text_of(olga.get("/audit/")).lower()


def test_a_file_that_cannot_be_read_is_no_verdict(olga: Client, checkpoint_file: Path) -> None:
    checkpoint_file.unlink()
    checkpoint_file.mkdir()
    try:
        olga.get(olga.post("/audit/verify/")["Location"])
        entry = last_entry(Action.AUDIT_VERIFY)
        assert (entry.state, entry.detail["reason"]) == ("failed", "its checkpoint file can't be read")
        assert TAMPERED not in text_of(olga.get("/audit/"))
    finally:
        checkpoint_file.rmdir()


def test_a_removed_checkpoint_file_is_not_called_one_that_was_never_there(olga: Client) -> None:
    olga.post("/audit/verify/")  # the team's first entry, so its first checkpoint
    file_of(entry_team().pk).unlink()
    page = text_of(olga.get("/audit/"))
    assert "checkpoint file was removed" in page
    assert "Checkpoints do not fit" in page
    assert "No checkpoint yet" not in page


def test_refused_verifications_hide_no_verdict(olga: Client, world: World) -> None:
    broken_and_verified(olga)
    viewer = signed_in(world.members[Role.VIEWER])
    assert {viewer.post("/audit/verify/").status_code for _ in range(25)} == {403}
    assert TAMPERED in text_of(olga.get("/audit/"))


def test_a_verdict_that_was_changed_is_none(olga: Client) -> None:
    broken_and_verified(olga)
    entry = last_entry(Action.AUDIT_VERIFY)
    AuditEntry.objects.filter(pk=entry.pk).update(
        state="succeeded", detail={**entry.detail, "broken": None, "count": 900}
    )
    page = text_of(olga.get("/audit/"))
    assert TAMPERED in page
    assert "The entry of the last verification was changed" in page
    assert "the entry of the verification was changed" in page
    assert "Whole" not in page
