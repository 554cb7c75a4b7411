"""Members: invited, joined by a one-time link, changed, removed; a team always keeps an owner."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from tests.actions.acts import entries
from tests.browsing import fill_in, main_form, text_of
from tests.conftest import World, in_threads, last_entry, say, signed_in
from tests.invitations import link
from vaults import setup
from vaults.actions import teams
from vaults.actors import Person
from vaults.models import AuditEntry, Invitation, Membership, User
from vaults.permissions import Action, Role, RoleMissing

pytestmark = pytest.mark.slow


def member(user: User) -> Membership:
    return Membership.objects.select_related("user", "team").get(user=user)


def test_an_invitation_makes_a_member(olga: Client, world: World) -> None:
    page = olga.get("/team/")
    form = {"email": "new@example.com", "role": "writer", "form_key": main_form(page).fields["form_key"][0]}
    shown = olga.post("/team/invite/", form)
    address = shown.context["invitation_link"].removeprefix("http://testserver")
    browser = Client()
    answer = fill_in(browser, address, name="Nele", password="a sentence is good")
    assert answer["Location"] == "/"
    assert browser.get("/vaults/kv-shop-prod/").status_code == 200
    assert member(User.objects.get(email="new@example.com")).role == "writer"
    assert last_entry(Action.MEMBER_JOIN).detail == {
        "role": "writer",
        "actor_email": "new@example.com",
        "actor_role": "writer",
    }


def test_a_link_works_once(world: World) -> None:
    address = link(world)
    assert fill_in(Client(), address, password="a sentence is good").status_code == 302
    assert Client().get(address).status_code == 404
    assert Client().post(address, {"password": "a sentence is good"}).status_code == 404
    assert User.objects.filter(email="new@example.com").count() == 1


def test_a_link_ends_after_three_days(world: World) -> None:
    address = link(world)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3, seconds=1)):
        assert Client().get(address).status_code == 404
    assert Client().get(address).status_code == 200


def test_only_a_digest_of_the_token_is_kept(world: World) -> None:
    token = link(world).split("/")[2]
    kept = str(Invitation.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert token not in kept


def test_a_new_link_for_the_first_owner_ends_the_one_before(db: None) -> None:
    first, second = (setup.first_owner_link().partition("/join/")[2] for _ in range(2))
    assert Client().get(f"/join/{first}").status_code == 404
    assert Client().get(f"/join/{second}").status_code == 200


@pytest.mark.parametrize("password", ["Zq8-xyz", "password123", "new@example.co"])
def test_a_weak_password_is_said(password: str, world: World) -> None:
    address = link(world)
    answer = fill_in(Client(), address, password=password)
    assert answer.status_code == 422
    assert f'value="{password}"' not in answer.content.decode()
    assert Client().get(address).status_code == 200


def test_extra_fields_change_nothing(world: World) -> None:
    form = {
        "password": "a sentence is good",
        "role": "owner",
        "email": "boss@example.com",
        "is_active": "1",
        "team": "x",
    }
    Client().post(link(world, role=Role.VIEWER), form)
    assert member(User.objects.get(email="new@example.com")).role == "viewer"
    assert not User.objects.filter(email="boss@example.com").exists()


def test_roles_and_record(world: World) -> None:
    manager, rafi = world.members[Role.MANAGER], member(world.rafi)
    for act in (
        lambda: teams.invite_member(Person(manager), world.team, "x@example.com", Role.OWNER),
        lambda: teams.update_member(Person(manager), rafi, Role.OWNER),
        lambda: teams.remove_member(Person(manager), rafi),
    ):
        with pytest.raises(RoleMissing):
            act()
        assert [entry.state for entry in entries()] == ["started", "denied"]
    assert member(world.rafi).role == "reader"


def test_nobody_lifts_himself(world: World) -> None:
    for role in set(Role) - {Role.OWNER}:
        user = world.members[role]
        answer = signed_in(user).post(f"/team/members/{member(user).pk}/role/", {"role": "owner"})
        assert answer.status_code == 403
        assert member(user).role == role


def test_the_last_owner_is_kept(olga: Client, world: World) -> None:
    mine = member(world.olga)
    olga.post(f"/team/members/{mine.pk}/role/", {"role": "viewer"})
    refused = olga.post(f"/team/members/{mine.pk}/remove/")
    assert member(world.olga).role == "owner"
    assert last_entry(Action.MEMBER_REMOVE).code == "LastOwner"
    assert "A team keeps at least one owner" in text_of(refused)


def test_two_owners_cannot_remove_each_other_at_once(file_world: World) -> None:
    other = User.objects.create_user("second@example.com", "a long password")
    left: list[int] = []
    for _ in range(10):
        Membership.objects.update_or_create(team=file_world.team, user=other, defaults={"role": "owner"})
        Membership.objects.update_or_create(team=file_world.team, user=file_world.olga, defaults={"role": "owner"})
        first, second = member(file_world.olga), member(other)
        in_threads(
            lambda s=second: teams.remove_member(Person(User.objects.get(pk=file_world.olga.pk)), s),  # type: ignore[misc]
            lambda f=first: teams.update_member(Person(User.objects.get(pk=other.pk)), f, Role.VIEWER),  # type: ignore[misc]
        )
        left.append(Membership.objects.filter(team=file_world.team, role="owner").count())
    say(f"races to remove the last owners: {len(left)}, teams left without one: {left.count(0)}")
    assert min(left) >= 1


def test_one_link_used_twice_at_once_makes_one_account(file_world: World) -> None:
    token = teams.invite_member(Person(file_world.olga), file_world.team, "", Role.VIEWER)
    found = in_threads(
        *(lambda n=n: teams.join_team(token, f"new{n}@example.com", "", "a sentence is good") for n in range(4))
    )
    assert sum(isinstance(each, User) for each in found) == 1
    assert User.objects.filter(email__startswith="new").count() == 1
