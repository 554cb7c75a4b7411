"""The lists over all vaults, with thousands of rows: a page reads its rows from an index, wherever in the list it is."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import World, make_vault, say
from vaults.access import visible_to
from vaults.actors import Person
from vaults.inventory.keyset import PAGE_SIZE, Order, Page, Place
from vaults.inventory.operations import OUTCOMES_KEPT
from vaults.models import InventoryItem, RecordedOperation, Vault
from vaults.views import all_operations, recycle_bin

NOW = timezone.now()
MANY = 5000
is_sqlite = connection.vendor == "sqlite"


def fill(world: World, count: int, vaults: int = 20) -> None:
    made = [world.vault, *(make_vault(world.connection, f"kv-{number:02}") for number in range(vaults - 1))]
    Vault.objects.update(scanned_at=NOW, scan_ended_at=NOW)
    InventoryItem.objects.bulk_create(
        [
            InventoryItem(
                vault=made[n % vaults],
                kind=("secret", "key", "certificate")[n % 3],
                name=f"item-{n}",
                enabled=True,
                deleted_on=NOW - timedelta(minutes=n) if n % 2 else None,
                scheduled_purge_on=NOW + timedelta(minutes=n) if n % 2 else None,
            )
            for n in range(count)
        ]
    )
    RecordedOperation.objects.bulk_create(
        [
            RecordedOperation(
                vault=made[n % vaults],
                name=f"item-{n}",
                request_id=str(n),
                begun_at=NOW - timedelta(minutes=n),
                ended_at=NOW - timedelta(minutes=n) if n % 2 else None,
                outcome="issued" if n % 2 else "",
            )
            for n in range(count)
        ]
    )


def lists(world: World) -> dict[str, tuple[Order, QuerySet[Any], str]]:
    """By name: the order of a list, its rows, and the index that it is read from."""
    visible = visible_to(Person(world.olga), world.team)
    running = visible.operations.filter(ended_at=None)
    ended = visible.operations.filter(ended_at__isnull=False, ended_at__gte=NOW - OUTCOMES_KEPT)
    return {
        "deleted": (recycle_bin.ORDER, visible.recycle_bin, "inventory_purge"),
        "deleted of a vault": (recycle_bin.ORDER, visible.recycle_bin.filter(vault=world.vault), "inventory_deleted"),
        "in progress": (all_operations.OPEN, running, "operation_open"),
        "in progress of a vault": (
            all_operations.OPEN,
            running.filter(vault=world.vault),
            "operation_open_of_vault",
        ),
        "ended": (all_operations.ENDED, ended, "operation_ended"),
    }


def pages_of(order: Order, rows: QuerySet[Any]) -> Iterator[Page[Any]]:
    page = order.page(rows)
    yield page
    while page.after:
        page = order.page(rows, after=page.after)
        yield page


@pytest.mark.skipif(not is_sqlite, reason="SQLite only: reads its plans")
@pytest.mark.parametrize("name", ["deleted", "deleted of a vault", "in progress", "in progress of a vault", "ended"])
def test_a_page_is_read_from_an_index_and_not_sorted(name: str, world: World) -> None:
    fill(world, 4000)
    order, rows, index = lists(world)[name]
    page = order.page(rows)
    with CaptureQueriesContext(connection) as captured:
        order.page(rows, after=page.after)
    reads = [query["sql"] for query in captured]
    assert len(reads) <= 2  # on a last page, also the rows without a date
    with connection.cursor() as cursor:
        plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {reads[0]}").fetchall()]
    assert f"USING INDEX {index} " in plan[0], plan
    assert plan[0].startswith("SEARCH"), plan  # it goes on from the place, and does not begin at the first row
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("name", ["deleted", "in progress", "ended"])
def test_pages_have_each_row_once_in_both_directions(name: str, world: World) -> None:
    fill(world, 400)
    InventoryItem.objects.filter(name__in=["item-1", "item-3"]).update(scheduled_purge_on=None)
    InventoryItem.objects.filter(pk__in=InventoryItem.objects.exclude(deleted_on=None).values("pk")[5:80]).update(
        scheduled_purge_on=NOW
    )
    order, rows, _ = lists(world)[name]
    pages = list(pages_of(order, rows))
    there = [row.pk for page in pages for row in page.object_list]
    assert len(there) == len(set(there)) == rows.count() == 200
    assert [len(page.object_list) for page in pages] == [PAGE_SIZE] * 4
    assert (pages[0].before, pages[0].count, pages[1].count) == (None, 200, None)
    page, back = pages[-1], [list(pages[-1].object_list)]
    while page.before:
        page = order.page(rows, before=page.before)
        back.insert(0, list(page.object_list))
    assert [row.pk for rows in back for row in rows] == there
    assert page.after == pages[0].after
    if name == "deleted":
        assert {row.name for row in pages[-1].object_list[-2:]} == {"item-1", "item-3"}  # without a date: last


@pytest.mark.parametrize(
    "text", ["", "_", "x_1", "_-1", "_1.5", "2026-01-01_1", "2026-13-01T00:00:00+00:00_1", f"_{'9' * 30}", "_٣"]
)
def test_a_place_that_is_none(text: str) -> None:
    assert Place.read(text) is None


@pytest.mark.parametrize("place", [Place(NOW, 7), Place(None, 7)])
def test_a_place_in_an_address(place: Place) -> None:
    assert Place.read(str(place)) == place


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/deleted/", "/operations/"])
def test_a_page_takes_as_long_with_thousands_of_rows(path: str, olga: Client, world: World) -> None:
    fill(world, 200)
    few = queries(olga, path)
    InventoryItem.objects.all().delete()
    RecordedOperation.objects.all().delete()
    Vault.objects.exclude(pk=world.vault.pk).delete()
    fill(world, MANY)
    many = queries(olga, path)
    begun = time.perf_counter()
    olga.get(path)
    say(f"{path}: {many} queries, {1000 * (time.perf_counter() - begun):.0f} ms with {MANY // 2:,} rows")
    assert few == many <= 12


def queries(client: Client, path: str) -> int:
    client.get(path)  # the session notes once a minute that somebody was there
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)
