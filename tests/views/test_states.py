"""Pages that have nothing to list, or are refused: each says why and offers a next step; a vault's tabs stay."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.conftest import World, signed_in
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Connection, InventoryItem, Vault

pytestmark = pytest.mark.slow

BASE = "/vaults/kv-shop-prod/"
TABS = f'<nav class="tabs" aria-label="{BASE.split("/")[2]}">'


@pytest.mark.parametrize("kind", ["secret", "key", "certificate"])
def test_a_refused_list_shows_what_the_last_scan_found_with_its_date(
    olga: Client, world: World, emulator: Emulator, kind: str
) -> None:
    Vault.objects.update(scanned_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    for name, deleted in (("known-one", None), ("gone-one", datetime(2026, 3, 1, tzinfo=UTC))):
        InventoryItem.objects.create(vault=world.vault, kind=kind, name=name, enabled=True, deleted_on=deleted)
    InventoryItem.objects.create(
        vault=world.vault, kind="key" if kind == "secret" else "secret", name="other", enabled=True
    )
    emulator.deny(f"{kind}s/list")
    answer = olga.get(f"{BASE}{kind}s/")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert page.count(f"{kind}s/list") >= 1
    assert page[page.index("<main") : page.index("</main>")].count('role="alert"') == 1
    assert "4 Mar 2026, 05:06 UTC" in page
    assert "to look at only" in page
    assert "known-one" in page
    assert "gone-one" not in page
    assert 'title="other"' not in page
    assert f"{kind}s/known-one/" not in page, "no way to what can't be read now"


def test_a_long_list_is_cut_and_leads_to_the_inventory(olga: Client, world: World, emulator: Emulator) -> None:
    Vault.objects.update(scanned_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    InventoryItem.objects.bulk_create(
        InventoryItem(vault=world.vault, kind="secret", name=f"known-{number:03}", enabled=True)
        for number in range(103)
    )
    emulator.deny("secrets/list")
    page = olga.get(f"{BASE}secrets/").content.decode()
    assert "known-099" in page
    assert "known-100" not in page
    assert "3 more in the" in page


def test_nothing_is_shown_as_known_before_the_first_scan_or_on_another_page(
    olga: Client, world: World, emulator: Emulator
) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="known-one", enabled=True)
    emulator.deny("secrets/list", "secrets/get", "keys/list", "keys/get")
    assert "known-one" not in olga.get(f"{BASE}secrets/").content.decode()
    Vault.objects.update(scanned_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    assert "to look at only" not in olga.get(f"{BASE}keys/some-key/").content.decode()


@pytest.mark.parametrize(
    ("address", "tab"),
    [
        ("secrets/", "Secrets"),
        ("secrets/missing/", "Secrets"),
        ("secrets/missing/edit/", "Secrets"),
        ("keys/missing/", "Keys"),
        ("certificates/missing/", "Certificates"),
        ("deleted/secrets/missing/", "Deleted"),
        ("keys/missing/versions/0123456789abcdef0123456789abcdef/", "Keys"),
    ],
)
def test_the_tabs_of_the_vault_stay_on_error_pages(olga: Client, emulator: Emulator, address: str, tab: str) -> None:
    if address == "secrets/":
        emulator.deny("secrets/list")
    answer = olga.get(BASE + address)
    page = answer.content.decode()
    assert answer.status_code >= 400
    assert TABS in page
    tabs = page[page.index(TABS) : page.index("</nav>", page.index(TABS))]
    marked = re.findall(r'aria-current="\w+">(\w+)', tabs)
    assert marked == [tab]


def test_the_tabs_stay_where_the_role_refuses(world: World) -> None:
    answer = signed_in(world.rafi).get(f"{BASE}new/secret/")
    assert answer.status_code == 403
    assert TABS in answer.content.decode()


@pytest.mark.parametrize("kind", ["secret", "key", "certificate"])
def test_an_empty_list_says_who_answered_and_what_is_deleted(olga: Client, world: World, kind: str) -> None:
    page = " ".join(olga.get(f"{BASE}{kind}s/").content.decode().split())
    assert f"No {kind}s in kv-shop-prod" in page
    assert "Azure answered sp-shop-admin with an empty list at" in page
    assert "can be recovered" not in page
    ends = datetime(2027, 2, 11, 9, 0, tzinfo=UTC)
    InventoryItem.objects.create(
        vault=world.vault, kind=kind, name="gone", enabled=True, deleted_on=datetime.now(UTC), scheduled_purge_on=ends
    )
    page = " ".join(olga.get(f"{BASE}{kind}s/").content.decode().split())
    assert f"1 deleted {kind} can be recovered, at least until" in page
    assert "11 Feb 2027" in page
    assert f'href="{BASE}new/{kind}/"' in page


def test_a_list_that_ends_in_a_refusal_keeps_the_rows_it_has(olga: Client, azure: VaultClient, world: World) -> None:
    azure.secrets.set("here", "v")
    scan_vault(System(), world.vault)
    answer = olga.get(f"{BASE}secrets/?page=broken", headers={"HX-Request": "true"})
    assert answer.status_code >= 400
    assert "to look at only" not in answer.content.decode(), "only the refusal is swapped in"


@pytest.mark.parametrize("address", ["/", "/vaults/", "/inventory/", "/new/vault/"])
def test_the_first_run_leads_to_a_new_connection_then_to_a_vault(olga: Client, world: World, address: str) -> None:
    Vault.objects.all().delete()
    page = olga.get(address).content.decode()
    if address != "/new/vault/":
        assert "Choose the first vault" in page
        assert 'href="/new/vault/"' in page
    Connection.objects.all().delete()
    page = olga.get(address).content.decode()
    assert "Connect kvportal to Azure" in page
    assert 'href="/new/connection/"' in page
    assert 'name="connection"' not in page


@pytest.mark.parametrize(("kind", "total"), [("secret", 31), ("key", 32), ("certificate", 33)])
def test_a_list_that_goes_on_says_how_many_the_last_scan_counted(
    olga: Client, world: World, emulator: Emulator, kind: str, total: int
) -> None:
    counted(world)
    emulator.rewrite(lambda answer: answer | {"nextLink": f"https://kv-shop-prod.vault.test/{kind}s?$skiptoken=x"})
    page = olga.get(f"{BASE}{kind}s/").content.decode()
    assert f'data-total="{total}" data-total-managed="{0 if kind == "certificate" else 3}"' in page


@pytest.mark.parametrize("reason", ["not scanned", "read in part", "further page", "whole"])
def test_no_total_is_told_where_none_is_known_or_needed(
    olga: Client, world: World, azure: VaultClient, reason: str
) -> None:
    counted(world)
    for number in range(3 if reason == "whole" else 27):
        azure.secrets.set(f"s-{number:02}", "v")
    page = olga.get(f"{BASE}secrets/").content.decode()
    assert ("data-total=" in page) is (reason != "whole")
    if reason == "not scanned":
        Vault.objects.update(scanned_at=None)
    elif reason == "read in part":
        Vault.objects.update(scan_problem="secrets/list is missing")
    further = re.findall(r'href="([?]page=[^"]+)"', page)[0] if reason == "further page" else ""
    assert "data-total=" not in olga.get(f"{BASE}secrets/{further}").content.decode()


def test_a_total_that_cannot_be_counted_fails_no_list(olga: Client, world: World, azure: VaultClient) -> None:
    counted(world)
    for number in range(27):
        azure.secrets.set(f"s-{number:02}", "v")

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "COUNT" in sql and '"vaults_inventoryitem"."kind"' in sql:
            raise OperationalError("disk full")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        answer = olga.get(f"{BASE}secrets/")
    assert answer.status_code == 200
    assert "s-07" in answer.content.decode()
    assert "data-total=" not in answer.content.decode()


def counted(world: World) -> None:
    """What the last scan counted: live items, managed twins, deleted ones."""
    Vault.objects.update(scanned_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    rows: list[dict[str, Any]] = []
    for kind, live in (("secret", 31), ("key", 32), ("certificate", 33)):
        rows += [{"kind": kind}] * live + [{"kind": kind, "deleted_on": datetime.now(UTC)}] * 2
        rows += [{"kind": kind, "managed": True}] * (0 if kind == "certificate" else 3)
    InventoryItem.objects.bulk_create(
        InventoryItem(vault=world.vault, name=f"n-{number}", enabled=True, **row) for number, row in enumerate(rows)
    )
