"""Members of a team: invite, join, change a role, remove. A team always keeps an owner."""

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults import access, audit, names
from vaults.models import Invitation, Membership, Team, User
from vaults.permissions import Action, Role
from vaults.who import Source


class LastOwner(Exception):
    """The team would be left without an owner."""


class InvitationSpent(Exception):
    """The link was used, has expired, or never was."""


class EmailTaken(Exception):
    """There is an account with this e-mail address already."""


def invite_member(actor: User, team: Team, email: str, role: Role) -> str:
    """The token of a one-time link for this person. It is shown once and kept nowhere."""
    with audit.recording(actor, Action.MEMBER_INVITE, team, name=email, role=role):
        access.require(actor, Action.MEMBER_INVITE, team)
        return Invitation.issue(team, role, email)[1]


@sensitive_variables("token", "password")
def join_team(token: str, email: str, name: str, password: str, source: Source = Source.PERSON) -> User:
    """Make the account that an invitation is for. Raises InvitationSpent, EmailTaken, UnfitName."""
    name = names.fit(name)
    invitation = Invitation.open(token)
    if invitation is None:
        raise InvitationSpent
    email = (invitation.email or email).strip().lower()
    with audit.recording(
        None,
        Action.MEMBER_JOIN,
        invitation.team,
        name=email,
        role=invitation.role,
        label=name or email,
        source=source,
        actor_email=email,
        actor_role=invitation.role,
    ):
        with transaction.atomic():
            spent = Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=timezone.now())
            if not spent:
                raise InvitationSpent
            if User.objects.filter(email=email).exists():
                raise EmailTaken
            user = User.objects.create_user(email, password, name=name)
            Membership.objects.create(team=invitation.team, user=user, role=invitation.role)
        return user


def update_member(actor: User, member: Membership, role: Role) -> None:
    """Raises LastOwner."""
    with audit.recording(actor, Action.MEMBER_UPDATE, member.team, name=member.user.email, role=role):
        access.require(actor, Action.MEMBER_UPDATE, member.team)
        with transaction.atomic():
            _keep_an_owner(member, role)
            _end_invitations(member, role)
            Membership.objects.filter(pk=member.pk).update(role=role)


def remove_member(actor: User, member: Membership) -> None:
    """Raises LastOwner. The account stays, without this team."""
    with audit.recording(actor, Action.MEMBER_REMOVE, member.team, name=member.user.email):
        access.require(actor, Action.MEMBER_REMOVE, member.team)
        with transaction.atomic():
            _keep_an_owner(member, None)
            _end_invitations(member, None)
            Membership.objects.filter(pk=member.pk).delete()


def _keep_an_owner(member: Membership, role: Role | None) -> None:
    """Lock the team, so that two owners can't remove each other at once."""
    Team.objects.select_for_update().get(pk=member.team_id)
    owners = Membership.objects.filter(team_id=member.team_id, role=Role.OWNER).exclude(pk=member.pk)
    if role != Role.OWNER and not owners.exists():
        raise LastOwner


def _end_invitations(member: Membership, role: Role | None) -> None:
    """Whoever is no longer an owner may have a link into the team in his pocket: none that is still open is good then."""
    now = timezone.now()
    if member.role == Role.OWNER and role != Role.OWNER:
        Invitation.objects.filter(team_id=member.team_id, used_at=None, expires_at__gt=now).update(expires_at=now)
