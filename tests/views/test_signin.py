"""Signing in: throttled guesses, session limits, where `next` may lead, and what a stranger learns."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from kvportal.sessions import row_of
from tests.browsing import text_of
from tests.conftest import PASSWORD, World, say, signed_in
from vaults.forms.password import NEW_PASSWORD_HELP
from vaults.models import Invitation, Membership
from vaults.permissions import Role

pytestmark = pytest.mark.slow

LOGIN, CHANGE = "/account/login/", "/account/password/change/"
NEW = {"password1": "another long one", "password2": "another long one"}


def guess(client: Client, email: str, password: str, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, **more)


def was_tried(answer: Any) -> bool:
    """Was the password looked at, or the guess turned away before that?"""
    return answer.status_code == 200 and "Too many wrong passwords" not in text_of(answer)


def test_password_and_page(world: World) -> None:
    client = Client()
    assert "Sign in" in text_of(client.get(LOGIN))
    assert guess(client, "OWNER@example.com", PASSWORD)["Location"] == "/"
    assert client.get("/").status_code == 200
    client.post("/account/logout/")
    assert client.get("/").status_code == 302


def test_a_look_at_the_sign_out_page_signs_nobody_out(olga: Client) -> None:
    olga.get("/account/logout/")
    assert olga.get("/").status_code == 200


def test_nobody_signs_himself_up(world: World) -> None:
    form = {"email": "me@example.com", "password1": "a sentence is good", "password2": "a sentence is good"}
    answer = Client().post("/account/signup/", form)
    assert answer.status_code in (200, 403, 404)
    assert not world.team.memberships.filter(user__email="me@example.com").exists()


def test_guesses_are_throttled_and_the_wait_ends(world: World) -> None:
    client = Client()
    tried = sum(was_tried(guess(client, world.olga.email, f"guess {n}")) for n in range(40))
    say(f"guesses at one account: 40, tried: {tried}")
    assert tried <= 5
    assert guess(client, world.olga.email, PASSWORD).status_code != 302  # not even the right one, for now
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        assert guess(client, world.olga.email, PASSWORD).status_code == 302


@pytest.mark.slow
def test_too_many_wrong_passwords_say_how_long_to_wait(world: World) -> None:
    """The limit that was hit decides: one account from one address, one address, one account from everywhere."""
    with time_machine.travel(datetime(2026, 11, 26, 9, tzinfo=UTC), tick=False) as clock:
        for _ in range(5):
            guess(Client(), world.olga.email, "wrong")
        assert "Wait 5 minutes, then try again." in text_of(guess(Client(), world.olga.email, "wrong"))
        clock.shift(timedelta(minutes=4, seconds=10))
        page = text_of(guess(Client(), world.olga.email, "wrong"))
        assert "Too many wrong passwords. Wait 1 minute, then try again." in page
        clock.shift(timedelta(seconds=50))
        assert was_tried(guess(Client(), world.olga.email, "wrong"))
        for number in range(10):
            guess(Client(), f"somebody-{number}@example.com", "wrong", REMOTE_ADDR="198.51.100.9")
        page = text_of(guess(Client(), "another@example.com", "wrong", REMOTE_ADDR="198.51.100.9"))
        assert "Wait 1 minute, then try again." in page
        for number in range(100):
            guess(Client(), world.rafi.email, "wrong", REMOTE_ADDR=f"203.0.113.{number}")
        clock.shift(timedelta(minutes=20))
        page = text_of(guess(Client(), world.rafi.email, "wrong", REMOTE_ADDR="203.0.113.200"))
        assert "Wait 40 minutes, then try again." in page


def test_a_wrong_password_is_called_one(world: World) -> None:
    page = text_of(guess(Client(), world.olga.email, "wrong"))
    assert "You are not signed in The e-mail address or the password is not right." in page
    assert "Not done yet" not in page
    changed = signed_in(world.olga).post(CHANGE, {"oldpassword": "wrong", **NEW})
    assert "Current password : This is not your current password." in text_of(changed)
    confirmed = signed_in(world.olga).post("/account/reauthenticate/", {"password": "wrong"})
    assert "This is not your password." in text_of(confirmed)


def test_fields_are_labelled_as_elsewhere_and_have_no_placeholders(world: World, olga: Client) -> None:
    for client, address, labels in (
        (Client(), LOGIN, ("E-mail", "Password")),
        (olga, CHANGE, ("Current password", "New password", "New password once more", NEW_PASSWORD_HELP)),
        (olga, "/account/reauthenticate/", ("Password",)),
    ):
        page = client.get(address)
        assert "placeholder" not in main_of(page)
        assert all(label in text_of(page) for label in labels)
        assert "login" not in text_of(page).lower()
    assert "<li>" not in main_of(olga.get(CHANGE)).partition("<form")[2].partition("</form")[0]
    _, token = Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)
    assert NEW_PASSWORD_HELP in text_of(Client().get(f"/join/{token}/"))


def main_of(page: Any) -> str:
    return str(page.content.decode().partition("<main")[2].partition("</main")[0])


def test_a_forged_address_buys_no_guesses(world: World) -> None:
    tried = 0
    for number in range(30):
        forged = {
            "X-Forwarded-For": f"10.0.0.{number}",
            "X-Real-IP": f"10.0.1.{number}",
            "Forwarded": f"for=10.2.0.{number}",
        }
        tried += was_tried(guess(Client(), world.olga.email, f"guess {number}", headers=forged))
    assert tried <= 5


def test_an_unknown_person_and_a_wrong_password_look_the_same(world: World) -> None:
    wrong = guess(Client(), world.olga.email, "wrong")
    unknown = guess(Client(), "nobody@example.com", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert bare(wrong, world.olga.email) == bare(unknown, "nobody@example.com")
    assert b'value="wrong"' not in wrong.content


def bare(answer: Any, email: str) -> str:
    return re.sub(r'value="[0-9a-zA-Z]{64}"', "", answer.content.decode().replace(email, ""))


NEXT = [
    "https://evil.test/",
    "//evil.test/",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://testserver@evil.test/",
    " https://evil.test/",
    "/%0d%0aLocation:%20https://evil.test/",
    "\r\nLocation: https://evil.test/",
]


@pytest.mark.sweep
@pytest.mark.parametrize("target", NEXT)
def test_next_never_leads_to_another_host(target: str, world: World) -> None:
    client = Client()
    sign_in = client.post(LOGIN, {"login": world.olga.email, "password": PASSWORD, "next": target})
    again = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": target})
    for answer in (sign_in, again, client.post("/account/logout/", {"next": target})):
        place = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", place), place
        assert "\n" not in place


def test_next_leads_back_to_the_page(world: World) -> None:
    client = Client()
    asked = client.get("/vaults/kv-shop-prod/secrets/?page=x")
    assert asked["Location"] == "/account/login/?next=/vaults/kv-shop-prod/secrets/%3Fpage%3Dx"
    form = {"login": world.olga.email, "password": PASSWORD, "next": "/vaults/kv-shop-prod/secrets/?page=x"}
    assert client.post(LOGIN, form)["Location"] == "/vaults/kv-shop-prod/secrets/?page=x"


def test_a_session_ends_after_half_an_hour_without_a_request(world: World) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        client = signed_in(world.olga)
        client.get("/")
        for _ in range(4):
            clock.shift(timedelta(minutes=29))
            assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=31))
        assert client.get("/").status_code == 302
        assert client.get("/").status_code == 302


@pytest.mark.slow
def test_a_session_ends_after_twelve_hours_however_busy(world: World) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        client = signed_in(world.olga)
        alive = 0
        while client.get("/").status_code == 200:
            alive += 1
            clock.shift(timedelta(minutes=20))
            assert alive < 50
        assert timedelta(minutes=20) * alive <= timedelta(hours=12, minutes=20)
        assert alive >= 35


def test_a_session_is_new_after_sign_in_and_gone_after_sign_out(world: World) -> None:
    client = Client()
    guess(client, world.olga.email, PASSWORD)
    key = client.session.session_key
    client.post("/account/logout/")
    assert not Session.objects.filter(session_key=row_of(key or "")).exists()
    stolen = Client()
    stolen.cookies["__Host-kvportal"] = key or ""
    assert stolen.get("/").status_code == 302


def test_rights_are_read_with_every_request(world: World) -> None:
    client = signed_in(world.members[Role.WRITER])
    assert client.get("/vaults/kv-shop-prod/new/secret/").status_code == 200
    Membership.objects.filter(user=world.members[Role.WRITER]).update(role=Role.VIEWER)
    assert client.get("/vaults/kv-shop-prod/new/secret/").status_code == 403
    Membership.objects.filter(user=world.members[Role.WRITER]).delete()
    assert client.get("/vaults/kv-shop-prod/secrets/").status_code == 403


def test_a_disabled_person_is_out_at_once(world: World) -> None:
    client = signed_in(world.rafi)
    type(world.rafi).objects.filter(pk=world.rafi.pk).update(is_active=False)
    assert client.get("/").status_code == 302
    assert guess(Client(), world.rafi.email, PASSWORD).status_code in (200, 302)
    assert client.get("/").status_code == 302
