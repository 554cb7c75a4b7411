"""The figures of vaults are those of their items, counted one by one."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.utils import timezone

from tests.conftest import World, make_vault
from vaults.inventory.counts import LATEST, Summary, latest_expired, months, next_to_expire, rows
from vaults.inventory.figures import Figures, figures_of
from vaults.models import InventoryItem, Vault

NOW = timezone.now()
#: Days from now on both sides of every limit; None: no date.
DAYS = (None, -400, -1, 0, 6, 7, 8, 30, 31, 90, 91, 360, 500)


def item(vault: Vault, number: int, days: int | None, enabled: bool | None, kind: str) -> InventoryItem:
    return InventoryItem(
        vault=vault,
        kind=kind,
        name=f"{kind}-{number}",
        folded_name=f"{kind}-{number}",
        enabled=enabled,
        expires_on=None if days is None else NOW + timedelta(days=days),
        managed=number % 7 == 0,
        issued=number % 5 != 0,
        pending=number % 10 == 0,
        deleted_on=NOW if number % 11 == 0 else None,
        gone_since=NOW if number % 13 == 0 else None,
        odd={"expires_on": "never"} if days is None and number % 2 else {},
    )


def fill(vault: Vault) -> list[InventoryItem]:
    many = product(range(3), DAYS, (True, False, None), ("secret", "key", "certificate"))
    items = [item(vault, number, *each) for number, (_, *each) in enumerate(many, 1)]  # type: ignore[arg-type]
    return InventoryItem.objects.bulk_create(items)


def counted(items: list[InventoryItem]) -> Figures:
    found = Figures()
    for each in items:
        if each.managed or each.gone_since:
            continue
        if each.deleted_on:
            found.deleted += 1
            continue
        count(found, each)
    return found


def count(found: Figures, each: InventoryItem) -> None:
    found.total += 1
    found.secrets += each.kind == "secret"
    found.keys += each.kind == "key"
    found.certificates += each.kind == "certificate"
    found.disabled += each.enabled is False and each.issued
    found.pending += each.pending
    found.unissued += not each.issued and not each.pending
    if each.expires_on is None:
        found.never_expires += each.issued and not each.odd
        return
    left = each.expires_on - NOW
    found.expired += left <= timedelta()
    found.expired_enabled += left <= timedelta() and each.enabled is True
    for days in (7, 30, 90):
        is_within = timedelta() < left <= timedelta(days=days)
        setattr(found, f"within_{days}", getattr(found, f"within_{days}") + is_within)
        if days != 90:
            name = f"within_{days}_enabled"
            setattr(found, name, getattr(found, name) + (is_within and each.enabled is True))


@pytest.fixture
def filled(world: World) -> dict[Vault, list[InventoryItem]]:
    other = make_vault(connection=world.connection, name="kv-other", slug="kv-other")
    return {world.vault: fill(world.vault), other: fill(other)}


def test_each_figure_counts_its_items(filled: dict[Vault, list[InventoryItem]]) -> None:
    wanted = {vault.pk: counted(items) for vault, items in filled.items()}
    assert figures_of(list(filled), NOW) == wanted
    for vault in filled:
        assert figures_of([vault], NOW) == {vault.pk: wanted[vault.pk]}
    assert all(getattr(next(iter(wanted.values())), name) for name in Figures.__slots__)  # each figure was tried


def test_without_vaults_nothing_is_counted(world: World) -> None:
    assert rows([]) == []
    assert Summary([]).figures == Figures()
    empty = make_vault(connection=world.connection, name="kv-empty", slug="kv-empty")
    assert [row.figures for row in rows([empty])] == [Figures()]


def test_months_count_what_expires_in_them(filled: dict[Vault, list[InventoryItem]]) -> None:
    live = [e for items in filled.values() for e in items if not (e.managed or e.gone_since or e.deleted_on)]
    ends = [each.expires_on for each in live if each.expires_on and each.expires_on > NOW]
    found = months(list(filled), NOW)
    assert [month.count for month in found] == [sum(month.start <= end < month.end for end in ends) for month in found]
    assert sum(month.count for month in found) > 0


def test_lists_are_short_and_in_the_order_of_expiry(filled: dict[Vault, list[InventoryItem]]) -> None:
    live = [
        e for items in filled.values() for e in items if not (e.managed or e.gone_since or e.deleted_on) and e.enabled
    ]
    ahead = sorted(e.expires_on for e in live if e.expires_on and e.expires_on > NOW)
    past = sorted((e.expires_on for e in live if e.expires_on and e.expires_on <= NOW), reverse=True)
    vaults = list(filled)
    assert [each.expires_on for each in next_to_expire(vaults, NOW, LATEST)] == ahead[:8]
    assert [each.expires_on for each in Summary(vaults).next_to_expire] == ahead[:8]
    assert [each.expires_on for each in latest_expired(vaults, NOW)] == past[:5]
    assert {each.vault.name for each in next_to_expire([vaults[1]], NOW, LATEST)} == {"kv-other"}


def test_the_bound_of_the_list_is_no_bound_where_few_items_expire_soon(world: World) -> None:
    far = datetime(2090, 1, 1, tzinfo=UTC)
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="far", enabled=True, expires_on=far)
    assert [each.name for each in Summary([world.vault]).next_to_expire] == ["far"]
