"""A large vault: merged quickly, in batches, with as few statements as the database allows."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import World, say
from vaults.inventory import scan
from vaults.inventory.rows import item_of
from vaults.inventory.store import BATCH, mark_gone, store
from vaults.keyvault.types import SecretProperties
from vaults.models import InventoryItem

pytestmark = pytest.mark.slow

MANY = 10_000


def rows(world: World, count: int) -> list[InventoryItem]:
    """Items as lists of 25 name them."""
    pages = {page: timezone.now() + timedelta(microseconds=page) for page in range(count // 25)}
    tags = {"service": "checkout", "owner": "shop@example.com"}
    return [
        item_of(
            world.vault,
            SecretProperties(id="", name=f"Secret-{n:05}", version="", enabled=True, tags=tags),
            pages[n // 25],
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_ten_thousand_items(known: bool, world: World) -> None:
    if known:
        store(world.vault, rows(world, MANY))
    found = rows(world, MANY)
    begun = time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        store(world.vault, found)
    taken = time.perf_counter() - begun
    verbs = Counter(query["sql"].split()[0] for query in captured)
    say(f"{MANY} {'known' if known else 'new'} items merged in {taken:.2f} s: {dict(verbs)}")
    assert InventoryItem.objects.filter(last_seen__gte=found[0].observed_at).count() == MANY
    assert verbs["SELECT"] == 2 * MANY / BATCH
    # SQLite takes 999 values in one statement; a page of 25 items has one time.
    assert verbs["INSERT"] + verbs["UPDATE"] <= MANY / 25


def test_what_is_gone_takes_one_statement(world: World) -> None:
    store(world.vault, rows(world, 1000))
    begun = timezone.now() + timedelta(seconds=1)
    with CaptureQueriesContext(connection) as captured:
        mark_gone(world.vault, scan.LISTINGS[0].items, begun)
    assert sum(query["sql"].startswith("UPDATE") for query in captured) == 1
    assert not InventoryItem.objects.existing().exists()
