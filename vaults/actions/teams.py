"""Members of a team: invite, join, change a role, remove. A team always keeps an owner.

Each act checks the permission inside the transaction that writes: see `Doing.writing`.
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
    """Another person has already removed this member."""


class InvitationSpent(Exception):
    """The link was used or withdrawn, has expired, or never existed."""


class EmailTaken(Exception):
    """An account with this e-mail address exists."""


class AlreadyMember(Exception):
    """This person is already a member of the team."""


class AlreadyInvited(Exception):
    """An open invitation for this e-mail address exists."""


class AccountOff(Exception):
    """The account is switched off."""


def invite_member(actor: Person, team: Team, email: str, role: Role) -> str:
    """Invite a person. Returns the token of a one-time link; it is shown once and not stored.

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
    """Raises InvitationSpent if it was used or has expired before."""
    team = invitation.team
    with (
        act(actor, Action.INVITATION_WITHDRAW, team, name=invitation.email, role=invitation.role) as doing,
        doing.writing(),
    ):
        if not Invitation.objects.filter(pk=invitation.pk).end():
            raise InvitationSpent


@contextmanager
def withdrawing_own(maker: User, actor: Actor) -> Iterator[int]:
    """Withdraw all open invitations made by `maker`, in one transaction with the body. Yields their number."""
    mine = list(Invitation.objects.good().filter(invited_by=maker).select_related("team"))
    with ExitStack() as recorded:
        for each in mine:
            recorded.enter_context(act(actor, Action.INVITATION_WITHDRAW, each.team, name=each.email, role=each.role))
        with transaction.atomic():
            yield len(mine)
            Invitation.objects.filter(invited_by=maker).end()


@sensitive_variables("token", "password")
def join_team(token: str, email: str, name: str, password: str, *, by_command: bool = False) -> User:
    """Create the account that an invitation is for. `by_command`: the first owner, created by a command on the server.

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
    """Add a person who has an account to the team that the invitation is for. It must be for their e-mail address.

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
    """Raises LastOwner, MemberGone. The account remains, without this team."""
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
    """Mark an invitation as used. Raises InvitationSpent if it is no longer open.

    A first owner's invitation locks all teams, so that two such links, also of different teams, can't be used at the same
    time.
    """
    teams = Team.objects.all()
    access.lock_members(teams.filter(pk=invitation.team_id) if invitation.invited_by_id else teams)
    if not Invitation.objects.good().filter(pk=invitation.pk).update(used_at=timezone.now()):
        raise InvitationSpent


def _role_now(member: Membership) -> str | None:
    return Membership.objects.filter(pk=member.pk).values_list("role", flat=True).first()


def _keep_an_owner(member: Membership, role: Role | None) -> None:
    owners = Membership.objects.filter(team_id=member.team_id, role=Role.OWNER).exclude(pk=member.pk)
    if role != Role.OWNER and not owners.exists():
        raise LastOwner


def _end_invitations(member: Membership, role: Role | None) -> None:
    """When an owner is demoted or removed, end the team's open invitations that this person made: they may have kept one.

    These invitations stay ended if the person becomes an owner again.
    """
    if role != Role.OWNER:
        Invitation.objects.filter(team_id=member.team_id, invited_by=member.user_id).end()


def _end_invitations_for(user: User, team: Team) -> None:
    """End the invitations to a person who has just joined or was removed: earlier versions allowed several for one address."""
    team.invitations.filter(email=user.email).end()
