"""Items that are gone stand nowhere; items of a list that could not be read stand there with the time of the last reading."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.kinds import KINDS
from vaults.models import InventoryItem, Vault

V = "/vaults/kv-shop-prod"
NOW = timezone.now()


@pytest.fixture
def gone(world: World) -> None:
    """Of each kind an item that expires soon and a deleted one, all of them gone; pending certificates too."""
    world.vault.scanned_at = world.vault.scan_ended_at = NOW
    world.vault.save()
    for kind in KINDS:
        common = {"vault": world.vault, "kind": kind.name, "enabled": True, "gone_since": NOW, "pending": True}
        InventoryItem.objects.create(name="departed", expires_on=NOW + timedelta(days=3), **common)
        InventoryItem.objects.create(name="long-departed", deleted_on=NOW, **common)


@pytest.mark.parametrize(
    "address",
    ["/", "/vaults/", f"{V}/", "/inventory/", "/inventory/?q=departed", "/inventory/?state=deleted&managed=on",
     "/inventory/?state=pending", "/inventory/csv/"],
)  # fmt: skip
def test_what_is_gone_stands_nowhere(address: str, olga: Client, world: World, gone: None) -> None:
    answer = olga.get(address)
    assert answer.status_code == 200
    page = answer.content.decode().replace("q=departed", "").replace('value="departed"', "")
    assert "departed<" not in page
    assert "departed," not in page
    if summary := (answer.context or {}).get("summary"):
        assert (summary.figures.total, summary.figures.deleted, summary.figures.pending, summary.figures.within_7) == (
            0,
            0,
            0,
            0,
        )


def test_a_vault_is_not_in_need_of_care_for_what_is_gone(world: World, gone: None) -> None:
    assert Vault.objects.with_state().get(pk=world.vault.pk).state == "ok"


def test_a_refused_list_shows_what_was_known(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "hidden")
    azure.keys.create("signing", kty="EC")
    scan_vault(System(), world.vault)
    emulator.deny("keys/list")
    for _ in range(2):
        scan_vault(System(), world.vault)
    page = text_of(olga.get(f"{V}/"))
    assert "keys: not read since just now" in page
    assert "secrets: not read" not in page
    assert "signing" in text_of(olga.get("/inventory/"))
    assert "signing" in text_of(olga.get(f"{V}/keys/"))
    vault = Vault.objects.get(pk=world.vault.pk)
    assert set(vault.unread_lists) == {"keys", "deleted keys"}
    assert vault.unread_lists["keys"] < vault.scanned_at.isoformat()  # type: ignore[union-attr]


def test_a_list_that_was_never_read_is_told(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    scan_vault(System(), world.vault)
    assert "keys: never read" in text_of(olga.get(f"{V}/"))


@pytest.mark.parametrize("stored", ["", "x", "2026-13-45", "2026-01-01T00:00:00"])
def test_a_time_that_is_none_spoils_no_page(stored: str, olga: Client, world: World) -> None:
    problem = {"scan_problem": "refused.missing_permission", "scanned_at": NOW, "scan_ended_at": NOW}
    Vault.objects.update(unread_lists={"keys": stored}, **problem)
    assert "keys: never read" in text_of(olga.get(f"{V}/"))


@pytest.mark.parametrize(
    ("what", "index"),
    [
        ("one", "folded_name=?"),
        ("kind", "inventory_item"),
        ("expiry", "inventory_live"),
        ("pending", "inventory_pending"),
    ],
)
def test_queries_use_an_index(what: str, index: str, world: World) -> None:
    items = InventoryItem.objects.existing().filter(vault=world.vault)
    queries = {
        "one": items.filter(kind="key", folded_name="it"),
        "kind": items.filter(kind="key", deleted_on=None).order_by("name")[:101],
        "expiry": items.filter(deleted_on=None, managed=False, enabled=True, expires_on__gt=NOW).order_by("expires_on")[
            :1
        ],
        "pending": items.filter(pending=True),
    }
    if connection.vendor == "sqlite":  # PostgreSQL reads a small table without its indexes
        plan = queries[what].explain()
        assert index in plan
        assert "TEMP B-TREE" not in plan
