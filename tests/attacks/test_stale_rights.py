"""Rights that were read when a request began and are gone when it writes; links that outlive their maker's right."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, main_form, text_of
from tests.conftest import PASSWORD, World, confirmed, in_threads, last_entry, say, signed_in
from tests.views.forms import form
from tests.working import work_on_all
from vaults.actions import connections, items, scans, secrets, teams, vaults
from vaults.actions.connections import Credential
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.emulator import DEPLOY, TENANT_ID, Emulator
from vaults.kinds import SECRET
from vaults.models import AuditEntry, Connection, Invitation, ItemState, Membership, Team, User, Vault
from vaults.permissions import Action, Role, RoleMissing

pytestmark = pytest.mark.sweep

RUNS = 20


def second_owner(world: World) -> tuple[User, Membership]:
    user = User.objects.filter(email="second@example.com").first()
    user = user or User.objects.create_user("second@example.com", PASSWORD)
    Membership.objects.update_or_create(team=world.team, user=user, defaults={"role": Role.OWNER})
    return user, member(user)


def member(user: User) -> Membership:
    return Membership.objects.select_related("user", "team").get(user=user)


def invite(client: Client, **typed: Any) -> Any:
    """Invite somebody by the team's page; the answer that shows the link."""
    page = client.get("/team/")
    fields = {"email": "new@example.com", "role": "owner", "form_key": main_form(page).fields["form_key"][0]}
    return client.post("/team/invite/", {**fields, **typed})


def address_of(answer: Any) -> str:
    return str(answer.context["invitation_link"]).removeprefix("http://testserver")


def is_good(address: str) -> bool:
    return Client().get(address).status_code == 200


@pytest.mark.parametrize("how", ["removed", "demoted"])
def test_no_link_is_left_of_an_owner_who_is_removed_at_the_same_time(how: str, file_world: World) -> None:
    good = issued = 0
    leaver, remover = (confirmed(signed_in(user)) for user in (second_owner(file_world)[0], file_world.olga))
    for run in range(RUNS):
        _, membership = second_owner(file_world)
        end = f"/team/members/{membership.pk}/"
        calls: dict[str, Callable[[], Any]] = {
            "removed": lambda r=remover, e=end: r.post(f"{e}remove/"),  # type: ignore[misc]
            "demoted": lambda r=remover, e=end: r.post(f"{e}role/", {"role": "viewer"}),  # type: ignore[misc]
        }
        invites = [
            partial(leaver.post, "/team/invite/", {"email": f"x{run}{n}@a.example", "role": "owner"}) for n in "ab"
        ]
        *answers, ended = in_threads(*invites, calls[how])
        assert ended.status_code == 302
        shown = [answer for answer in answers if answer.context and "invitation_link" in answer.context]
        issued += len(shown)
        good += sum(is_good(address_of(answer)) for answer in shown)
    say(f"owners {how} while they invite: {RUNS}, links issued: {issued}, still good afterwards: {good}")
    assert good == 0


def test_an_invitation_ends_with_its_makers_right_and_no_other(world: World) -> None:
    user, membership = second_owner(world)
    theirs = f"/join/{teams.invite_member(Person(user), world.team, 'a@example.com', Role.OWNER)}/"
    mine = f"/join/{teams.invite_member(Person(world.olga), world.team, 'b@example.com', Role.VIEWER)}/"
    Membership.objects.filter(pk=membership.pk).update(role=Role.MANAGER)  # by whatever way
    assert (is_good(theirs), is_good(mine)) == (False, True)
    answer = Client().post(theirs, {"password": "a sentence is good"})
    assert answer.status_code == 404
    assert not User.objects.filter(email="a@example.com").exists()


def test_it_stays_ended_when_the_right_comes_back(world: World) -> None:
    user, membership = second_owner(world)
    link = f"/join/{teams.invite_member(Person(user), world.team, 'a@example.com', Role.OWNER)}/"
    teams.update_member(Person(world.olga), membership, Role.VIEWER)
    teams.update_member(Person(world.olga), membership, Role.OWNER)
    assert not is_good(link)


def test_a_link_ends_with_its_makers_account(world: World) -> None:
    user, _ = second_owner(world)
    locked = f"/join/{teams.invite_member(Person(user), world.team, 'a@example.com', Role.OWNER)}/"
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_good(locked)
    User.objects.filter(pk=user.pk).delete()
    assert not is_good(locked)


@pytest.mark.parametrize("how", ["saved", "updated"])
def test_it_stays_ended_when_the_account_comes_back(how: str, world: World) -> None:
    user, _ = second_owner(world)
    theirs = f"/join/{teams.invite_member(Person(user), world.team, 'a@example.com', Role.OWNER)}/"
    mine = f"/join/{teams.invite_member(Person(world.olga), world.team, 'b@example.com', Role.VIEWER)}/"
    for active in (False, True):
        if how == "saved":
            user.is_active = active
            user.save()
        else:
            User.objects.filter(pk=user.pk).update(is_active=active)
    assert (is_good(theirs), is_good(mine)) == (False, True)


NEW = "quite another sentence"


def test_a_new_password_ends_ones_own_invitations(olga: Client, world: World) -> None:
    user, _ = second_owner(world)
    used, *open_ones = (address_of(invite(olga, email=f"{name}@example.com", role="viewer")) for name in "abc")
    fill_in(Client(), used, password="a sentence is good")
    anothers = f"/join/{teams.invite_member(Person(user), world.team, 'd@example.com', Role.VIEWER)}/"
    wrong = {"oldpassword": "a wrong guess", "password1": NEW, "password2": NEW}
    assert olga.post("/account/password/change/", wrong).status_code == 200
    assert all(is_good(each) for each in open_ones)
    done = olga.post("/account/password/change/", {**wrong, "oldpassword": PASSWORD}, follow=True)
    assert "2 open invitations of yours were withdrawn" in text_of(done)
    assert [is_good(each) for each in (*open_ones, anothers)] == [False, False, True]
    entries = AuditEntry.objects.filter(action=Action.INVITATION_WITHDRAW, state="succeeded", actor_id=world.olga.pk)
    assert sorted(entries.values_list("name", flat=True)) == ["b@example.com", "c@example.com"]
    assert AuditEntry.objects.filter(action=Action.ACCOUNT_PASSWORD, state="succeeded").count() == 1


def test_a_new_password_of_somebody_who_invited_nobody_says_nothing_of_it(olga: Client) -> None:
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert "withdrawn" not in text_of(olga.post("/account/password/change/", typed, follow=True))


def test_a_maker_removed_while_somebody_joins(file_world: World) -> None:
    """Whichever comes first: nobody is in the team by a link that was withdrawn before."""
    late = 0
    for run in range(RUNS):
        user, membership = second_owner(file_world)
        token = teams.invite_member(Person(user), file_world.team, f"new{run}@example.com", Role.OWNER)
        joined, removed = in_threads(
            partial(teams.join_team, token, "", "", "a sentence is good"),
            partial(teams.remove_member, Person(User.objects.get(pk=file_world.olga.pk)), membership),
        )
        assert removed is None
        assert isinstance(joined, User | teams.InvitationSpent)
        acts = AuditEntry.objects.filter(action__in=[Action.MEMBER_JOIN, Action.MEMBER_REMOVE], state="succeeded")
        late += isinstance(joined, User) and not acts.exists()
    assert late == 0


def connection(world: World) -> Connection:
    return Connection(name="new", cloud="local", tenant_id=TENANT_ID, client_id=DEPLOY.client_id, api_version="7.0")


#: Each act that writes rows of ours, or hands something out, by the owner whose right has just gone.
ACTS: dict[str, Callable[[Person, World], Any]] = {
    "invite": lambda who, w: teams.invite_member(who, w.team, "x@example.com", Role.OWNER),
    "change a role": lambda who, w: teams.update_member(who, member(w.rafi), Role.OWNER),
    "remove": lambda who, w: teams.remove_member(who, member(w.rafi)),
    "store a connection": lambda who, w: connections.create_connection(
        who, w.team, connection(w), Credential(client_secret="typed")
    ),
    "change a connection": lambda who, w: connections.update_connection(
        who, Connection.objects.get(pk=w.connection.pk), Credential(client_secret="typed")
    ),
    "delete a connection": lambda who, w: connections.delete_connection(who, empty_connection(w)),
    "test a connection": lambda who, w: connections.test_connection(who, w.connection),
    "add a vault": lambda who, w: vaults.add_vault(who, w.connection, "kv-shop-stage"),
    "change a vault": lambda who, w: vaults.update_vault(who, w.vault, production=True),
    "remove a vault": lambda who, w: vaults.remove_vault(who, w.vault),
    "ask for a scan": lambda who, w: scans.request_scans(who, [w.vault]),
    "reveal": lambda who, w: secrets.reveal_secret(who, w.vault, "kept"),
    "create": lambda who, w: secrets.create_secret(who, w.vault, "fresh", SecretContent("typed")),
    "delete": lambda who, w: items.delete_item(who, w.vault, SECRET, "kept"),
}


def empty_connection(world: World) -> Connection:
    made = connection(world)
    made.team = world.team
    made.set_client_secret("typed")
    made.save()
    return made


def rows() -> tuple[Any, ...]:
    return (
        list(Membership.objects.order_by("pk").values_list("pk", "role")),
        Invitation.objects.count(),
        list(Connection.objects.exclude(name="new").values_list("pk", "revision", "client_secret_sealed", "tested_at")),
        list(Vault.objects.values_list("pk", "production", "scan_requested_at")),
    )


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("gone", ["membership", "account"])
def test_a_right_that_was_read_before_it_went_does_nothing(
    gone: str, act: str, world: World, emulator: Emulator
) -> None:
    user, _ = second_owner(world)
    person = Person(user)
    assert person.role_in(world.team) == Role.OWNER  # as the request's beginning read it
    if gone == "membership":
        Membership.objects.filter(user=user).delete()
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    before = rows()
    with pytest.raises(RoleMissing):
        ACTS[act](person, world)
    assert rows() == before
    assert emulator.requests == []


def test_a_member_who_is_gone_is_not_said_to_be_changed(olga: Client, world: World) -> None:
    rafi = member(world.rafi)
    Membership.objects.filter(pk=rafi.pk).delete()
    for act in (partial(teams.update_member, role=Role.OWNER), teams.remove_member):
        with pytest.raises(teams.MemberGone):
            act(Person(world.olga), rafi)


def test_the_team_sees_its_open_invitations_and_owners_withdraw_them(olga: Client, world: World) -> None:
    address = address_of(invite(olga, role="writer"))
    page = text_of(olga.get("/team/"))
    assert all(
        words in page for words in ("Open invitations", "new@example.com", "Writer", "Olga Brandt (owner@example.com)")
    )
    assert "new@example.com" in text_of(signed_in(world.rafi).get("/team/"))
    withdraw = f"/team/invitations/{Invitation.objects.get().pk}/withdraw/"
    assert withdraw not in signed_in(world.rafi).get("/team/").content.decode()
    assert signed_in(world.rafi).post(withdraw).status_code == 403
    assert signed_in(world.otto).post(withdraw).status_code == 404
    assert is_good(address)
    assert olga.post(withdraw).status_code == 302
    assert not is_good(address)
    assert "new@example.com" not in text_of(olga.get("/team/")).partition("Open invitations")[2]
    entry = last_entry(Action.INVITATION_WITHDRAW)
    assert (entry.state, entry.name, entry.detail["role"]) == ("succeeded", "new@example.com", "writer")


def test_an_invitation_that_was_used_meanwhile_is_not_called_withdrawn(olga: Client, world: World) -> None:
    fill_in(Client(), address_of(invite(olga)), password="a sentence is good")
    answer = olga.post(f"/team/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert answer.status_code == 409
    assert "already" in text_of(answer)


def test_one_form_makes_one_link(olga: Client, world: World) -> None:
    fields = form(olga, "/team/", email="new@example.com", role="owner")
    first, again = olga.post("/team/invite/", fields), olga.post("/team/invite/", fields)
    assert is_good(address_of(first))
    assert Invitation.objects.count() == 1
    assert again["Location"].startswith("/team/")
    assert "new@example.com" in text_of(olga.get(again["Location"]))
    assert olga.post("/team/invite/", {**fields, "role": "viewer"}).status_code == 422
    assert Invitation.objects.count() == 1


def test_many_clicks_at_once_make_one_link(file_world: World) -> None:
    browser = confirmed(signed_in(file_world.olga))
    fields = form(browser, "/team/", email="new@example.com", role="owner")

    def click() -> int:
        client = Client()
        client.cookies = browser.cookies
        return int(client.post("/team/invite/", fields).status_code)

    statuses = in_threads(*([click] * 12))
    assert Invitation.objects.count() == 1
    assert sorted(set(statuses) - {302, 409}) == [201]


def test_a_form_that_came_back_may_be_sent_again(olga: Client) -> None:
    key = str(uuid.uuid4())
    assert invite(olga, email="no address", form_key=key).status_code == 422
    assert invite(olga, form_key=key).status_code == 201


def test_links_of_another_team_are_not_listed(olga: Client, world: World) -> None:
    teams.invite_member(Person(world.otto), Team.objects.get(name="Others"), "theirs@example.com", Role.OWNER)
    assert "theirs@example.com" not in olga.get("/team/").content.decode()


@pytest.mark.parametrize("lost", ["membership", "account"])
def test_a_scan_that_a_removed_person_had_asked_for_is_the_portals_own(lost: str, world: World) -> None:
    assert confirmed(signed_in(world.rafi)).post("/vaults/kv-shop-prod/scan/").status_code == 302
    if lost == "membership":
        Membership.objects.filter(user=world.rafi).delete()
    else:
        User.objects.filter(pk=world.rafi.pk).update(is_active=False)
    [item] = work_on_all()
    assert item.state == ItemState.SUCCEEDED
    entry = last_entry(Action.VAULT_SCAN)
    assert (entry.state, entry.actor_id, entry.source) == ("succeeded", None, "portal")
    assert Vault.objects.get().scan_problem == ""
