"""The sidebar: the dot of each vault, one word for how it is; and what the list offers when there are many."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import World, make_vault
from vaults import access
from vaults.actors import Person
from vaults.models import InventoryItem, Vault
from vaults.templatetags.kvportal import letters

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
    assert access.visible_to(Person(world.olga)).vaults.with_state().get(pk=world.vault.pk).state == state


def test_a_vault_that_was_not_scanned_is_unknown_and_one_that_could_not_be_is_bad(world: World) -> None:
    assert access.visible_to(Person(world.olga)).vaults.with_state().get().state == "unknown"
    Vault.objects.update(scan_problem="The vault did not answer.")
    assert access.visible_to(Person(world.olga)).vaults.with_state().get().state == "bad"


def add_vaults(world: World, count: int) -> None:
    for number in range(count):
        make_vault(world.connection, f"kv-{number:02}")


@pytest.mark.parametrize(("more", "filtered"), [(7, False), (8, True), (40, True)])
def test_more_than_eight_vaults_can_be_filtered(olga: Client, world: World, more: int, filtered: bool) -> None:
    add_vaults(world, more)
    page = olga.get("/audit/").content.decode()
    assert ("sidebar-filter" in page) is filtered
    assert f'<span class="count">{more + 1}</span>' in page
    assert 'class="here"' not in page


def test_the_vault_of_the_page_is_marked(olga: Client, world: World) -> None:
    add_vaults(world, 40)
    page = olga.get("/vaults/kv-shop-prod/").content.decode()
    assert page.count('class="here"') == 1
    assert "kv-shop-prod" in page.partition('class="here"')[2].partition("</li>")[0]


def test_the_narrow_rail_cuts_no_digit_that_tells_vaults_apart() -> None:
    assert letters("kv-20261") != letters("kv-20262")
    assert "<b>shop</b>prod<" in letters("kv-shop-prod")
