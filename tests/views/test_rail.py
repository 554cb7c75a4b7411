"""The dot of each vault in the rail: one word for how it is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import World
from vaults import access
from vaults.models import InventoryItem, Vault

NOW = timezone.now()
IN_3_DAYS, IN_90_DAYS, YESTERDAY = NOW + timedelta(3), NOW + timedelta(90), NOW - timedelta(1)


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ([], "ok"),
        ([{"expires_on": None}, {"expires_on": IN_90_DAYS}], "ok"),
        ([{"expires_on": IN_90_DAYS}, {"expires_on": IN_3_DAYS}], "soon"),
        ([{"expires_on": IN_3_DAYS}, {"expires_on": YESTERDAY}], "soon"),
        ([{"expires_on": YESTERDAY, "enabled": False}], "ok"),
        ([{"expires_on": YESTERDAY, "managed": True}], "ok"),
        ([{"expires_on": YESTERDAY, "deleted_on": YESTERDAY}], "ok"),
    ],
)
def test_a_scanned_vault_is_as_well_as_what_expires_first(
    world: World, items: list[dict[str, Any]], state: str
) -> None:
    Vault.objects.update(scanned_at=NOW)
    for number, item in enumerate(items):
        InventoryItem.objects.create(
            vault=world.vault, kind="secret", name=f"item-{number}", **{"enabled": True, **item}
        )
    assert access.vaults_for(world.olga).with_state().get(pk=world.vault.pk).state == state


def test_a_vault_that_was_not_scanned_is_unknown_and_one_that_could_not_be_is_bad(world: World) -> None:
    assert access.vaults_for(world.olga).with_state().get().state == "unknown"
    Vault.objects.update(scan_problem="The vault did not answer.")
    assert access.vaults_for(world.olga).with_state().get().state == "bad"
