"""Inviting somebody, and the page behind the link: for new people, for those who have an account, for whoever is signed in."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.browsing import fill_in, forms_of, main_form, text_of
from tests.conftest import PASSWORD, World, confirmed, in_threads, last_entry, signed_in
from vaults.actions import teams
from vaults.actors import Person
from vaults.guesses import SOURCE
from vaults.models import AuditEntry, Guess, Invitation, Membership, Team, User
from vaults.permissions import Action, Role

pytestmark = pytest.mark.slow

RAFI = "reader@example.com"


def link(world: World, email: str, role: Role = Role.MANAGER) -> str:
    return f"/join/{teams.invite_member(Person(world.olga), world.team, email, role)}/"


def invite(client: Client, email: str) -> Any:
    return client.post("/team/invite/", {**invite_form(client.get("/team/")), "email": email})


def invite_form(page: Any) -> dict[str, Any]:
    return dict(next(form.fields for form in forms_of(page) if form.action == "/team/invite/"))


def remove(world: World, user: User) -> None:
    teams.remove_member(Person(world.olga), Membership.objects.select_related("user", "team").get(user=user))


@pytest.fixture
def removed(world: World) -> World:
    """Rafi, who was in the team before, and has an account."""
    remove(world, world.rafi)
    return world


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def test_a_removed_member_comes_back_with_their_password(removed: World) -> None:
    address, browser = link(removed, RAFI), Client()
    page = browser.get(address)
    assert [name for name in main_form(page).fields if name not in ("csrfmiddlewaretoken", "form_key")] == ["password"]
    assert "as a manager with your account Rafi Haddad (reader@example.com)" in text_of(page)
    assert fill_in(browser, address, password=PASSWORD)["Location"] == "/"
    assert role_of(removed.rafi) == "manager"
    assert browser.get("/vaults/kv-shop-prod/").status_code == 200
    entry = last_entry(Action.MEMBER_JOIN)
    assert (entry.state, entry.name, entry.actor_id) == ("succeeded", RAFI, removed.rafi.pk)
    assert last_entry(Action.ACCOUNT_SIGN_IN).state == "succeeded"
    assert Client().get(address).status_code == 404
    assert User.objects.get(pk=removed.rafi.pk).name == "Rafi Haddad"


def test_the_password_just_typed_counts_as_a_confirmation(removed: World) -> None:
    browser = Client()
    fill_in(browser, link(removed, RAFI, Role.OWNER), password=PASSWORD)
    assert "confirm_password" not in browser.get("/team/").content.decode()


def test_another_password_is_a_guess_and_in_the_record(removed: World) -> None:
    address, browser = link(removed, RAFI), Client()
    answer = fill_in(browser, address, password="a sentence is good")
    assert answer.status_code == 422
    assert "This is not your password" in text_of(answer)
    assert "a sentence is good" not in answer.content.decode()
    assert Guess.objects.count() == 1
    assert role_of(removed.rafi) is None
    entry = last_entry(Action.MEMBER_JOIN)
    assert (entry.state, entry.name, entry.team_id, entry.actor_id) == ("denied", RAFI, removed.team.pk, None)
    for _ in range(SOURCE.amount):
        fill_in(browser, address, password="a sentence is good")
    locked = fill_in(browser, address, password=PASSWORD)
    assert locked.status_code == 422
    assert "Too many" in text_of(locked)
    assert role_of(removed.rafi) is None


def test_who_is_signed_in_with_that_account_just_joins(removed: World) -> None:
    address, browser = link(removed, RAFI), confirmed(signed_in(removed.rafi))
    page = browser.get(address)
    assert "password" not in main_form(page).fields
    assert fill_in(browser, address).status_code == 302
    assert role_of(removed.rafi) == "manager"


def test_somebody_of_another_team_joins_this_one_too(world: World) -> None:
    assert fill_in(Client(), link(world, "otto@example.com"), password=PASSWORD).status_code == 302
    assert set(Membership.objects.filter(user=world.otto).values_list("team__name", "role")) == {
        ("Others", "owner"),
        ("Shop", "manager"),
    }


def test_a_session_that_was_left_open_is_asked_who_is_there(removed: World) -> None:
    address, browser = link(removed, RAFI), signed_in(removed.rafi)
    assert "confirm_password" in browser.get(address).content.decode()
    for typed in ({}, {"confirm_password": "wrong"}):
        assert browser.post(address, typed).status_code == 422
    assert not removed.rafi.memberships.exists()
    assert browser.post(address, {"confirm_password": PASSWORD}).status_code == 302
    assert removed.rafi.memberships.exists()


def test_who_is_signed_in_as_somebody_else_is_told_so(olga: Client, removed: World) -> None:
    known, new = link(removed, RAFI), link(removed, "new@example.com")
    assert "You are signed in as Olga Brandt (owner@example.com). Joining makes another account" in text_of(
        olga.get(new)
    )
    page = olga.get(known)
    assert "Joining signs you in as reader@example.com instead" in text_of(page)
    assert main_form(page).fields["password"] == [""]
    assert olga.post(known).status_code == 422
    assert role_of(removed.rafi) is None
    fill_in(olga, known, password=PASSWORD)
    assert olga.get("/").context["user"] == removed.rafi
    assert "signed in as" not in text_of(Client().get(new))


def test_a_spent_link_leads_whoever_is_signed_in_to_the_overview(olga: Client) -> None:
    signed_out = Client().get("/join/spent/")
    assert 'href="/account/login/"' in signed_out.content.decode()
    page = olga.get("/join/spent/").content.decode()
    assert '<a href="/">Overview</a>' in page
    assert "Sign in" not in page


def test_an_account_that_is_switched_off_is_refused_plainly(removed: World) -> None:
    address = link(removed, RAFI)
    removed.rafi.is_active = False
    removed.rafi.save()
    for answer in (Client().get(address), Client().post(address, {"password": PASSWORD})):
        assert answer.status_code == 403
        assert "This account is switched off" in text_of(answer)
    assert role_of(removed.rafi) is None
    with pytest.raises(teams.AccountOff):
        teams.join_with_account(removed.rafi, address.split("/")[2])


def test_a_link_for_one_account_is_no_use_for_another(removed: World) -> None:
    token = link(removed, RAFI).split("/")[2]
    with pytest.raises(teams.InvitationSpent):
        teams.join_with_account(removed.otto, token)


def test_a_link_of_an_earlier_version_for_a_member_changes_no_role(world: World) -> None:
    _, token = Invitation.issue(world.team, Role.OWNER, RAFI, world.olga)
    answer = fill_in(Client(), f"/join/{token}/", password=PASSWORD)
    assert "in the team already" in text_of(answer)
    assert role_of(world.rafi) == "reader"


def test_the_first_owners_link_keeps_its_error(removed: World) -> None:
    Membership.objects.all().delete()
    _, token = Invitation.issue(removed.team, Role.OWNER)
    answer = fill_in(Client(), f"/join/{token}/", email=RAFI, password="a sentence is good")
    assert answer.status_code == 422
    assert "There is an account with this e-mail address already." in text_of(answer)


@pytest.mark.parametrize("email", [RAFI, "owner@example.com", " Reader@Example.com "])
def test_nobody_is_invited_who_is_in_the_team(email: str, olga: Client) -> None:
    answer = invite(olga, email)
    assert answer.status_code == 422
    assert "in the team already" in answer.context["form"].errors["email"][0]
    assert invite_form(answer)["email"] == [email]
    assert not Invitation.objects.exists()
    assert last_entry(Action.MEMBER_INVITE).code == "AlreadyMember"


def test_nobody_is_invited_twice(olga: Client, world: World) -> None:
    assert invite(olga, "new@example.com").status_code == 201
    again = invite(olga, "New@example.com")
    assert again.status_code == 422
    assert "withdraw it to make a new one" in again.context["form"].errors["email"][0]
    assert Invitation.objects.count() == 1
    olga.post(f"/team/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert invite(olga, "new@example.com").status_code == 201


def test_an_invitation_of_another_team_is_in_nobodys_way(olga: Client, world: World) -> None:
    teams.invite_member(Person(world.otto), Team.objects.get(name="Others"), "new@example.com", Role.VIEWER)
    assert invite(olga, "new@example.com").status_code == 201


def test_two_invitations_at_once_for_one_address_make_one(file_world: World) -> None:
    call = partial(teams.invite_member, Person(file_world.olga), file_world.team, "new@example.com", Role.VIEWER)
    found = in_threads(*[call] * 4)
    assert sum(isinstance(each, str) for each in found) == 1
    assert sum(isinstance(each, teams.AlreadyInvited) for each in found) == 3


@pytest.mark.parametrize("email", ["new@example.com", RAFI])
def test_no_other_invitation_for_the_address_stays_open(email: str, removed: World) -> None:
    """Earlier versions made several."""
    first, second = (f"/join/{Invitation.issue(removed.team, Role.OWNER, email, removed.olga)[1]}/" for _ in "ab")
    assert fill_in(Client(), first, password=PASSWORD).status_code == 302
    assert Client().get(second).status_code == 404


def test_who_is_removed_has_no_way_back_by_an_older_link(world: World) -> None:
    _, token = Invitation.issue(world.team, Role.OWNER, RAFI, world.olga)
    remove(world, world.rafi)
    assert Client().get(f"/join/{token}/").status_code == 404


def test_one_link_used_twice_at_once_makes_one_membership(file_world: World) -> None:
    remove(file_world, file_world.rafi)
    token = link(file_world, RAFI).split("/")[2]
    found = in_threads(*[partial(teams.join_with_account, User.objects.get(pk=file_world.rafi.pk), token)] * 4)
    assert found.count(None) == 1
    assert Membership.objects.filter(user=file_world.rafi).count() == 1
    assert AuditEntry.objects.filter(action=Action.MEMBER_JOIN, state="succeeded").count() == 1


@pytest.mark.parametrize(("role", "words"), [("owner", "is now an owner."), ("viewer", "is now a viewer.")])
def test_a_role_is_said_in_a_sentence(role: str, words: str, olga: Client, world: World) -> None:
    member = Membership.objects.get(user=world.rafi)
    done = olga.post(f"/team/members/{member.pk}/role/", {"role": role}, follow=True)
    assert f"Rafi Haddad (reader@example.com) {words}" in text_of(done)


def test_a_link_says_what_one_joins_as(world: World) -> None:
    for role, words in ((Role.OWNER, "as an owner"), (Role.READER, "as a reader")):
        assert words in text_of(Client().get(link(world, f"{role}@new.example", role)))


def test_the_new_ones_page_still_asks_for_name_and_password(world: World) -> None:
    [form] = forms_of(Client().get(link(world, "new@example.com")))
    assert {"name", "password"} <= form.fields.keys()


def test_a_session_of_whoever_was_signed_in_before_ends(olga: Client, removed: World) -> None:
    before = olga.session.session_key
    fill_in(confirmed(olga), link(removed, RAFI), password=PASSWORD)
    assert olga.session.session_key != before


def open_invitations(client: Client) -> str:
    return text_of(client.get("/team/")).partition("Open invitations")[2].partition("Invite somebody")[0]


def test_the_list_says_until_when_a_link_is_good_and_when_it_was_made(olga: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 26, 9, 41, tzinfo=UTC), tick=False) as clock:
        made = invite(confirmed(olga), "new@example.com")
        assert "It works once, for three days" in text_of(made)
        assert "29 Nov 2026, 09:41 UTC" in text_of(made)
        clock.shift(timedelta(minutes=20))
        row = open_invitations(olga)
    assert "29 Nov 2026, 09:41 UTC" in row
    assert "made 20 min ago" in row


def test_only_who_may_withdraw_is_advised_to(olga: Client, world: World) -> None:
    link(world, "new@example.com")
    assert "withdraw it and make a new one" in open_invitations(olga)
    for role in (Role.VIEWER, Role.MANAGER):
        page = text_of(signed_in(world.members[role]).get("/team/"))
        assert "new@example.com" in page
        assert "withdraw it" not in page


def test_the_sidebar_shows_the_team_on_all_answers_about_it(olga: Client, world: World) -> None:
    member = Membership.objects.get(user=world.rafi).pk
    mine = Membership.objects.get(user=world.olga).pk
    answers = [
        olga.get("/team/"),
        invite(olga, "new@example.com"),
        invite(olga, "new@example.com"),
        olga.post(f"/team/members/{mine}/remove/"),
        olga.post(f"/team/members/{member}/role/", {"role": "king"}),
        signed_in(world.olga).post(f"/team/members/{member}/role/", {"role": "viewer"}),
        olga.post(f"/team/invitations/{ended(world)}/withdraw/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 422, 409, 422, 422, 409]
    for answer in answers:
        assert 'title="Team" aria-current="page"' in answer.content.decode()


def ended(world: World) -> Any:
    invitation, _ = Invitation.issue(world.team, Role.VIEWER, "late@example.com", world.olga)
    Invitation.objects.filter(pk=invitation.pk).end()
    return invitation.pk
