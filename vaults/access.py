"""Access control: the only way from a URL to a team, a connection or a vault.

Objects of other teams are not found (Http404). A person without a team finds nothing (NoTeam). An act without the right role
raises RoleMissing, and the page then names the role to ask for.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404

from vaults.actors import Actor, Command, Invited, Person, Stranger, System
from vaults.keyvault.identifiers import fold
from vaults.kinds import OF_ACTION, Kind
from vaults.models import (
    AuditEntry,
    CertificateAuthority,
    ChosenConnection,
    Connection,
    ForeseenRenewals,
    FormerVault,
    InventoryItem,
    Invitation,
    Job,
    JobItem,
    KnownCertificate,
    Membership,
    RecordedOperation,
    Team,
    User,
    Vault,
    VaultConnection,
)
from vaults.models.audit import ACCOUNT, MOST_ACCOUNTS, AuditEntryQuerySet
from vaults.models.prepared import Parameter, Prepared
from vaults.models.team import InvitationQuerySet
from vaults.models.vault import VaultQuerySet
from vaults.permissions import (
    ACT_OF_JOB,
    COMMAND_ACTIONS,
    LOOKS,
    OWN_ACCOUNT,
    ROLE_ACTIONS,
    STRANGER_ACTIONS,
    SYSTEM_ACTIONS,
    Action,
    Role,
    RoleMissing,
)


class NoTeam(Exception):
    """The person is not, or no longer, in any team, so no URL is of use to them."""


class NotReached(Exception):
    """The connection that a form or an address names does not, or no longer, reach the vault."""


@dataclass(frozen=True, slots=True)
class Item:
    """One secret, key or certificate of a vault, by name."""

    vault: Vault
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Installation:
    """The portal itself, for acts that belong to no team: those on a person's own account."""


Target = Installation | Team | Connection | Vault | Item | Job


def target_of(action: Action, target: Target, name: str) -> Target:
    """The item of this name, if the action is about items of one kind and the target is their vault; else the target."""
    kind = OF_ACTION.get(action)
    return Item(target, kind, name) if isinstance(target, Vault) and kind and name else target


def team_of(target: Target) -> Team:
    """Raises TypeError for the installation and its jobs, which have none."""
    match target:
        case Installation():
            raise TypeError("the act belongs to no team")
        case Team():
            return target
        case Item():
            return target.vault.team
        case Job():
            if target.team is None:
                raise TypeError("the job belongs to no team")
            return target.team
        case _:
            return target.team


@dataclass(frozen=True, slots=True)
class Decision:
    """Result of a permission check.

    `because`: the reason, such as "role:writer", "no-role", "own-account", "system", "command", "invitation".
    """

    allowed: bool
    because: str


def decide(actor: Actor, action: Action, target: Target) -> Decision:
    """Decide if an actor may do an act, and why. Uses the person's role as known in this request: see `require`."""
    match actor:
        case Person():
            if action in OWN_ACCOUNT:
                return Decision(True, "own-account")
            role = actor.role_in(team_of(target))
            allowed = role is not None and _needed(action, target) <= ROLE_ACTIONS[role]
            return Decision(allowed, f"role:{role}" if role else "no-role")
        case Command():
            return Decision(action in COMMAND_ACTIONS | SYSTEM_ACTIONS, "command")
        case System():
            return Decision(action in SYSTEM_ACTIONS, "system")
        case Invited():
            is_theirs = actor.invitation.team_id == team_of(target).pk
            return Decision(action is Action.MEMBER_JOIN and is_theirs, "invitation")
        case Stranger():
            return Decision(action in STRANGER_ACTIONS, "not-signed-in")
    raise TypeError(f"no permission rule for {type(actor).__name__}")


def _needed(action: Action, target: Target) -> set[Action | None]:
    """The action, and for changes of a job also what the job does; None, which no role has, if that is not known."""
    return {action, ACT_OF_JOB.get(target.kind)} if isinstance(target, Job) and action not in LOOKS else {action}


def refresh(actor: Actor, action: Action, target: Target) -> None:
    """Read the role again if the act does more than read: it may have ended since the request began."""
    if isinstance(actor, Person) and action not in LOOKS | OWN_ACCOUNT:
        actor.refresh(team_of(target))


def require(actor: Actor, action: Action, target: Target) -> None:
    """Raises RoleMissing if the actor may not, or no longer, do the act."""
    refresh(actor, action, target)
    if not decide(actor, action, target).allowed:
        raise RoleMissing(action)


@contextmanager
def writing(actor: Actor, action: Action, target: Target) -> Iterator[None]:
    """A transaction for the portal's own rows; the permission is checked inside it. Raises RoleMissing."""
    with transaction.atomic():
        lock_members(Team.objects.filter(pk=team_of(target).pk))
        require(actor, action, target)
        yield


def lock_members(teams: QuerySet[Team]) -> None:
    """Lock these teams until the transaction ends: no one else can change members, invitations or anything that needs a right."""
    list(teams.select_for_update(no_key=True).order_by("pk"))


class Visible:
    """The objects that an actor may see. Pages, counts, searches and exports use only these querysets."""

    def __init__(self, teams: list[uuid.UUID] | None, accounts: Iterable[str] = ()) -> None:
        """`teams`: ids of the teams whose objects are visible; None for all. `accounts`: e-mail addresses of the accounts
        whose sign-ins are."""
        self.teams = teams
        self._read_accounts = accounts

    def includes(self, team: Team) -> bool:
        return self.teams is None or team.pk in self.teams

    @cached_property
    def accounts(self) -> list[str]:
        """Folded e-mail addresses."""
        return sorted({fold(email) for email in self._read_accounts})

    @property
    def connections(self) -> QuerySet[Connection]:
        found = Connection.objects.select_related("team")
        return found if self.teams is None else found.filter(team_id__in=self.teams)

    @property
    def vaults(self) -> VaultQuerySet:
        found = Vault.objects.select_related("team")
        return found if self.teams is None else found.filter(team_id__in=self.teams)

    @property
    def items(self) -> QuerySet[InventoryItem]:
        """Items that exist, as far as is known."""
        found = InventoryItem.objects.existing()
        return found if self.teams is None else found.filter(vault__team_id__in=self.teams)

    @property
    def operations(self) -> QuerySet[RecordedOperation]:
        """Operations of certificates, in progress or ended."""
        found = RecordedOperation.objects.all()
        return found if self.teams is None else found.filter(self._of_visible_vault)

    @property
    def certificates(self) -> QuerySet[KnownCertificate]:
        """What is known of live certificates beyond their lists."""
        found = KnownCertificate.objects.filter(item__gone_since=None, item__deleted_on=None)
        return found if self.teams is None else found.filter(item__vault__team_id__in=self.teams)

    @property
    def foreseen(self) -> QuerySet[ForeseenRenewals]:
        """The verdicts on live certificates."""
        found = ForeseenRenewals.objects.filter(certificate__item__gone_since=None, certificate__item__deleted_on=None)
        return found if self.teams is None else found.filter(certificate__item__vault__team_id__in=self.teams)

    @property
    def authorities(self) -> QuerySet[CertificateAuthority]:
        """What teams have said of CAs."""
        found = CertificateAuthority.objects.all()
        return found if self.teams is None else found.filter(team_id__in=self.teams)

    @property
    def recycle_bin(self) -> QuerySet[InventoryItem]:
        """Deleted items that can be recovered or purged on their own."""
        found = InventoryItem.objects.in_recycle_bin()
        return found if self.teams is None else found.filter(self._of_visible_vault)

    @property
    def _of_visible_vault(self) -> Exists:
        """For rows that pages read in the order of an index over all vaults: a database would begin a join with the vaults, and
        sort all their rows."""
        return Exists(Vault.objects.filter(pk=OuterRef("vault_id"), team_id__in=self.teams or []))

    @property
    def jobs(self) -> QuerySet[Job]:
        found = Job.objects.select_related("team", "requested_by")
        return found if self.teams is None else found.filter(team_id__in=self.teams)

    @property
    def job_items(self) -> QuerySet[JobItem]:
        found = JobItem.objects.select_related("vault")
        return found if self.teams is None else found.filter(job__team_id__in=self.teams)

    @property
    def entries(self) -> AuditEntryQuerySet:
        """Entries of these teams, and those about these accounts."""
        found = AuditEntry.objects.all()
        return found if self.teams is None else found.filter(self._of_teams | self._about_accounts)

    @property
    def team_entries(self) -> AuditEntryQuerySet:
        """Those of these teams alone: the acts on vaults and connections."""
        found = AuditEntry.objects.all()
        return found if self.teams is None else found.filter(self._of_teams)

    @property
    def trails(self) -> list[AuditEntryQuerySet]:
        """The same in parts, newest first, each in the order of an index: a page merges them.

        Asked for all at once, a database sorts them.
        """
        entries = AuditEntry.objects.all()
        if self.teams is None:
            return [entries.order_by("-id")]
        teams = [entries.of_team(team) for team in self.teams]
        if len(self.accounts) > MOST_ACCOUNTS:
            return [*teams, entries.about_accounts(self.accounts)]
        return teams + [entries.about_account(each) for each in self.accounts]

    @property
    def _of_teams(self) -> Q:
        return Q(team_id__in=self.teams or [])

    @property
    def _about_accounts(self) -> Q:
        return Q(team_id=None, kind=ACCOUNT, folded_name__in=self.accounts)

    @property
    def members(self) -> QuerySet[Membership]:
        found = Membership.objects.select_related("user", "team")
        return found if self.teams is None else found.filter(team_id__in=self.teams)

    @property
    def invitations(self) -> InvitationQuerySet:
        found = Invitation.objects.select_related("team")
        return found if self.teams is None else found.filter(team_id__in=self.teams)


def visible_to(actor: Actor, team: Team | None = None) -> Visible:
    """The objects visible to the actor, in one team or in all their teams. Portal and commands see all teams, strangers none."""
    if isinstance(actor, System):
        return Visible(None if team is None else [team.pk])
    if not isinstance(actor, Person):
        return Visible([])
    teams = actor.teams if team is None else [team]
    seen = [each.pk for each in teams if actor.role_in(each)]
    return Visible(seen, _accounts_of(actor, teams))


def _accounts_of(actor: Person, teams: list[Team]) -> Iterator[str]:
    """The person's own account, and those of the members of the teams that they own. Read only when they are asked for."""
    yield actor.user.email
    owned = [each.pk for each in teams if actor.role_in(each) is Role.OWNER]
    if owned:
        yield from User.objects.filter(memberships__team__in=owned).values_list("email", flat=True).distinct()


_VAULTS_WITH_STATE: Prepared[Vault] = Prepared(
    lambda: Vault.objects.filter(team=Parameter("team", Team._meta.pk)).with_state().order_by("name")
)


def vaults_with_state(actor: Actor, team: Team) -> list[Vault]:
    """The vaults of a team that the actor may see, as in `Visible.vaults`, with their state: for the sidebar of each page."""
    found = _VAULTS_WITH_STATE(team=team.pk) if visible_to(actor, team).includes(team) else []
    for vault in found:
        vault.team = team
    return found


_CONNECTIONS: Prepared[Connection] = Prepared(
    lambda: (
        Connection.objects.filter(team=Parameter("team", Team._meta.pk), reaches__vault__team=F("team"))
        .annotate(vault_id=F("reaches__vault"))
        .order_by("reaches__position", "reaches__pk")
    )
)


def read_connections(vaults: Iterable[Vault], team: Team) -> None:
    """Set the connections of these vaults of one team, in one query."""
    by_vault: dict[uuid.UUID, list[Connection]] = defaultdict(list)
    for each in _CONNECTIONS(team=team.pk):
        by_vault[each.vault_id].append(each)  # type: ignore[attr-defined]  # annotated
    for vault in vaults:
        vault.connections_in_order = by_vault[vault.pk]


def current_team(actor: Person) -> Team:
    """The team that lists show and that owns new objects.

    Raises NoTeam, and Http404 if the person is no longer in the team that the sent form was shown for.
    """
    if actor.team is None:
        raise NoTeam
    if actor.form_team not in {"", str(actor.team.pk)}:
        raise Http404("No such team.")
    return actor.team


def not_found(actor: Person, what: str) -> Http404 | NoTeam:
    """The exception to raise for an object that this person can't find."""
    return Http404(what) if actor.teams else NoTeam()


def connection_for(actor: Person, connection_id: uuid.UUID) -> Connection:
    """Raises Http404, NoTeam."""
    connection = visible_to(actor).connections.filter(pk=connection_id).first()
    if connection is None:
        raise not_found(actor, "No such connection.")
    return connection


def job_for(actor: Person, job_id: uuid.UUID) -> Job:
    """Raises Http404, NoTeam."""
    job = visible_to(actor).jobs.filter(pk=job_id).first()
    if job is None:
        raise not_found(actor, "No such job.")
    return job


_USER = Parameter("user", User._meta.pk)
_IS_CHOSEN = ChosenConnection.objects.filter(
    user=_USER, reached_through__vault=OuterRef("reaches__vault"), reached_through__connection=OuterRef("pk")
)
#: A vault and the person's role there, and the vault's connections in their order: each page of a vault reads them before it
#: calls Azure.
_VAULT: Prepared[Vault] = Prepared(
    lambda: Vault.objects.filter(
        slug=Parameter("slug", Vault._meta.get_field("slug")),
        team__memberships__user=_USER,
        team__memberships__user__is_active=True,
    ).annotate(role_here=F("team__memberships__role"), team_name=F("team__name"))
)
_WAYS: Prepared[Connection] = Prepared(
    lambda: (
        Connection.objects.filter(reaches__vault=Parameter("vault", Vault._meta.pk), team=F("reaches__vault__team"))
        .annotate(is_chosen=Exists(_IS_CHOSEN))
        .order_by("reaches__position", "reaches__pk")
    )
)


def vault_for(actor: Person, slug: str, through: str = "") -> Vault:
    """The vault of a URL, independent of the current team, reached through one of its connections.

    That is `through`, the id of a connection, if the request names one; else the person's choice, if it still reaches the
    vault; else the first. All connections of a vault are of its team, so each member may use each of them.
    Raises Http404, NoTeam, and NotReached if the named connection does not reach the vault.
    """
    vault = next(iter(_VAULT(slug=slug, user=actor.user.pk)), None)
    ways = _WAYS(vault=vault.pk, user=actor.user.pk) if vault else []
    if vault is None or not ways:
        raise not_found(actor, "No such vault.")
    vault.team = Team.from_db(connection.alias, ["id", "name"], [vault.team_id, vault.team_name])  # type: ignore[attr-defined]
    actor.remember_role(vault.team, Role(vault.role_here))  # type: ignore[attr-defined]
    vault.connections_in_order = ways
    return vault.through(_way(ways, through))


def _way(ways: Sequence[Connection], through: str) -> Connection:
    """Raises NotReached."""
    if not through:
        return next((each for each in ways if each.is_chosen), ways[0])  # type: ignore[attr-defined]  # annotated
    named = next((each for each in ways if str(each.pk) == through.lower()), None)
    if named is None:
        raise NotReached
    return named


def choose_connection(actor: Person, vault: Vault) -> None:
    """Remember that this person reaches the vault through the connection through which this request acts."""
    way = VaultConnection.objects.filter(vault=vault, connection=vault.connection).first()
    if way is None:
        raise NotReached
    ChosenConnection.objects.update_or_create(user=actor.user, vault=vault, defaults={"reached_through": way})


def former_vault_for(actor: Person, slug: str) -> FormerVault:
    """The vault that an address of an earlier version named. Raises Http404, NoTeam."""
    former = FormerVault.objects.filter(slug=slug, vault__in=visible_to(actor).vaults).select_related("vault").first()
    if former is None:
        raise not_found(actor, "No such vault.")
    return former
