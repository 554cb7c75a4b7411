"""Members of a team: invite, join, change a role, remove. A team always keeps an owner.

Each writes in a transaction that also decides whether it may: `Doing.writing`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults import access, names
from vaults.actors import Actor, Invited, InvitedByCommand, Person
from vaults.acts import act
from vaults.models import Invitation, Membership, Team, User
from vaults.permissions import Action, Role


class LastOwner(Exception):
    """The team would be left without an owner."""


class MemberGone(Exception):
    """Somebody else has removed this member meanwhile."""


class InvitationSpent(Exception):
    """The link was used, was withdrawn, has ended, or never was."""


class EmailTaken(Exception):
    """There is an account with this e-mail address already."""


class AlreadyMember(Exception):
    """This person is in the team."""


class AlreadyInvited(Exception):
    """There is an open invitation for this e-mail address."""


class AccountOff(Exception):
    """The account is switched off."""


def invite_member(actor: Person, team: Team, email: str, role: Role) -> str:
    """The token of a one-time link for this person. It is shown once and kept nowhere.

    Raises AlreadyMember, AlreadyInvited.
    """
    email = email.strip().lower()
    with (
        act(actor, Action.MEMBER_INVITE, team, name=email, role=role) as doing,
        doing.writing(),
    ):
        if team.memberships.filter(user__email=email).exists():
            raise AlreadyMember
        if email and team.invitations.good().filter(email=email).exists():
            raise AlreadyInvited
        return Invitation.issue(team, role, email, actor.user)[1]


def withdraw_invitation(actor: Actor, invitation: Invitation) -> None:
    """Raises InvitationSpent where it was used, or has ended, before."""
    team = invitation.team
    with (
        act(actor, Action.INVITATION_WITHDRAW, team, name=invitation.email, role=invitation.role) as doing,
        doing.writing(),
    ):
        if not Invitation.objects.filter(pk=invitation.pk).end():
            raise InvitationSpent


@contextmanager
def withdrawing_own(maker: User, actor: Actor) -> Iterator[int]:
    """Withdraw the open invitations that somebody has made, together with what is done within; yields how many."""
    mine = list(Invitation.objects.good().filter(invited_by=maker).select_related("team"))
    with ExitStack() as recorded:
        for each in mine:
            recorded.enter_context(act(actor, Action.INVITATION_WITHDRAW, each.team, name=each.email, role=each.role))
        with transaction.atomic():
            yield len(mine)
            Invitation.objects.filter(invited_by=maker).end()


@sensitive_variables("token", "password")
def join_team(token: str, email: str, name: str, password: str, *, by_command: bool = False) -> User:
    """Make the account that an invitation is for. `by_command`: of the first owner, by a command on the server.

    Raises InvitationSpent, EmailTaken, UnfitName.
    """
    name = names.fit(name)
    invitation = Invitation.open(token)
    if invitation is None:
        raise InvitationSpent
    email = (invitation.email or email).strip().lower()
    actor = (InvitedByCommand if by_command else Invited)(invitation, email, name)
    with act(actor, Action.MEMBER_JOIN, invitation.team, name=email, role=invitation.role):
        with transaction.atomic():
            _use(invitation)
            if User.objects.filter(email=email).exists():
                raise EmailTaken
            user = User.objects.create_user(email, password, name=name)
            Membership.objects.create(team=invitation.team, user=user, role=invitation.role)
            _end_invitations_for(user, invitation.team)
        return user


@sensitive_variables("token")
def join_with_account(user: User, token: str) -> None:
    """Give somebody who has an account the membership that the invitation for their address is for.

    Raises InvitationSpent, AccountOff, AlreadyMember.
    """
    invitation = Invitation.open(token)
    if invitation is None or invitation.email != user.email:
        raise InvitationSpent
    team, role = invitation.team, invitation.role
    with (
        act(Invited(invitation, user.email, user=user), Action.MEMBER_JOIN, team, name=user.email, role=role) as doing,
        transaction.atomic(),
    ):
        _use(invitation)
        if not User.objects.filter(pk=user.pk, is_active=True).exists():
            raise AccountOff
        if not Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})[1]:
            raise AlreadyMember
        _end_invitations_for(user, team)
        doing.detail["actor_role"] = role


def update_member(actor: Actor, member: Membership, role: Role) -> None:
    """Raises LastOwner, MemberGone."""
    with (
        act(actor, Action.MEMBER_UPDATE, member.team, name=member.user.email, role=role) as doing,
        doing.writing(),
    ):
        doing.detail["before"] = {"role": _role_now(member)}
        _keep_an_owner(member, role)
        _end_invitations(member, role)
        if not Membership.objects.filter(pk=member.pk).update(role=role):
            raise MemberGone


def remove_member(actor: Actor, member: Membership) -> None:
    """Raises LastOwner, MemberGone. The account stays, without this team."""
    with (
        act(actor, Action.MEMBER_REMOVE, member.team, name=member.user.email) as doing,
        doing.writing(),
    ):
        doing.detail["role"] = _role_now(member)
        _keep_an_owner(member, None)
        _end_invitations(member, None)
        _end_invitations_for(member.user, member.team)
        if not Membership.objects.filter(pk=member.pk).delete()[0]:
            raise MemberGone


def _use(invitation: Invitation) -> None:
    """Use an invitation up, if it is still good. Two links for the first owner, of any teams, wait for each other."""
    teams = Team.objects.all()
    access.hold_members(teams.filter(pk=invitation.team_id) if invitation.invited_by_id else teams)
    if not Invitation.objects.good().filter(pk=invitation.pk).update(used_at=timezone.now()):
        raise InvitationSpent


def _role_now(member: Membership) -> str | None:
    return Membership.objects.filter(pk=member.pk).values_list("role", flat=True).first()


def _keep_an_owner(member: Membership, role: Role | None) -> None:
    owners = Membership.objects.filter(team_id=member.team_id, role=Role.OWNER).exclude(pk=member.pk)
    if role != Role.OWNER and not owners.exists():
        raise LastOwner


def _end_invitations(member: Membership, role: Role | None) -> None:
    """The open invitations of somebody who may not invite any more: they don't come back with the right."""
    if role != Role.OWNER:
        Invitation.objects.filter(team_id=member.team_id, invited_by=member.user_id).end()


def _end_invitations_for(user: User, team: Team) -> None:
    """Those to an address whose person has just joined or was removed: earlier versions made several for one."""
    team.invitations.filter(email=user.email).end()
