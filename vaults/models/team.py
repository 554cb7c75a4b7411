"""Users, teams, memberships and invitations."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

import structlog
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from vaults import names
from vaults.permissions import ROLE_ACTIONS, Action, Role

log = structlog.get_logger("vaults.invitations")

ROLE_CHOICES = [(role.value, role.value.title()) for role in Role]
INVITATION_LIFETIME = timedelta(days=3)
MAY_INVITE = [role for role in Role if Action.MEMBER_INVITE in ROLE_ACTIONS[role]]


class UserQuerySet(models.QuerySet["User"]):
    def update(self, **values: Any) -> int:
        """Also end the invitations of disabled accounts, permanently: see `end_invitations_of`."""
        if values.get("is_active") is False:
            Invitation.objects.filter(invited_by__in=self).end()
        return super().update(**values)


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name if self.has_name else self.email

    @property
    def has_name(self) -> bool:
        """True if pages may show the name: accounts of earlier versions may have any name."""
        return names.is_fit(self.name)

    @property
    def named(self) -> str:
        """Name and e-mail address, for sentences: a name alone could be anyone's."""
        return f"{self.name} ({self.email})" if self.has_name else self.email


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=ROLE_CHOICES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_team")]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def good(self) -> Self:
        """Open invitations: unused, not expired, and made by a person who may still invite.

        Invitations made by a command, for the first owner, are open only while there is no owner.
        """
        makers = Membership.objects.filter(
            team=OuterRef("team"), user=OuterRef("invited_by"), user__is_active=True, role__in=MAY_INVITE
        )
        owners = Membership.objects.filter(role=Role.OWNER)
        of_members, of_the_command = Q(Exists(makers)), Q(~Exists(owners), invited_by=None)
        return self.filter(of_members | of_the_command, used_at=None, expires_at__gt=timezone.now())

    def of_commands(self) -> Self:
        """Invitations for the first owner, made by a command on the server."""
        return self.filter(invited_by=None)

    def end(self) -> int:
        """End the unused ones permanently. Returns their number."""
        now = timezone.now()
        return self.filter(used_at=None, expires_at__gt=now).update(expires_at=now)


class Invitation(models.Model):
    """A one-time link into a team. Only a digest of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True, help_text="Empty in the first owner's: nobody is known yet.")
    invited_by = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+", help_text="Nobody: a command on the server."
    )
    role = models.CharField(max_length=16, choices=ROLE_CHOICES)
    token_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.email or 'first owner'}, {self.role}"

    def account(self) -> User | None:
        """The account with the invitation's e-mail address, if there is one."""
        return User.objects.filter(email=self.email).first() if self.email else None

    @property
    def made_at(self) -> datetime:
        """When an open invitation was made: its expiry is set then."""
        return self.expires_at - INVITATION_LIFETIME

    @property
    def role_with_article(self) -> str:
        return Role(self.role).with_article

    @classmethod
    def issue(cls, team: Team, role: Role, email: str = "", invited_by: User | None = None) -> tuple[Self, str]:
        """Create an invitation. The token is returned only here and not stored."""
        token = secrets.token_urlsafe(32)
        made = cls(team=team, role=role, email=email.lower(), invited_by=invited_by, token_digest=digest(token))
        made.expires_at = timezone.now() + INVITATION_LIFETIME
        made.save(force_insert=True)
        return made, token

    @classmethod
    def open(cls, token: str) -> "Invitation | None":
        """The open invitation with this token. A failed attempt is logged, without the token."""
        found = cls.objects.filter(token_digest=digest(token))
        invitation = found.good().select_related("team").first()
        if invitation is None:
            known = found.values_list("pk", flat=True).first()
            log.warning("an invitation was tried that is not good", invitation=str(known) if known else None)
        return invitation


@receiver([post_save, pre_delete], sender=Membership)
def end_first_owners_links(instance: Membership, **_: Any) -> None:
    """End the first owner's invitations permanently when an owner appears: they do not return when that owner is gone."""
    if instance.role == Role.OWNER:
        Invitation.objects.of_commands().end()


@receiver(post_save, sender=User)
def end_invitations_of(instance: User, **_: Any) -> None:
    """End the invitations of a disabled account permanently: they do not return when it is enabled again."""
    if not instance.is_active:
        Invitation.objects.filter(invited_by=instance).end()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
