"""Who may do what, and what anyone may see."""

import uuid

import pytest
from django.http import Http404

from tests.conftest import World
from vaults import access
from vaults.access import Decision, Item, NoTeam, Target, decide, visible_to
from vaults.actors import Actor, Command, Invited, Job, Person, Stranger, System
from vaults.kinds import KINDS, SECRET
from vaults.models import Connection, InventoryItem, Invitation, Membership, Team, Vault
from vaults.permissions import (
    COMMAND_ACTIONS,
    OWN_ACCOUNT,
    ROLE_ACTIONS,
    STRANGER_ACTIONS,
    SYSTEM_ACTIONS,
    Action,
    Role,
    RoleMissing,
)


def targets(world: World) -> list[Target]:
    return [world.team, world.connection, world.vault, *(Item(world.vault, kind, "item") for kind in KINDS)]


@pytest.mark.parametrize("role", Role)
def test_a_person_may_what_the_role_holds_and_is_told_so(role: Role, world: World) -> None:
    person = Person(world.members[role])
    for target in targets(world):
        decisions = {action: decide(person, action, target) for action in Action}
        assert {action for action, decision in decisions.items() if decision.allowed} == ROLE_ACTIONS[role]
        grounds = {action: decision.because for action, decision in decisions.items()}
        assert grounds == {action: "own-account" if action in OWN_ACCOUNT else f"role:{role}" for action in Action}


def test_a_person_of_another_team_may_nothing(world: World) -> None:
    for target in targets(world):
        for action in set(Action) - OWN_ACCOUNT:
            assert decide(Person(world.otto), action, target) == Decision(False, "no-role")


def test_nobody_else_may_do_everything(world: World) -> None:
    """The portal, a command, a stranger, and somebody who holds an invitation: each has a short list."""
    invitation = Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)[0]
    may: list[tuple[Actor, frozenset[Action]]] = [
        (System(), SYSTEM_ACTIONS),
        (Command(), COMMAND_ACTIONS | SYSTEM_ACTIONS),
        (Stranger(), STRANGER_ACTIONS),
        (Invited(invitation, "new@example.com"), frozenset({Action.MEMBER_JOIN})),
    ]
    for actor, actions in may:
        assert {action for action in Action if decide(actor, action, world.team).allowed} == actions
    values = {action for action in Action if action.startswith(("secret.", "key.", "certificate"))}
    assert not values & (SYSTEM_ACTIONS | COMMAND_ACTIONS | STRANGER_ACTIONS)
    others = Team.objects.exclude(pk=world.team.pk).get()
    assert not decide(Invited(invitation, "new@example.com"), Action.MEMBER_JOIN, others).allowed


def test_a_job_loses_a_right_at_once_and_a_request_with_its_next_act(world: World) -> None:
    job, person = Job(world.olga), Person(world.olga)
    assert decide(job, Action.VAULT_SCAN, world.vault).allowed
    assert decide(person, Action.SECRET_DELETE, world.vault).allowed
    Membership.objects.filter(user=world.olga).delete()
    assert not decide(job, Action.VAULT_SCAN, world.vault).allowed
    assert decide(person, Action.SECRET_DELETE, world.vault).allowed  # as this request has read it
    with pytest.raises(RoleMissing):
        access.require(person, Action.SECRET_DELETE, world.vault)
    assert not decide(person, Action.SECRET_DELETE, world.vault).allowed


def test_only_what_belongs_to_ones_own_teams_is_seen(world: World) -> None:
    InventoryItem.objects.create(vault=world.vault, kind=SECRET.name, name="kept", enabled=True)
    Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)
    mine, theirs = visible_to(Person(world.rafi)), visible_to(Person(world.otto))
    assert (mine.connections.count(), mine.vaults.count(), mine.items.count(), mine.invitations.count()) == (1, 1, 1, 1)
    assert (theirs.connections.count(), theirs.vaults.count(), theirs.items.count()) == (0, 0, 0)
    assert [member.user for member in theirs.members] == [world.otto]
    nobody = visible_to(Stranger())
    assert not nobody.vaults.exists()
    assert not nobody.entries.exists()
    assert not nobody.items.exists()
    assert visible_to(System()).vaults.count() == Vault.objects.count()


def test_a_team_that_is_not_ones_own_shows_nothing(world: World) -> None:
    found = visible_to(Person(world.otto), world.team)
    assert not found.vaults.exists()
    assert not found.connections.exists()
    assert not found.members.exists()


def test_an_account_that_is_switched_off_sees_nothing(world: World) -> None:
    world.rafi.is_active = False
    world.rafi.save()
    person = Person(world.rafi)
    assert not visible_to(person).vaults.exists()
    assert person.team is None
    with pytest.raises(NoTeam):
        access.vault_for(person, "kv-shop-prod")


def test_what_is_not_there_is_not_found_and_without_a_team_nothing_is(world: World) -> None:
    with pytest.raises(Http404):
        access.vault_for(Person(world.otto), "kv-shop-prod")
    with pytest.raises(Http404):
        access.connection_for(Person(world.otto), Connection.objects.get().pk)
    Membership.objects.filter(user=world.otto).delete()
    with pytest.raises(NoTeam):
        access.connection_for(Person(world.otto), uuid.uuid4())
