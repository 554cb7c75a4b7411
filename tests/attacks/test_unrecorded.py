"""Acts that left no record: sign-ins, wrong passwords, confirmations, changed passwords. And a record that anybody could fill."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

from tests.audit.test_unwritable_trail import TITLE
from tests.audit.unwritable import OUTCOME, START, refusing
from tests.browsing import text_of
from tests.conftest import PASSWORD, World, say, signed_in
from tests.signing_in import CHANGE, HOME, LOGIN, confirm, gets_in, sign_in
from vaults.access import visible_to
from vaults.actors import Person
from vaults.audit import queries, verification
from vaults.models import AuditEntry, Invitation, User
from vaults.permissions import Role

pytestmark = pytest.mark.sweep

NEW = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal's own log handler writes."""
    kind = structlog.stdlib.ProcessorFormatter
    [handler] = [each for each in logging.getLogger().handlers if isinstance(each.formatter, kind)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def requests(log: io.StringIO) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "request"]


def trail(world: World) -> list[tuple[str, str, str, str]]:
    """What the team's record says of accounts, oldest first: act, outcome, who, whose account."""
    found = (
        queries.events(visible_to(Person(world.olga), world.team).entries)
        .filter(action__startswith="account.")
        .order_by("id")
    )
    return [(entry.action, entry.state, entry.actor_label, entry.name) for entry in found]


def test_a_day_of_somebody(world: World) -> None:
    browser, olga = Client(), world.olga
    assert gets_in(browser, olga.email, HOME)
    confirm(browser)
    assert browser.post(CHANGE, NEW).status_code == 302
    browser.post("/account/logout/")
    acts = ["account.sign_in", "account.confirm", "account.password", "account.sign_out"]
    assert [entry[:2] for entry in trail(world)] == [(act, "succeeded") for act in acts]
    assert {entry[3] for entry in trail(world)} == {olga.email}
    assert {entry.actor_id for entry in AuditEntry.objects.all()} == {olga.pk}
    assert all(each.broken is None for each in verification.verify_all().values())


def test_where_a_sign_in_came_from(world: World, log: io.StringIO) -> None:
    """The record tells a new browser from a known one; the address stands in the log."""
    browser = Client()
    for _ in range(2):
        assert gets_in(browser, world.olga.email, HOME)
        browser.post("/account/logout/", REMOTE_ADDR=HOME)
    found = AuditEntry.objects.filter(action="account.sign_in", state="succeeded").order_by("id")
    assert [entry.detail["browser"] for entry in found] == ["new", "known"]
    assert {line["address"] for line in requests(log)} == {HOME}
    assert HOME not in str(list(AuditEntry.objects.values()))


def test_wrong_passwords_are_in_the_record(world: World) -> None:
    sign_in(Client(), world.olga.email, "guess")
    browser = signed_in(world.rafi)
    browser.post("/account/reauthenticate/", {"password": "guess"})
    stranger, rafi = "not signed in", str(User.objects.get(pk=world.rafi.pk))
    assert trail(world) == [
        ("account.sign_in", "denied", stranger, world.olga.email),
        ("account.confirm", "denied", rafi, world.rafi.email),
    ]
    shown = text_of(signed_in(world.olga).get("/audit/"))
    assert "Sign in" in shown
    assert "somebody not signed in" in shown
    assert world.olga.email in shown


def test_a_wrong_current_password_is_in_the_record(world: World) -> None:
    signed_in(world.olga).post(CHANGE, {**NEW, "oldpassword": "guess"})
    assert [entry[:2] for entry in trail(world)] == [("account.password", "denied")]


@pytest.mark.parametrize("refused", [{"password1": "short", "password2": "short"}, {"password2": "not the same"}, {}])
def test_a_right_password_with_a_refused_new_one_is_in_the_record(refused: dict[str, str], world: World) -> None:
    """Whoever holds a session would learn by it, unseen, whether a password is right."""
    browser = signed_in(world.olga)
    sent = {**NEW, **refused} if refused else {"oldpassword": PASSWORD}
    assert browser.post(CHANGE, sent).status_code == 200
    assert [entry[:2] for entry in trail(world)] == [("account.confirm", "succeeded")]
    with refusing(START):
        assert browser.post(CHANGE, sent).status_code == 503


def test_nobody_fills_the_record(world: World) -> None:
    """A row of guesses leaves its first and its last; the rest is a number."""
    for number in range(40):
        sign_in(Client(), world.olga.email, f"guess {number}")
    found = (
        queries.events(visible_to(Person(world.olga), world.team).entries)
        .filter(action="account.sign_in")
        .order_by("id")
    )
    assert [entry.detail["count"] for entry in found] == [1, 5]
    for number in range(130):
        sign_in(Client(), world.olga.email, "guess", f"203.0.{number // 250}.{number % 250}")
    entries = len(trail(world))
    say(f"guesses at one account within an hour: 170, acts in the record: {entries}")
    assert entries <= 4


def test_nobody_fills_the_record_with_the_names_of_others(world: World) -> None:
    for number in range(30):
        sign_in(Client(), f"person-{number}@example.com", "guess", f"203.0.113.{number}")
    assert AuditEntry.objects.count() == 0


def test_a_row_of_guesses_an_hour_later_is_news(world: World) -> None:
    sign_in(Client(), world.olga.email, "guess")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        sign_in(Client(), world.olga.email, "guess")
    assert len(trail(world)) == 2


def test_somebody_in_two_teams_is_recorded_once_and_seen_by_the_owners_of_both(world: World) -> None:
    others = world.otto.memberships.get().team
    world.olga.memberships.create(team=others, role="viewer")
    assert gets_in(Client(), world.olga.email, HOME)
    for owner, team in ((world.olga, world.team), (world.otto, others)):
        found = queries.events(visible_to(Person(owner), team).entries)
        assert [entry.action for entry in found] == ["account.sign_in"]
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize("when", [START, OUTCOME])
def test_nobody_signs_in_unrecorded(when: str, world: World) -> None:
    browser = Client()
    with refusing(when):
        answer = sign_in(browser, world.olga.email, PASSWORD)
    assert answer.status_code == 503
    assert TITLE in text_of(answer)
    assert browser.get("/").status_code == 302


def test_nobody_confirms_unrecorded(world: World) -> None:
    browser = signed_in(world.olga)
    with refusing(START):
        assert browser.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 503
        assert browser.post(CHANGE, NEW).status_code == 503
    assert User.objects.get(pk=world.olga.pk).check_password(PASSWORD)


def test_a_record_that_is_down_keeps_nobody_in_and_tells_no_stranger(world: World) -> None:
    browser = signed_in(world.olga)
    with refusing(START):
        browser.post("/account/logout/")
        known, unknown = (sign_in(Client(), email, "guess") for email in (world.olga.email, "nobody@example.com"))
    assert browser.get("/").status_code == 302
    assert known.status_code == unknown.status_code == 200


@pytest.mark.django_db(transaction=True)  # a response that ends closes its connection
def test_the_answer_does_not_wait_for_the_record(world: World) -> None:
    """Else it would take longer where there is such an account."""
    request = RequestFactory().post(LOGIN, {"login": world.olga.email, "password": "guess"})
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    answer = WSGIHandler().get_response(request)
    before = AuditEntry.objects.count()
    answer.close()
    assert (answer.status_code, before, len(trail(world))) == (200, 0, 1)


def test_an_invitation_that_is_spent_or_made_up_is_in_the_log_without_its_token(world: World, log: io.StringIO) -> None:
    invitation, token = Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)
    Invitation.objects.filter(pk=invitation.pk).end()
    for tried in (token, "made-up-token"):
        assert Client().get(f"/join/{tried}/").status_code == 404
        assert Client().post(f"/join/{tried}/", {"password": "a sentence is good"}).status_code == 404
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if "invitation" in line]
    assert [line["invitation"] for line in lines] == [str(invitation.pk)] * 2 + [None] * 2
    assert {line["address"] for line in lines} == {"127.0.0.1"}
    assert token not in log.getvalue()
    assert "made-up-token" not in log.getvalue()
