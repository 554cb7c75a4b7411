"""The only way from a URL to a team, a connection or a vault.

Another team's object is not found; whoever is in no team finds nothing (NoTeam); one's own without the right raises
RoleMissing, which the page turns into the name of the role to ask for.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404

from vaults.models import Connection, Team, User, Vault
from vaults.models.vault import VaultQuerySet
from vaults.permissions import LOOKS, Action, Role, RoleMissing


class NoTeam(Exception):
    """This person is in no team, or not any more: no address is of any use to them."""


def teams_of(user: User) -> QuerySet[Team]:
    return Team.objects.filter(memberships__user=user).order_by("name")


def team_for(user: User) -> Team:
    """The team a person works in. People of several teams: the first by name. Raises NoTeam."""
    team = teams_of(user).first()
    if team is None:
        raise NoTeam
    return team


def not_found(user: User, what: str) -> Http404 | NoTeam:
    """What is to be raised where something is not there for this person."""
    return Http404(what) if teams_of(user).exists() else NoTeam()


def connections_for(user: User) -> QuerySet[Connection]:
    return Connection.objects.filter(team__memberships__user=user).select_related("team")


def connection_for(user: User, connection_id: uuid.UUID) -> Connection:
    connection = connections_for(user).filter(pk=connection_id).first()
    if connection is None:
        raise not_found(user, "No such connection.")
    return connection


def vaults_for(user: User) -> VaultQuerySet:
    return Vault.objects.filter(connection__team__memberships__user=user).select_related("connection__team")


def vault_for(user: User, slug: str) -> Vault:
    # The role comes with the vault: every page about one needs both, and this door is on the way to Azure.
    role = F("connection__team__memberships__role")
    vault = vaults_for(user).filter(slug=slug).annotate(role_here=role).order_by().first()
    if vault is None:
        raise not_found(user, "No such vault.")
    user.knows_role(vault.team, Role(vault.__dict__["role_here"]))
    return vault


def require(user: User | None, action: Action, team: Team) -> None:
    """Raises RoleMissing. None is the portal itself: its first start, its scheduled scans.

    Whatever does more than look is decided by the role as it is now: it may have gone since the request began.
    """
    if user is None:
        return
    if action not in LOOKS:
        user.role_now(team)
    if not user.may(action, team):
        raise RoleMissing(action)


@contextmanager
def writing(actor: User | None, action: Action, team: Team) -> Iterator[None]:
    """A transaction for rows of ours, with the right to write them decided inside it. Raises RoleMissing."""
    with transaction.atomic():
        hold_members(Team.objects.filter(pk=team.pk))
        require(actor, action, team)
        yield


def hold_members(teams: QuerySet[Team]) -> None:
    """Until the transaction ends nobody else changes members, invitations or anything of these teams that needs a right."""
    list(teams.select_for_update(no_key=True).order_by("pk"))


def allowed(user: User, team: Team) -> frozenset[str]:
    """The names of all actions a person may do in a team: what a page draws buttons for."""
    return frozenset(action.value for action in Action if user.may(action, team))
