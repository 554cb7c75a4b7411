"""The inventory of the version before: nothing is lost, an item stands in it once, and the next scan may replace it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.migrating import database_at, migrate_to

BEFORE, AFTER = "0013_one_vault", "0014_inventory_item_once"
SCANNED = datetime(2026, 11, 1, tzinfo=UTC)
FUTURE = timezone.now() + timedelta(days=900)


@pytest.mark.django_db(transaction=True)
def test_the_inventory_of_the_version_before() -> None:
    with database_at(BEFORE) as old:
        item, scanned, never = _fill(old)
        deleted_on = datetime(2026, 10, 1, tzinfo=UTC)
        item(scanned, "secret", "Checkout")
        item(scanned, "secret", "checkout", deleted_on=deleted_on, tags={"Team": "Shop", "odd": 3, "b": "Ü"})
        item(scanned, "key", "checkout", tags=["no", "mapping"])
        item(never, "secret", "checkout", updated_on=SCANNED, created_on=SCANNED - timedelta(days=1))
        item(never, "secret", "ahead", created_on=FUTURE)
        for number in range(450):
            item(scanned, "key", f"n-{number}")

        rows = migrate_to(AFTER).get_model("vaults", "InventoryItem").objects
        assert rows.count() == 454
        kept = rows.get(vault__slug="scanned", kind="secret")
        assert (kept.name, kept.folded_name, kept.deleted_on) == ("checkout", "checkout", deleted_on)
        assert kept.tag_text == "team=shop\nb=ü"
        key = rows.get(vault__slug="scanned", kind="key", folded_name="checkout")
        assert (key.first_seen, key.last_seen, key.observed_at, key.gone_since) == (SCANNED, SCANNED, SCANNED, None)
        assert (key.tag_text, key.transition) == ("", "")
        assert rows.get(vault__slug="never", name="checkout").observed_at == SCANNED
        assert rows.get(name="ahead").observed_at < timezone.now()


def _fill(old: Any) -> tuple[Any, Any, Any]:
    """A function that adds an item, a vault that was scanned, and one that never was."""
    team = old.get_model("vaults", "Team").objects.create(name="Shop")
    vaults = old.get_model("vaults", "Vault").objects
    scanned = vaults.create(team=team, cloud="azure", host="kv.test", name="kv", slug="scanned", scanned_at=SCANNED)
    never = vaults.create(team=team, cloud="azure", host="kv-2.test", name="kv-2", slug="never")

    def item(vault: Any, kind: str, name: str, **columns: Any) -> None:
        old.get_model("vaults", "InventoryItem").objects.create(
            vault=vault, kind=kind, name=name, **{"enabled": True, **columns}
        )

    return item, scanned, never
