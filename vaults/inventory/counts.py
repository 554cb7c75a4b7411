"""Count the inventory: the cards, the chart and the rows of the overview, for one vault or for all visible vaults."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from vaults.inventory.figures import EXPIRY, NOW, Figures, OfVaults, counting, figures_of
from vaults.models import InventoryItem, Vault
from vaults.models.inventory import LIVE
from vaults.models.prepared import Parameter

MONTHS = 12
#: The number of items in the list of those that expire next.
MOST_NEXT = 8
#: Later than every expiry date.
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VaultRow:
    """One vault's row: the counts of its items; of the expired ones and those that expire, only the enabled ones."""

    vault: Vault
    figures: Figures

    @property
    def items(self) -> int:
        return self.figures.total

    @property
    def expired(self) -> int:
        return self.figures.expired_enabled

    @property
    def expiring(self) -> int:
        """Within 30 days."""
        return self.figures.within_30_enabled


@dataclass(slots=True)
class Month:
    """The remaining part of a calendar month, and how many items expire in it: one bar of the chart."""

    start: datetime
    end: datetime
    count: int = 0


def expiring(now: Any, start: Any, end: Any) -> Q:
    """Items that expire in a month: moments, or parameters of a prepared query."""
    return Q(expires_on__gt=now, expires_on__gte=start, expires_on__lt=end)


class Summary:
    """What is known of the items of these vaults: one, or all of one team. Each part is read when it is first used."""

    def __init__(self, vaults: Sequence[Vault]) -> None:
        self._now = timezone.now()
        self._vaults = vaults
        self.vaults = rows(vaults)
        self.figures = _sum(row.figures for row in self.vaults)

    @cached_property
    def months(self) -> list[Month]:
        return months(self._vaults, self._now)

    @cached_property
    def next_to_expire(self) -> list[InventoryItem]:
        return next_to_expire(self._vaults, self._now, self._until)

    @property
    def _until(self) -> datetime:
        """A moment until which enough items expire for `next_to_expire`, so that no more are sorted."""
        counts = ((7, self.figures.within_7_enabled), (30, self.figures.within_30_enabled))
        return next((self._now + timedelta(days=days) for days, count in counts if count >= MOST_NEXT), LATEST)

    @cached_property
    def latest_expired(self) -> list[InventoryItem]:
        return latest_expired(self._vaults, self._now)

    @cached_property
    def oldest_pending(self) -> list[InventoryItem]:
        return oldest_pending(self._vaults) if self.figures.pending else []

    @property
    def as_of(self) -> datetime | None:
        """The time of the oldest last scan among the vaults: no figure is older. None if no vault was scanned."""
        return min((row.vault.scanned_at for row in self.vaults if row.vault.scanned_at), default=None)

    @property
    def not_in_full(self) -> list[Vault]:
        """Vaults whose items are not all counted, or not in their present state.

        They were never scanned, or the last scan failed or was refused a list.
        """
        return [row.vault for row in self.vaults if not row.vault.read_in_full]


def _sum(figures: Iterable[Figures]) -> Figures:
    counted = [astuple(each) for each in figures]
    return Figures(*map(sum, zip(*counted, strict=True))) if counted else Figures()


def rows(vaults: Sequence[Vault]) -> list[VaultRow]:
    """The vaults, one or those of one team, with the counts of their items: one query for any number of vaults."""
    by_vault = figures_of(vaults, timezone.now())
    return [VaultRow(vault, by_vault.get(vault.pk) or Figures()) for vault in vaults]


def next_months(now: datetime) -> list[Month]:
    """Twelve calendar months in the viewer's time zone, starting with the present one."""
    local = timezone.localtime(now)
    starts = [
        datetime(local.year + place // 12, place % 12 + 1, 1, tzinfo=local.tzinfo)
        for place in range(local.month - 1, local.month + MONTHS)
    ]
    return [Month(start, end) for start, end in pairwise(starts)]


#: By month: the number of items that expire in it.
_BY_MONTH = counting(
    {
        f"month_{place}": LIVE & expiring(NOW, Parameter(f"start_{place}", EXPIRY), Parameter(f"end_{place}", EXPIRY))
        for place in range(MONTHS)
    }
)


def months(vaults: Sequence[Vault], now: datetime) -> list[Month]:
    """Number of live items that expire in each of these twelve months. `vaults` as in `rows`."""
    ahead = next_months(now)
    starts = {f"start_{place}": month.start for place, month in enumerate(ahead)}
    ends = {f"end_{place}": month.end for place, month in enumerate(ahead)}
    shown = {vault.pk for vault in vaults}
    found = [vault for vault in _BY_MONTH(vaults, now=now, **starts, **ends) if vault.pk in shown]
    for place, month in enumerate(ahead):
        month.count = sum(getattr(vault, f"month_{place}") for vault in found)
    return ahead


def _due(condition: Q, order: str, limit: int) -> OfVaults[InventoryItem]:
    """Enabled live items, with the columns that a list of expiry dates shows."""
    shown = ("vault", "kind", "name", "enabled", "issued", "not_before", "expires_on", "deleted_on", "odd")
    due = InventoryItem.objects.filter(LIVE, condition, enabled=True).only(*shown).order_by(order, "name")
    return OfVaults.of_objects(lambda which: due.filter(which)[:limit], "vault", "vault__team")


_NEXT = _due(Q(expires_on__gt=NOW, expires_on__lte=Parameter("until", EXPIRY)), "expires_on", MOST_NEXT)
_EXPIRED = _due(Q(expires_on__lte=NOW), "-expires_on", 5)
_PENDING: OfVaults[InventoryItem] = OfVaults.of_objects(
    lambda which: InventoryItem.objects.filter(LIVE, which, pending=True).order_by(
        F("created_on").asc(nulls_last=True), "name"
    )[:3],
    "vault",
    "vault__team",
)


def next_to_expire(vaults: Sequence[Vault], now: datetime, until: datetime) -> list[InventoryItem]:
    """Up to MOST_NEXT enabled items that are still valid and expire until then, the first to expire first."""
    return _with_vaults(_NEXT(vaults, now=now, until=until), vaults)


def latest_expired(vaults: Sequence[Vault], now: datetime) -> list[InventoryItem]:
    """Up to five enabled items that have expired, the latest first: an old expiry has evidently caused no problem."""
    return _with_vaults(_EXPIRED(vaults, now=now), vaults)


def oldest_pending(vaults: Sequence[Vault]) -> list[InventoryItem]:
    """Up to three certificates that are not issued yet, the oldest first."""
    return _with_vaults(_PENDING(vaults), vaults)


def _with_vaults(items: list[InventoryItem], vaults: Sequence[Vault]) -> list[InventoryItem]:
    """The items of these vaults, each with its vault."""
    by_id = {vault.pk: vault for vault in vaults}
    found = [item for item in items if item.vault_id in by_id]
    for item in found:
        item.vault = by_id[item.vault_id]
    return found
