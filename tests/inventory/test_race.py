"""Several processes write the inventory of one vault at once: of each item the latest observation stays."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.conftest import World, in_threads
from vaults.inventory.rows import item_of
from vaults.inventory.store import store
from vaults.keyvault.types import SecretProperties
from vaults.models import InventoryItem, Vault

pytestmark = pytest.mark.slow

WRITERS, ROUNDS, ITEMS = 4, 6, 40


def test_the_latest_observation_of_each_item_stays(file_world: World) -> None:
    vault_id, now = file_world.vault.pk, timezone.now()
    count = WRITERS * ROUNDS
    times = [now + timedelta(seconds=number * 7 % count) for number in range(count)]  # each once, in no order

    def writer(own: list[datetime]) -> Callable[[], None]:
        def write() -> None:
            vault = Vault.objects.get(pk=vault_id)
            for at in own:
                found = [
                    SecretProperties(id="", name=f"it-{n}", version="", tags={"at": str(at)}) for n in range(ITEMS)
                ]
                store(vault, [item_of(vault, each, at) for each in found])

        return write

    failed = in_threads(*(writer(times[number::WRITERS]) for number in range(WRITERS)))
    assert failed == [None] * WRITERS
    assert InventoryItem.objects.count() == ITEMS
    assert {(row.observed_at, row.tags["at"]) for row in InventoryItem.objects.all()} == {(max(times), str(max(times)))}
