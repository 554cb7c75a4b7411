"""Figures of vaults: counts of their items. Each count reads a range of an index, so it is quick in a vault of any size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vaults.kinds import CERTIFICATE, KEY, SECRET
from vaults.models import InventoryItem, Team, Vault
from vaults.models.inventory import ENDLESS, LIVE
from vaults.models.prepared import Parameter, Prepared

M = TypeVar("M", bound=Model)

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
#: By figure: the condition of its items.
_CONDITIONS: Mapping[str, Q] = {
    "total": LIVE,
    "secrets": LIVE & Q(kind=SECRET.name),
    "keys": LIVE & Q(kind=KEY.name),
    "certificates": LIVE & Q(kind=CERTIFICATE.name),
    "expired": LIVE & _EXPIRED,
    "expired_enabled": LIVE & _EXPIRED & _ENABLED,
    "within_7": LIVE & _within(7),
    "within_7_enabled": LIVE & _within(7) & _ENABLED,
    "within_30": LIVE & _within(30),
    "within_30_enabled": LIVE & _within(30) & _ENABLED,
    "within_90": LIVE & _within(90),
    "never_expires": LIVE & ENDLESS,
    "disabled": LIVE & Q(enabled=False, issued=True),
    "pending": LIVE & Q(pending=True),
    "unissued": LIVE & Q(issued=False, pending=False),
    "deleted": Q(gone_since=None, deleted_on__isnull=False, managed=False),
}


class OfVaults(Generic[M]):
    """A prepared query about one vault, or about all vaults of a team."""

    def __init__(self, build: Callable[[Q], QuerySet[M]], vault: str, team: str) -> None:
        """`build` gets the condition for the vaults. `vault`, `team`: the lookups of a vault and of its team."""
        self._of_vault: Prepared[M] = Prepared(lambda: build(Q((vault, OF_VAULT))))
        self._of_team: Prepared[M] = Prepared(lambda: build(Q((team, OF_TEAM))))

    def __call__(self, vaults: Sequence[Vault], **values: Any) -> list[M]:
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

    return OfVaults(build, "pk", "team")


_FIGURES = counting(_CONDITIONS)


def figures_of(vaults: Sequence[Vault], now: datetime) -> dict[UUID, Figures]:
    """The figures by vault. `vaults`: one vault, or all vaults of one team."""
    ends = {f"in_{days}_days": now + timedelta(days=days) for days in (7, 30, 90)}
    found = _FIGURES(vaults, now=now, **ends)
    return {vault.pk: Figures(**{name: getattr(vault, name) for name in _CONDITIONS}) for vault in found}
