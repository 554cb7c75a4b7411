"""A list that breaks off shows what was read, and says beside it that there is more, and why it could not be read."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, client_of
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem, Vault
from vaults.templatetags.kvportal import scan_problem as scan_words

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
#: What stands in place of a next page's address.
LINKS: dict[str, Any] = {
    "number": 7,
    "zero": 0,
    "fraction": 1.5,
    "yes": True,
    "no": False,
    "list": ["https://kv-shop-prod.vault.test/secrets?$skiptoken=x"],
    "empty list": [],
    "object": {"href": "https://kv-shop-prod.vault.test/secrets?$skiptoken=x"},
}
LISTS = {"secrets/": "kept", "keys/": "signing", "certificates/": "tls"}


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden")
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    for name in ("gone", "gone-too"):
        azure.secrets.set(name, "hidden")
        azure.secrets.delete(name)
    emulator.clock.advance(60)


def break_off(emulator: Emulator, link: Any, path: str = "", times: int = 9) -> None:
    emulator.rewrite(
        lambda answer: answer | {"nextLink": link} if "value" in answer else answer, times, path=path or None
    )


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("path", LISTS)
def test_a_list_shows_what_came_before_a_link_of_another_type(
    path: str, link: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    break_off(emulator, LINKS[link])
    page = olga.get(f"{V}/{path}")
    words = text_of(page)
    assert page.status_code == 200
    assert LISTS[path] in words
    assert "The vault's list breaks off" in words
    assert "the rest could not be read" in words
    assert "Load more" not in words


def test_a_link_elsewhere_is_named_as_such_beside_the_rows(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.requests.clear()
    break_off(emulator, "https://evil.test/secrets?$skiptoken=x")
    words = text_of(olga.get(f"{V}/secrets/"))
    assert "kept" in words
    assert "The vault's list leads elsewhere" in words
    assert "the rest could not be read" in words
    assert {each.host for each in emulator.requests} <= {"kv-shop-prod.vault.test", "login.test"}


@pytest.mark.parametrize("link", ["number", "object"])
def test_the_rows_of_a_later_page_are_added_all_the_same(
    link: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    break_off(emulator, LINKS[link])
    words = text_of(olga.get(f"{V}/secrets/", headers={"HX-Request": "true"}))
    assert "kept" in words
    assert "The vault's list breaks off" in words


def test_a_list_that_gave_nothing_is_not_called_empty(olga: Client, world: World, emulator: Emulator) -> None:
    break_off(emulator, 7)
    page = olga.get(f"{V}/keys/")
    assert page.status_code == 502
    assert "The vault's list breaks off" in text_of(page)


@pytest.mark.parametrize("link", [7, "https://evil.test/x?$skiptoken=x"])
@pytest.mark.parametrize("path", ["secrets/kept/", "keys/signing/", "certificates/tls/"])
def test_an_item_shows_the_versions_that_were_read(
    path: str, link: Any, olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    break_off(emulator, link, path="/versions$")
    page = olga.get(f"{V}/{path}")
    words = text_of(page)
    assert page.status_code == 200
    assert "1, perhaps not all" in words
    assert "newer ones too" in words
    assert ("leads elsewhere" if isinstance(link, str) else "breaks off") in words


TROUBLE: dict[str, tuple[int, Any, str]] = {
    "throttled": (429, {"error": {"code": "Throttled", "message": "Later."}}, "Azure is throttling this vault"),
    "broken": (500, {"error": {"code": "InternalServerError", "message": "No."}}, "Key Vault returned a server error"),
    "a page of a gateway": (200, b"<html>Sign in</html>", "does not look like Key Vault's"),
}


def fail_later_pages(emulator: Emulator, trouble: str, path: str) -> None:
    """The first page comes, the later ones don't."""
    status, body, _ = TROUBLE[trouble]
    emulator.rewrite(lambda answer: answer, 1, path=path)
    emulator.answer_next(status, body, {"Retry-After": "60"}, times=99, path=path)


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("kind", ["secrets", "keys"])
def test_versions_of_earlier_pages_stay_where_a_later_page_fails(
    kind: str, trouble: str, olga: Client, sick_vault: Vault, emulator: Emulator
) -> None:
    client = client_of(sick_vault)
    for number in range(30):
        if kind == "secrets":
            client.secrets.set("kept", f"v{number}")
        else:
            client.keys.create("kept", kty="EC")
    fail_later_pages(emulator, trouble, "/versions$")
    page = olga.get(f"/vaults/{sick_vault.slug}/{kind}/kept/")
    words = text_of(page)
    assert page.status_code == 200
    assert "25, perhaps not all" in words
    assert TROUBLE[trouble][2] in words


@pytest.mark.parametrize("trouble", TROUBLE)
def test_deleted_items_of_earlier_pages_stay_where_a_later_page_fails(
    trouble: str, olga: Client, sick_vault: Vault, emulator: Emulator
) -> None:
    client = client_of(sick_vault)
    for number in range(30):
        client.secrets.set(f"gone-{number:02}", "hidden")
        client.secrets.delete(f"gone-{number:02}")
    emulator.clock.advance(60)
    fail_later_pages(emulator, trouble, "/deletedsecrets$")
    words = text_of(olga.get(f"/vaults/{sick_vault.slug}/deleted/"))
    assert "gone-03" in words
    assert "25 loaded, more below" in words


@pytest.mark.parametrize("link", [7, "https://evil.test/x?$skiptoken=x"])
def test_deleted_items_stay_where_a_list_breaks_off(link: Any, olga: Client, stock: None, emulator: Emulator) -> None:
    break_off(emulator, link, path="/deletedsecrets$")
    words = text_of(olga.get(f"{V}/deleted/"))
    assert "gone-too" in words
    assert "More deleted secrets may follow than the 2 listed here" in words


@pytest.mark.parametrize("trouble", [*TROUBLE, "link"])
def test_a_scan_takes_nothing_as_gone_and_keeps_what_it_read(
    trouble: str, world: World, sick_vault: Vault, emulator: Emulator
) -> None:
    client = client_of(sick_vault)
    for number in range(30):
        client.secrets.set(f"s-{number:02}", "hidden")
    scan_vault(Person(world.olga), sick_vault)
    client.secrets.set("s-00", "hidden", content_type="text/plain")
    client.secrets.set("a-fresh", "hidden")
    if trouble == "link":
        break_off(emulator, 7, path="^/secrets$")
    else:
        fail_later_pages(emulator, trouble, "^/secrets$")
    scan_vault(Person(world.olga), sick_vault)
    sick_vault.refresh_from_db()
    assert "secrets: " in scan_words(sick_vault)
    names = InventoryItem.objects.filter(vault=sick_vault)
    assert names.count() == 31
    assert names.get(name="s-00").content_type == "text/plain"


def test_a_scan_of_lists_that_all_break_off_keeps_what_they_gave(world: World, stock: None, emulator: Emulator) -> None:
    break_off(emulator, 7, times=99)
    scan_vault(Person(world.olga), world.vault)
    assert set(InventoryItem.objects.values_list("name", flat=True)) == {"kept", "signing", "tls", "gone", "gone-too"}


def test_nothing_is_created_over_a_name_that_was_not_looked_up_whole(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    break_off(emulator, 7, path="/versions$", times=1)
    olga.post(f"{V}/new/secret/", {"name": "kept", "value": "another"})
    assert azure.secrets.get("kept").value == "hidden"
