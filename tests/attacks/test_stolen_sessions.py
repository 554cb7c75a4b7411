"""Running sessions, for whoever reads the database or a backup of it, or writes it without our keys."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from kvportal.sessions import row_of
from tests.conftest import World, confirmed, session_contents, signed_in
from tests.databases import stored

pytestmark = pytest.mark.slow

COOKIE = settings.SESSION_COOKIE_NAME


def with_cookie(value: str) -> Client:
    browser = Client()
    browser.cookies[COOKIE] = value
    return browser


def test_no_cookie_can_be_read_from_the_database(file_world: World) -> None:
    browser = confirmed(signed_in(file_world.olga))
    cookie = browser.cookies[COOKIE].value
    assert with_cookie(cookie).get("/team/").status_code == 200
    for row in Session.objects.all():
        assert with_cookie(row.session_key).get("/team/").status_code == 302
        assert with_cookie(row_of(row.session_key)).get("/team/").status_code == 302
    written = b"".join(stored().values())
    assert row_of(cookie).encode() in written
    assert cookie.encode() not in written


@pytest.mark.parametrize("into", ["own", "another"])
def test_nobody_becomes_another_by_what_stands_in_the_other_row(into: str, world: World) -> None:
    """With a session of one's own, and with one whose cookie was made up."""
    owner, reader = confirmed(signed_in(world.olga)), signed_in(world.rafi)
    rows = {cookie: Session.objects.get(session_key=row_of(cookie)) for cookie in cookies(owner, reader)}
    theirs, own = rows.values()
    if into == "own":
        Session.objects.filter(pk=own.pk).update(session_data=theirs.session_data)
        thief = reader
    else:
        Session.objects.create(
            session_key=row_of("x" * 32), session_data=theirs.session_data, expire_date=own.expire_date
        )
        thief = with_cookie("x" * 32)
    assert thief.get("/team/").status_code == 302
    assert owner.get("/team/").status_code == 200


def cookies(*browsers: Client) -> list[str]:
    return [browser.cookies[COOKIE].value for browser in browsers]


def test_a_session_ends_in_the_database_when_somebody_signs_out(world: World) -> None:
    browser = signed_in(world.olga)
    assert [each["_auth_user_id"] for each in session_contents()] == [str(world.olga.pk)]
    browser.post("/account/logout/")
    assert not any("_auth_user_id" in each for each in session_contents())
