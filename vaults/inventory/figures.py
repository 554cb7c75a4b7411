"""Figures of vaults: counts of their items. Each count reads a range of an index, so it is quick in a vault of any size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.models import InventoryItem, Team, Vault
from vaults.models.inventory import ENDLESS, LIVE
from vaults.models.prepared import Parameter, Prepared, PreparedRows

R = TypeVar("R")

EXPIRY = InventoryItem._meta.get_field("expires_on")
NOW = Parameter("now", EXPIRY)
OF_TEAM = Parameter("team", Team._meta.pk)
OF_VAULT = Parameter("vault", Vault._meta.pk)


@dataclass(slots=True)
class Figures:
    """Counts of live items. Managed secrets and managed keys are left out, so that a certificate is counted once."""

    total: int = 0
    secrets: int = 0
    keys: int = 0
    certificates: int = 0
    expired: int = 0
    expired_enabled: int = 0
    within_7: int = 0
    within_7_enabled: int = 0
    within_30: int = 0
    within_30_enabled: int = 0
    within_90: int = 0
    never_expires: int = 0
    disabled: int = 0
    pending: int = 0
    unissued: int = 0
    #: Of the items that are not live.
    deleted: int = 0


def _within(days: int) -> Q:
    """Items that expire within so many days from now."""
    return Q(expires_on__gt=NOW, expires_on__lte=Parameter(f"in_{days}_days", EXPIRY))


_EXPIRED, _ENABLED = Q(expires_on__lte=NOW), Q(enabled=True)
#: By figure: the condition of its items. The other figures come from `_STATES`.
_CONDITIONS: Mapping[str, Q] = {
    "expired": LIVE & _EXPIRED,
    "expired_enabled": LIVE & _EXPIRED & _ENABLED,
    "within_7": LIVE & _within(7),
    "within_7_enabled": LIVE & _within(7) & _ENABLED,
    "within_30": LIVE & _within(30),
    "within_30_enabled": LIVE & _within(30) & _ENABLED,
    "within_90": LIVE & _within(90),
    "never_expires": LIVE & ENDLESS,
    "deleted": Q(gone_since=None, deleted_on__isnull=False, managed=False),
}


class OfVaults(Generic[R]):
    """A prepared query about one vault, or about all vaults of a team."""

    def __init__(self, of_vault: Callable[..., list[R]], of_team: Callable[..., list[R]]) -> None:
        """The query by the parameter `vault`, and by `team`."""
        self._of_vault = of_vault
        self._of_team = of_team

    @classmethod
    def of_objects(cls, build: Callable[[Q], QuerySet[Any]], vault: str, team: str) -> Self:
        """`build` gets the condition for the vaults. `vault`, `team`: the lookups of a vault and of its team."""
        return cls(Prepared(lambda: build(Q((vault, OF_VAULT)))), Prepared(lambda: build(Q((team, OF_TEAM)))))

    def __call__(self, vaults: Sequence[Vault], **values: Any) -> list[R]:
        """`vaults`: one vault, or all vaults of one team. `values`: by parameter."""
        if not vaults:
            return []
        if len(vaults) == 1:
            return self._of_vault(vault=vaults[0].pk, **values)
        return self._of_team(team=vaults[0].team_id, **values)


def counting(conditions: Mapping[str, Q]) -> OfVaults[Vault]:
    """A query for vaults, each with the number of its items for every condition."""

    def count(condition: Q) -> Coalesce:
        items = InventoryItem.objects.filter(condition, vault=OuterRef("pk"))
        return Coalesce(Subquery(items.values("vault").values(count=Count("pk"))), 0)

    def build(which: Q) -> QuerySet[Vault]:
        counts = {name: count(condition) for name, condition in conditions.items()}
        return Vault.objects.filter(which).only("pk").order_by().annotate(**counts)

    return OfVaults.of_objects(build, "pk", "team")


def _states(which: Q) -> PreparedRows:
    """The number of live items by vault, kind and state, counted in the order of an index."""
    live = InventoryItem.objects.filter(LIVE, which).order_by()
    state = ("vault_id", "kind", "enabled", "issued", "pending")
    return PreparedRows(lambda: live.values_list(*state).annotate(count=Count("pk")))


_FIGURES = counting(_CONDITIONS)
_STATES: OfVaults[tuple[Any, ...]] = OfVaults(
    _states(Q(vault=OF_VAULT)), _states(Q(vault__in=Vault.objects.filter(team=OF_TEAM).order_by().values("pk")))
)


def figures_of(vaults: Sequence[Vault], now: datetime) -> dict[UUID, Figures]:
    """The figures by vault. `vaults`: one vault, or all vaults of one team."""
    ends = {f"in_{days}_days": now + timedelta(days=days) for days in (7, 30, 90)}
    found = _FIGURES(vaults, now=now, **ends)
    figures = {vault.pk: Figures(**{name: getattr(vault, name) for name in _CONDITIONS}) for vault in found}
    for vault, kind, enabled, issued, pending, count in _STATES(vaults):
        if vault in figures:
            _add(figures[vault], kind, enabled, issued, pending, count)
    return figures


def _add(figures: Figures, kind: str, enabled: bool | None, issued: bool, pending: bool, count: int) -> None:
    """Add live items of a kind and a state."""
    figures.total += count
    figures.secrets += count if kind == SECRET.name else 0
    figures.keys += count if kind == KEY.name else 0
    figures.certificates += count if kind == CERTIFICATE.name else 0
    figures.disabled += count if enabled is False and issued else 0
    figures.pending += count if pending else 0
    figures.unissued += count if not issued and not pending else 0


#: By whether they are managed: the number of items of a kind that are not deleted.
_OF_KIND = PreparedRows(
    lambda: (
        InventoryItem.objects.existing()
        .filter(vault=OF_VAULT, kind=Parameter("kind", InventoryItem._meta.get_field("kind")), deleted_on=None)
        .order_by()
        .values_list("managed")
        .annotate(count=Count("pk"))
    )
)


def live_of_kind(vault: Vault, kind: Kind) -> tuple[int, int]:
    """The number of items of a kind that are not deleted, and of the managed ones, which are not included in it."""
    counted = dict(_OF_KIND(vault=vault.pk, kind=kind.name))
    return counted.get(False, 0), counted.get(True, 0)
