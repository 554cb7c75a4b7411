"""A new password from the server, for who has forgotten theirs."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.audit.unwritable import START, refusing
from tests.browsing import text_of
from tests.conftest import PASSWORD, World, last_entry, signed_in
from tests.signing_in import HOME, gets_in, guesses
from vaults.actions import teams
from vaults.actors import Person
from vaults.management.commands import set_password
from vaults.models import AuditEntry, Invitation, User
from vaults.permissions import Action, Role

pytestmark = pytest.mark.slow

NEW = "another long one"


class Typing(set_password.Command):
    """Somebody at the terminal."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)

    def typed(self, _prompt: str) -> str:
        return self.answers.pop(0)


@pytest.mark.slow
def test_a_new_password_is_set_and_recorded_as_the_commands(world: World) -> None:
    browser = signed_in(world.olga)
    call_command(Typing(NEW, NEW), "OWNER@example.com")
    assert browser.get("/").status_code == 302
    assert not gets_in(Client(), world.olga.email, HOME)
    assert gets_in(Client(), world.olga.email, HOME, NEW)
    entry = last_entry(Action.ACCOUNT_PASSWORD)
    assert (entry.state, entry.name, entry.actor_id, entry.source) == ("succeeded", world.olga.email, None, "command")
    assert NEW not in str(list(AuditEntry.objects.values()))


def test_the_invitations_that_end_with_the_old_one_are_withdrawn_by_the_command(world: World) -> None:
    teams.invite_member(Person(world.olga), world.team, "new@example.com", Role.OWNER)
    call_command(Typing(NEW, NEW), world.olga.email)
    entry = last_entry(Action.INVITATION_WITHDRAW)
    assert (entry.actor_id, entry.source, entry.name) == (None, "command", "new@example.com")
    assert not Invitation.objects.good().exists()


def test_it_ends_known_browsers(world: World) -> None:
    browser = Client()
    assert gets_in(browser, world.olga.email, HOME)
    call_command(Typing(NEW, NEW), world.olga.email)
    guesses(world.olga.email, 9, HOME)
    assert not gets_in(browser, world.olga.email, HOME, NEW)


@pytest.mark.parametrize(
    ("email", "answers", "words"),
    [
        ("nobody@example.com", [], "no account"),
        ("owner@example.com", [NEW, "not the same"], "not the same"),
        ("owner@example.com", ["short", "short"], "too short"),
        ("owner@example.com", ["owner@example.com", "owner@example.com"], "too similar"),
    ],
)
def test_nothing_is_changed_where_it_is_refused(email: str, answers: list[str], words: str, world: World) -> None:
    with pytest.raises(CommandError, match=words):
        call_command(Typing(*answers), email)
    assert User.objects.get(pk=world.olga.pk).check_password(PASSWORD)
    assert not AuditEntry.objects.exists()


def test_no_password_is_set_unrecorded(world: World) -> None:
    with refusing(START), pytest.raises(CommandError, match="can't be written"):
        call_command(Typing(NEW, NEW), world.olga.email)
    assert User.objects.get(pk=world.olga.pk).check_password(PASSWORD)


def test_the_sign_in_page_says_whom_to_ask(db: None) -> None:
    assert "Forgotten your password? Ask the operator of this portal to set a new one." in text_of(
        Client().get("/account/login/")
    )
