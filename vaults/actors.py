"""Who acts: a person, a job on a person's behalf, the portal itself, a command on its server, an invited person, a stranger."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from functools import cache, cached_property
from typing import ClassVar, TypeVar

import structlog
from django.db.models import F

from vaults.azure.limits import Caller
from vaults.keyvault.session import Exchange
from vaults.models import Invitation, Membership, Team, User
from vaults.models.prepared import Parameter, Prepared
from vaults.permissions import Role

log = structlog.get_logger("vaults.actors")

T = TypeVar("T")


class Source(StrEnum):
    """The origin of an act, as the record names it."""

    PERSON = "person"
    JOB = "job"
    PORTAL = "portal"
    COMMAND = "command"
    STRANGER = "stranger"


class Actor(ABC):
    """The data about an actor that the record and `access.decide` need."""

    source: Source
    #: The class whose slots at a vault the actor's calls take.
    caller = Caller.JOB

    def __init__(self) -> None:
        #: Requests sent to Azure for this actor, oldest first: for the page's "By hand" panel.
        self.exchanges: list[Exchange] = []
        self._preparations: list[Callable[[], object]] = []
        #: The event of the last look, and of the look whose page now polls.
        self.looked: uuid.UUID | None = None
        self.polled: uuid.UUID | None = None

    def prepare_with(self, work: Callable[[], object]) -> None:
        """Have `work` done once, in this thread, while the next calls to Azure are in progress."""
        self._preparations.append(work)

    def ahead(self, work: Callable[[], T]) -> Callable[[], T]:
        """`work`, done once: while the next calls to Azure are in progress, else when its result is first asked for."""
        once = cache(work)
        self.prepare_with(once)
        return once

    @property
    def preparation(self) -> Callable[[], None] | None:
        """That work, if there is any left."""
        return self._prepare if self._preparations else None

    def _prepare(self) -> None:
        """If the work fails here, the page does it again and reports the error."""
        works, self._preparations = self._preparations, []
        for work in works:
            try:
                work()
            except Exception:
                log.exception("a part of a page could not be prepared")

    @property
    def account_id(self) -> uuid.UUID | None:
        """The id of the acting account, if there is one."""
        return None

    @property
    @abstractmethod
    def label(self) -> str:
        """The actor's name in the record; it outlives the account."""

    def facts(self, _team: Team | None) -> dict[str, str]:
        """The facts about the actor in an entry's `detail`."""
        return {}


_USER = Parameter("user", User._meta.pk)
_TEAMS: Prepared[Team] = Prepared(
    lambda: (
        Team.objects.filter(memberships__user=_USER, memberships__user__is_active=True)
        .annotate(role_here=F("memberships__role"))
        .order_by("name")
    )
)


_MEMBER: Prepared[Membership] = Prepared(
    lambda: Membership.objects.filter(user=_USER, user__is_active=True, team=Parameter("team", Team._meta.pk))
)


class Person(Actor):
    """A person with an account, in one request. Each role is read once; `refresh` reads it again."""

    source = Source.PERSON
    caller = Caller.PERSON

    def __init__(self, user: User, chosen_team: str = "", read_form_team: Callable[[], str] = str) -> None:
        """`chosen_team`: id of the team that the person chose to work in; they may no longer be a member.

        `read_form_team` returns the id of the team that a sent form was shown for, "" if it names none.
        """
        super().__init__()
        self.user = user
        self._chosen_team = chosen_team
        self._read_form_team = read_form_team
        self._roles: dict[uuid.UUID, Role | None] = {}

    @property
    def account_id(self) -> uuid.UUID | None:
        return self.user.pk

    @property
    def label(self) -> str:
        return str(self.user)

    @cached_property
    def teams(self) -> list[Team]:
        """The person's teams by name; none if the account is disabled."""
        found = _TEAMS(user=self.user.pk)
        for team in found:
            self.remember_role(team, Role(team.role_here))  # type: ignore[attr-defined]  # annotated
        return found

    @cached_property
    def team(self) -> Team | None:
        """The current team: it filters lists and owns new objects. If none was chosen, the first by name.

        A sent form keeps the team that it was shown for, if another was chosen since.
        """
        wanted = self.form_team or self._chosen_team
        chosen = [team for team in self.teams if str(team.pk) == wanted]
        return next(iter([*chosen, *self.teams]), None)

    @cached_property
    def form_team(self) -> str:
        """The id of the team that the sent form was shown for, "" if it names none."""
        return self._read_form_team()

    def role_in(self, team: Team) -> Role | None:
        if team.pk not in self._roles:
            self.refresh(team)
        return self._roles[team.pk]

    def remember_role(self, team: Team, role: Role | None) -> None:
        """Store a role that was just read with another query, so that `role_in` needs none."""
        self._roles[team.pk] = role

    def refresh(self, team: Team) -> None:
        """Read the role from the database again."""
        member = next(iter(_MEMBER(user=self.user.pk, team=team.pk)), None)
        self.remember_role(team, Role(member.role) if member else None)

    def facts(self, team: Team | None) -> dict[str, str]:
        role = self.role_in(team) if team else None
        return {"actor_email": self.user.email, **({"actor_role": role} if role else {})}


class Job(Person):
    """Work on a person's behalf after their request. No role is remembered, so the work ends when the right ends."""

    source = Source.JOB
    caller = Caller.JOB

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
    """A person who is not signed in."""

    source = Source.STRANGER
    label: ClassVar[str] = "not signed in"


class Invited(Actor):
    """A person with an invitation's link: with an account, or with the name for a new one."""

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

    def facts(self, _team: Team | None) -> dict[str, str]:
        known = {"actor_email": self._email}
        return known if self._user else {**known, "actor_role": self.invitation.role}


class InvitedByCommand(Invited):
    """The first owner, whose account is created by a command on the server."""

    source = Source.COMMAND
