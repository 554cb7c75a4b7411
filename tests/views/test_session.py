"""Before a form is sent it asks whether somebody is still signed in, so that nothing typed is lost to a sign-in page.

A session that has ended is in the record, and the sign-in page says that it has, and that nothing was done.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from tests.audit.unwritable import START, refusing
from tests.browsing import text_of
from tests.conftest import World, last_entry, signed_in
from vaults.models import AuditEntry
from vaults.permissions import Action

ENDED, NOT_DONE = "Your session has ended", "What you sent was not done"
V = "/vaults/kv-shop-prod"


def test_whoever_is_signed_in_gets_a_form_token_that_is_good_now(world: World) -> None:
    client = signed_in(world.olga, enforce_csrf_checks=True)
    token = client.get("/session/").json()["token"]
    fields = {"csrfmiddlewaretoken": token, "name": "bad name", "value": "v"}
    assert client.post("/vaults/kv-shop-prod/new/secret/", fields).status_code == 422
    assert (
        client.post("/vaults/kv-shop-prod/new/secret/", fields | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    )


def test_nobody_is_told_so(db: None) -> None:
    answer = Client().get("/session/")
    assert (answer.status_code, answer.json()) == (401, {})
    assert answer["Cache-Control"] == "no-store"


@pytest.fixture
def idle(world: World) -> Iterator[Client]:
    """A browser that nobody has touched for half an hour."""
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        client = signed_in(world.olga)
        client.get("/")
        clock.shift(timedelta(minutes=31))
        yield client


def test_a_session_that_idled_away_is_in_the_record_once(idle: Client, world: World) -> None:
    idle.get("/")
    idle.get("/")
    [entry] = AuditEntry.objects.filter(action=Action.ACCOUNT_SESSION_END, state="succeeded")
    assert (entry.name, entry.team_id, entry.actor_id) == (world.olga.email, None, None)
    assert (entry.source, entry.detail) == ("portal", {"cause": "idle"})
    assert not AuditEntry.objects.filter(action=Action.ACCOUNT_SIGN_OUT).exists()
    page = text_of(signed_in(world.olga).get(f"/audit/{entry.event}/"))
    assert "End a session" in page
    assert "half an hour without a request" in page


def test_signing_out_is_no_end_of_that_kind(world: World) -> None:
    signed_in(world.olga).post("/account/logout/")
    assert not AuditEntry.objects.filter(action=Action.ACCOUNT_SESSION_END).exists()
    assert last_entry(Action.ACCOUNT_SIGN_OUT).state == "succeeded"


def test_a_record_that_is_down_keeps_no_idle_session(idle: Client) -> None:
    with refusing(START):
        assert idle.get("/").status_code == 302
    assert idle.get("/").status_code == 302


def test_the_sign_in_page_says_that_the_session_has_ended(idle: Client) -> None:
    led = idle.get(f"{V}/secrets/")
    assert led["Location"] == f"/account/login/?next={V}/secrets/&notice=ended"
    assert ENDED in text_of(idle.get(led["Location"]))
    assert ENDED not in text_of(idle.get("/account/login/"))


def test_it_says_of_what_was_sent_that_it_was_not_done(idle: Client) -> None:
    led = idle.post(f"{V}/new/secret/", {"name": "new", "value": "v"})
    assert led["Location"] == f"/account/login/?next={V}/new/secret/&notice=not-done"
    page = text_of(idle.get(led["Location"]))
    assert NOT_DONE in page
    assert ENDED not in page


def test_a_swapped_part_leads_there_with_the_same_words(idle: Client) -> None:
    swap = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{V}/secrets/kept/"}
    answer = idle.post(f"{V}/secrets/kept/reveal/", {"version": ""}, headers=swap)
    assert answer["HX-Redirect"] == "/account/login/?next=%2Fvaults%2Fkv-shop-prod%2Fsecrets%2Fkept%2F&notice=not-done"


def test_a_stranger_had_no_session_that_could_end(world: World) -> None:
    client = Client()
    assert "notice" not in client.get("/")["Location"]
    signed_out = signed_in(world.olga)
    signed_out.post("/account/logout/")
    assert "notice" not in signed_out.get("/")["Location"]


def test_a_session_that_ended_by_its_age_or_elsewhere_says_so_too(world: World) -> None:
    client = signed_in(world.olga)
    client.session.flush()
    assert "notice=ended" in client.get("/")["Location"]
