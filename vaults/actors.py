"""Who acts: a person, a job in a person's name, the portal itself, a command on its server, somebody invited, or a stranger."""

import uuid
from abc import ABC, abstractmethod
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from vaults.keyvault.session import Exchange
from vaults.models import Invitation, Team, User
from vaults.permissions import Role


class Source(StrEnum):
    """Where an act came from, as the record names it."""

    PERSON = "person"
    PORTAL = "portal"
    COMMAND = "command"
    STRANGER = "stranger"


class Actor(ABC):
    """What the record and `access.decide` need to know of anyone, or anything, that acts."""

    source: Source

    def __init__(self) -> None:
        #: What was sent to Azure for this actor so far, oldest first: for the page's "By hand" panel.
        self.exchanges: list[Exchange] = []

    @property
    def account_id(self) -> uuid.UUID | None:
        """The id of the account that acts, if there is one."""
        return None

    @property
    @abstractmethod
    def label(self) -> str:
        """What the record calls the actor: it outlives the account."""

    def facts(self, _team: Team) -> dict[str, str]:
        """What an entry's `detail` keeps of the actor."""
        return {"source": self.source}


class Person(Actor):
    """Somebody with an account, in one request: roles are read once, until `refresh` reads one again."""

    source = Source.PERSON

    def __init__(self, user: User, chosen_team: str = "") -> None:
        """`chosen_team`: the id of the team that the person has chosen to work in; it may be of none any more."""
        super().__init__()
        self.user = user
        self._chosen_team = chosen_team
        self._roles: dict[uuid.UUID, Role | None] = {}

    @property
    def account_id(self) -> uuid.UUID | None:
        return self.user.pk

    @property
    def label(self) -> str:
        return str(self.user)

    @cached_property
    def teams(self) -> list[Team]:
        """The person's teams by name, of an account that is switched on."""
        found = self.user.memberships.filter(user__is_active=True).select_related("team").order_by("team__name")
        for member in found:
            self.knows_role(member.team, Role(member.role))
        return [member.team for member in found]

    @cached_property
    def team(self) -> Team | None:
        """The current team: it filters lists and owns what is made. The first by name where none was chosen."""
        chosen = [team for team in self.teams if str(team.pk) == self._chosen_team]
        return next(iter([*chosen, *self.teams]), None)

    def role_in(self, team: Team) -> Role | None:
        if team.pk not in self._roles:
            self.refresh(team)
        return self._roles[team.pk]

    def knows_role(self, team: Team, role: Role | None) -> None:
        """Spare `role_in` its query: the role was just read with something else."""
        self._roles[team.pk] = role

    def refresh(self, team: Team) -> None:
        """Read the role as the database has it at this moment."""
        member = self.user.memberships.filter(team=team, user__is_active=True).first()
        self.knows_role(team, Role(member.role) if member else None)

    def facts(self, team: Team) -> dict[str, str]:
        role = self.role_in(team)
        return {**super().facts(team), "actor_email": self.user.email, **({"actor_role": role} if role else {})}


class Job(Person):
    """Work that goes on in a person's name after their request: no role is remembered, so it ends with the right to it."""

    def role_in(self, team: Team) -> Role | None:
        self.refresh(team)
        return super().role_in(team)


class System(Actor):
    """The portal itself: its first start, its scheduled scans, its reconciliation."""

    source = Source.PORTAL
    label: ClassVar[str] = "kvportal"


class Command(System):
    """A command on the portal's server."""

    source = Source.COMMAND


class Stranger(Actor):
    """Somebody who is not signed in."""

    source = Source.STRANGER
    label: ClassVar[str] = "not signed in"


class Invited(Actor):
    """Somebody who holds an invitation's link: with an account, or with the name that a new one is to have."""

    source = Source.PERSON

    def __init__(self, invitation: Invitation, email: str, name: str = "", user: User | None = None) -> None:
        super().__init__()
        self.invitation = invitation
        self._email = email
        self._name = name
        self._user = user

    @property
    def account_id(self) -> uuid.UUID | None:
        return self._user.pk if self._user else None

    @property
    def label(self) -> str:
        return str(self._user) if self._user else self._name or self._email

    def facts(self, team: Team) -> dict[str, str]:
        known = {**super().facts(team), "actor_email": self._email}
        return known if self._user else {**known, "actor_role": self.invitation.role}


class InvitedByCommand(Invited):
    """The first owner, whose account a command on the server makes."""

    source = Source.COMMAND
