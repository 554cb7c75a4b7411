"""Count the inventory: the cards, the chart and the rows of the overview, for one vault or for all visible vaults."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from vaults.kinds import CERTIFICATE, KEY, SECRET
from vaults.models import InventoryItem, Vault
from vaults.models.inventory import ENDLESS


@dataclass(slots=True)
class VaultRow:
    """One vault's row: its counts by kind, and what expires within 30 days."""

    vault: Vault
    items: int = 0
    secrets: int = 0
    keys: int = 0
    certificates: int = 0
    deleted: int = 0
    expired: int = 0
    expiring: int = 0


@dataclass(slots=True)
class Month:
    """The remaining part of a calendar month, and how many items expire in it: one bar of the chart."""

    start: datetime
    end: datetime
    count: int = 0

    def expiring(self, now: datetime) -> Q:
        return Q(expires_on__gt=now, expires_on__gte=self.start, expires_on__lt=self.end)


@dataclass(slots=True)
class Summary:
    """Counts of live items. Managed secrets and managed keys are left out, so that a certificate is counted once."""

    vaults: list[VaultRow]
    total: int = 0
    secrets: int = 0
    keys: int = 0
    certificates: int = 0
    expired: int = 0
    expired_enabled: int = 0
    within_7: int = 0
    within_7_enabled: int = 0
    within_30: int = 0
    within_90: int = 0
    never_expires: int = 0
    disabled: int = 0
    pending: int = 0
    unissued: int = 0
    deleted: int = 0
    months: list[Month] = field(default_factory=list)
    next_to_expire: list[InventoryItem] = field(default_factory=list)
    latest_expired: list[InventoryItem] = field(default_factory=list)
    oldest_pending: list[InventoryItem] = field(default_factory=list)

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


def live(items: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
    """Items that are not deleted and not the managed secret or managed key of a certificate."""
    return items.filter(deleted_on=None, managed=False)


def summary_of(items: QuerySet[InventoryItem], vaults: Iterable[Vault]) -> Summary:
    """The figures of the vaults, of those items that may be seen: seven queries for any number of vaults."""
    found = list(vaults)
    now = timezone.now()
    everything = items.filter(vault__in=found)
    counts = live(everything).aggregate(
        total=Count("pk"),
        secrets=Count("pk", filter=Q(kind=SECRET.name)),
        keys=Count("pk", filter=Q(kind=KEY.name)),
        certificates=Count("pk", filter=Q(kind=CERTIFICATE.name)),
        expired=Count("pk", filter=Q(expires_on__lte=now)),
        expired_enabled=Count("pk", filter=Q(expires_on__lte=now, enabled=True)),
        within_7_enabled=Count(
            "pk", filter=Q(expires_on__gt=now, expires_on__lte=now + timedelta(days=7), enabled=True)
        ),
        within_7=_within(now, 7),
        within_30=_within(now, 30),
        within_90=_within(now, 90),
        never_expires=Count("pk", filter=ENDLESS),
        disabled=Count("pk", filter=Q(enabled=False, issued=True)),
        unissued=Count("pk", filter=Q(issued=False, pending=False)),
        pending=Count("pk", filter=Q(pending=True)),
    )
    counts["deleted"] = everything.exclude(deleted_on=None).filter(managed=False).count()
    return Summary(
        rows(items, found),
        **counts,
        months=months(everything, now),
        next_to_expire=next_to_expire(everything, now),
        latest_expired=latest_expired(everything, now),
        oldest_pending=oldest_pending(everything),
    )


def _within(now: datetime, days: int) -> Count:
    """Number of items that expire within so many days from now."""
    return Count("pk", filter=Q(expires_on__gt=now, expires_on__lte=now + timedelta(days=days)))


def rows(items: QuerySet[InventoryItem], vaults: list[Vault]) -> list[VaultRow]:
    """The vaults with the counts of those items that may be seen: one query for any number of vaults."""
    now, alive = timezone.now(), Q(deleted_on=None)
    counted = items.filter(vault__in=vaults, managed=False).values("vault").annotate(
        items=Count("pk", filter=alive),
        secrets=Count("pk", filter=alive & Q(kind=SECRET.name)),
        keys=Count("pk", filter=alive & Q(kind=KEY.name)),
        certificates=Count("pk", filter=alive & Q(kind=CERTIFICATE.name)),
        deleted=Count("pk", filter=~alive),
        expired=Count("pk", filter=alive & Q(enabled=True, expires_on__lte=now)),
        expiring=Count(
            "pk", filter=alive & Q(enabled=True, expires_on__gt=now, expires_on__lte=now + timedelta(days=30))
        ),
    )  # fmt: skip
    by_vault: dict[uuid.UUID, Any] = {row["vault"]: {k: v for k, v in row.items() if k != "vault"} for row in counted}
    return [VaultRow(vault, **by_vault.get(vault.pk, {})) for vault in vaults]


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
    counts = live(items).aggregate(
        **{f"month_{place}": Count("pk", filter=month.expiring(now)) for place, month in enumerate(ahead)}
    )
    return [Month(month.start, month.end, counts[f"month_{place}"]) for place, month in enumerate(ahead)]


def next_to_expire(items: QuerySet[InventoryItem], now: datetime) -> list[InventoryItem]:
    """Up to eight enabled items that are still valid, the first to expire first."""
    ahead = live(items).filter(enabled=True, expires_on__gt=now)
    return list(ahead.select_related("vault").order_by("expires_on", "name")[:8])


def latest_expired(items: QuerySet[InventoryItem], now: datetime) -> list[InventoryItem]:
    """Up to five enabled items that have expired, the latest first: an old expiry has evidently caused no problem."""
    past = live(items).filter(enabled=True, expires_on__lte=now)
    return list(past.select_related("vault").order_by("-expires_on", "name")[:5])


def oldest_pending(items: QuerySet[InventoryItem]) -> list[InventoryItem]:
    """Up to three certificates that are not issued yet, the oldest first."""
    waiting = live(items).filter(pending=True)
    return list(waiting.select_related("vault").order_by(F("created_on").asc(nulls_last=True), "name")[:3])
