"""The first owner's link: it ends as soon as there is an owner, by whatever way."""

from collections.abc import Callable
from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in
from tests.conftest import in_threads, say
from vaults import setup
from vaults.actions import teams
from vaults.models import AuditEntry, Invitation, Membership, Team, User
from vaults.permissions import Role

pytestmark = pytest.mark.slow

SENTENCE = "a sentence is good"


def printed_link() -> str:
    return "/join/" + setup.first_owner_link().partition("/join/")[2]


def two_links() -> list[str]:
    """Two that are open at once, as two commands at the same time leave them."""
    return [Invitation.issue(setup.first_team(), Role.OWNER)[1] for _ in range(2)]


def owner_by_variables(settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.com", SENTENCE
    setup.create_owner(settings.OWNER_EMAIL, settings.OWNER_PASSWORD)


def owner_by_another_link(_: Settings) -> None:
    fill_in(
        Client(),
        f"/join/{Invitation.issue(setup.first_team(), Role.OWNER)[1]}/",
        email="o@example.com",
        password=SENTENCE,
    )


def owner_in_the_database(_: Settings) -> None:
    user = User.objects.create_user("olga@example.com", SENTENCE)
    Membership.objects.create(team=setup.first_team(), user=user, role=Role.OWNER)


def owner_of_another_team(_: Settings) -> None:
    user = User.objects.create_user("olga@example.com", SENTENCE)
    Membership.objects.create(team=Team.objects.create(name="Others"), user=user, role=Role.OWNER)


WAYS = [owner_by_variables, owner_by_another_link, owner_in_the_database, owner_of_another_team]


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_as_soon_as_there_is_an_owner(way: Callable[[Settings], None], db: None, settings: Settings) -> None:
    link = printed_link()
    assert Client().get(link).status_code == 200
    way(settings)
    people = User.objects.count()
    assert Client().get(link).status_code == 404
    answer = Client().post(link, {"email": "thief@example.com", "password": SENTENCE})
    assert answer.status_code == 404
    assert User.objects.count() == people


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("gone", [Membership, User])
def test_it_stays_ended_when_that_owner_is_gone(
    gone: type[Membership] | type[User], way: Callable[[Settings], None], db: None, settings: Settings
) -> None:
    link = printed_link()
    way(settings)
    gone.objects.all().delete()
    assert Client().get(link).status_code == 404
    assert Client().post(link, {"email": "thief@example.com", "password": SENTENCE}).status_code == 404
    assert Client().get(printed_link()).status_code == 200


def test_a_link_from_before_the_owner_ends_with_the_owner(db: None) -> None:
    """Also where the database's owner wrote the row past the models."""
    link = printed_link()
    user = User.objects.create_user("olga@example.com", SENTENCE)
    member = Membership(team=setup.first_team(), user=user, role=Role.OWNER)
    Membership.objects.bulk_create([member])
    assert Client().get(link).status_code == 404
    Membership.objects.all().delete()
    assert Client().get(link).status_code == 404


def test_a_member_who_is_no_owner_ends_nothing(db: None) -> None:
    link = printed_link()
    user = User.objects.create_user("rafi@example.com", SENTENCE)
    Membership.objects.create(team=setup.first_team(), user=user, role=Role.MANAGER)
    assert Client().get(link).status_code == 200


def test_it_stays_ended_when_the_owner_is_gone(db: None) -> None:
    link = printed_link()
    setup.create_owner("olga@example.com", SENTENCE)
    Membership.objects.all().delete()
    assert Client().get(link).status_code == 404
    assert Client().get(printed_link()).status_code == 200


def test_two_holders_of_two_links_at_once_make_one_owner(shared_database: None) -> None:
    owners = []
    for run in range(20):
        User.objects.all().delete()
        first, second = two_links()
        in_threads(
            partial(teams.join_team, first, f"a{run}@example.com", "", SENTENCE),
            partial(teams.join_team, second, f"b{run}@example.com", "", SENTENCE),
        )
        owners.append(Membership.objects.filter(role=Role.OWNER).count())
    say(f"two first owners' links used at once: {len(owners)}, more than one owner: {sum(n > 1 for n in owners)}")
    assert owners == [1] * 20


def test_two_starts_at_once_make_one_owner(shared_database: None) -> None:
    found = in_threads(*[partial(setup.create_owner, f"{name}@example.com", SENTENCE) for name in "ab"])
    assert [each for each in found if isinstance(each, Exception)] == []
    assert Membership.objects.filter(role=Role.OWNER).count() == User.objects.count() == 1


def test_a_link_that_was_made_by_a_command_says_so(db: None) -> None:
    call_command("first_owner", stdout=StringIO())
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.state, entry.source) == ("member.invite", "succeeded", "command")
