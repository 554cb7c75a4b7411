"""Count the inventory: the cards, the chart and the rows of the overview, for one vault or for all visible vaults."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When
from django.utils import timezone

from vaults.kinds import CERTIFICATE, KEY, SECRET
from vaults.models import InventoryItem, Vault
from vaults.models.inventory import ENDLESS


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

    def expiring(self, now: datetime) -> Q:
        return Q(expires_on__gt=now, expires_on__gte=self.start, expires_on__lt=self.end)


class Summary:
    """What is known of these vaults' items, as far as they may be seen. Each part is read when it is first used."""

    def __init__(self, items: QuerySet[InventoryItem], vaults: Iterable[Vault]) -> None:
        self._now = timezone.now()
        self.vaults = rows(items, list(vaults))
        self.figures = _sum(row.figures for row in self.vaults)
        self._items = items.filter(vault__in=[row.vault for row in self.vaults])

    @cached_property
    def months(self) -> list[Month]:
        return months(self._items, self._now)

    @cached_property
    def next_to_expire(self) -> list[InventoryItem]:
        return next_to_expire(self._items, self._now)

    @cached_property
    def latest_expired(self) -> list[InventoryItem]:
        return latest_expired(self._items, self._now)

    @cached_property
    def oldest_pending(self) -> list[InventoryItem]:
        return oldest_pending(self._items) if self.figures.pending else []

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


def live(items: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
    """Items that are not deleted and not the managed secret or managed key of a certificate."""
    return items.filter(deleted_on=None, managed=False)


def rows(items: QuerySet[InventoryItem], vaults: list[Vault]) -> list[VaultRow]:
    """The vaults with the counts of those items that may be seen: one query for any number of vaults."""
    now, alive, enabled = timezone.now(), Q(deleted_on=None), Q(enabled=True)
    counted: Any = items.filter(vault__in=vaults, managed=False).values("vault").annotate(
        total=Count("pk", filter=alive),
        secrets=Count("pk", filter=alive & Q(kind=SECRET.name)),
        keys=Count("pk", filter=alive & Q(kind=KEY.name)),
        certificates=Count("pk", filter=alive & Q(kind=CERTIFICATE.name)),
        expired=Count("pk", filter=alive & Q(expires_on__lte=now)),
        expired_enabled=Count("pk", filter=alive & enabled & Q(expires_on__lte=now)),
        within_7=Count("pk", filter=alive & _within(now, 7)),
        within_7_enabled=Count("pk", filter=alive & enabled & _within(now, 7)),
        within_30=Count("pk", filter=alive & _within(now, 30)),
        within_30_enabled=Count("pk", filter=alive & enabled & _within(now, 30)),
        within_90=Count("pk", filter=alive & _within(now, 90)),
        never_expires=Count("pk", filter=alive & ENDLESS),
        disabled=Count("pk", filter=alive & Q(enabled=False, issued=True)),
        unissued=Count("pk", filter=alive & Q(issued=False, pending=False)),
        # After "unissued": from here on "pending" is this count, no longer the column.
        pending=Count("pk", filter=alive & Q(pending=True)),
        deleted=Count("pk", filter=~alive),
    )  # fmt: skip
    by_vault = {row.pop("vault"): Figures(**row) for row in counted}
    return [VaultRow(vault, by_vault.get(vault.pk) or Figures()) for vault in vaults]


def _within(now: datetime, days: int) -> Q:
    """Items that expire within so many days from now."""
    return Q(expires_on__gt=now, expires_on__lte=now + timedelta(days=days))


def next_months(now: datetime) -> list[Month]:
    """Twelve calendar months in the viewer's time zone, starting with the present one."""
    local = timezone.localtime(now)
    starts = [
        datetime(local.year + place // 12, place % 12 + 1, 1, tzinfo=local.tzinfo)
        for place in range(local.month - 1, local.month + 12)
    ]
    return [Month(start, end) for start, end in pairwise(starts)]


def months(items: QuerySet[InventoryItem], now: datetime) -> list[Month]:
    """Number of live items that expire in each of these twelve months."""
    ahead = next_months(now)
    ends = [When(expires_on__lt=month.end, then=place) for place, month in enumerate(ahead)]
    expiring = live(items).filter(expires_on__gt=now, expires_on__lt=ahead[-1].end)
    counted = dict(expiring.values_list(Case(*ends, output_field=IntegerField())).annotate(Count("pk")))
    return [Month(month.start, month.end, counted.get(place, 0)) for place, month in enumerate(ahead)]


def next_to_expire(items: QuerySet[InventoryItem], now: datetime) -> list[InventoryItem]:
    """Up to eight enabled items that are still valid, the first to expire first."""
    ahead = live(items).filter(enabled=True, expires_on__gt=now)
    return list(_due(ahead).order_by("expires_on", "name")[:8])


def latest_expired(items: QuerySet[InventoryItem], now: datetime) -> list[InventoryItem]:
    """Up to five enabled items that have expired, the latest first: an old expiry has evidently caused no problem."""
    past = live(items).filter(enabled=True, expires_on__lte=now)
    return list(_due(past).order_by("-expires_on", "name")[:5])


def _due(items: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
    """With the columns that a list of expiry dates shows."""
    shown = ("kind", "name", "enabled", "issued", "not_before", "expires_on", "deleted_on", "odd")
    return items.select_related("vault").only(*shown, "vault__name", "vault__slug")


def oldest_pending(items: QuerySet[InventoryItem]) -> list[InventoryItem]:
    """Up to three certificates that are not issued yet, the oldest first."""
    waiting = live(items).filter(pending=True)
    return list(waiting.select_related("vault").order_by(F("created_on").asc(nulls_last=True), "name")[:3])
