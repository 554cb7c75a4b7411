"""The table of the index can't be read: what pages show of Azure is shown all the same, and what is asked for is done."""

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World, unreadable
from vaults import clients
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
INDEX = "vaults_inventoryitem"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("secrets/", "kept"),
        ("keys/", "Azure answered sp-shop-admin with an empty list"),
        ("certificates/", "tls"),
        ("deleted/", "Nothing"),
        ("access/", "secrets"),
        ("secrets/kept/", "text/plain"),
        ("secrets/kept/edit/", "text/plain"),
        ("secrets/kept/new-version/", "text/plain"),
        ("certificates/tls/operation/", "tls"),
    ],
)
def test_pages_show_what_azure_has(
    address: str, shown: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "v", content_type="text/plain")
    assert fill_in(olga, f"{V}/new/certificate/", name="tls", subject="CN=tls").status_code == 302
    scan_vault(System(), world.vault)
    with unreadable(INDEX):
        page = olga.get(f"{V}/{address}")
    assert page.status_code == 200
    assert shown in page.content.decode()


def test_a_refused_list_is_told_without_what_was_known_of_it(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "v")
    scan_vault(System(), world.vault)
    emulator.deny("secrets/list")
    with unreadable(INDEX):
        page = olga.get(f"{V}/secrets/")
    assert page.status_code == 403
    assert "secrets/list is missing" in text_of(page)


def test_changes_go_through(olga: Client, azure: VaultClient) -> None:
    with unreadable(INDEX):
        assert fill_in(olga, f"{V}/new/secret/", name="fresh", value="v").status_code == 302
        assert fill_in(olga, f"{V}/secrets/fresh/delete/").status_code == 302
    assert azure.secrets.get_deleted("fresh").properties.name == "fresh"


def test_an_address_leads_to_its_item(olga: Client, world: World) -> None:
    with unreadable(INDEX):
        answer = olga.get("/go/", {"q": clients.vault_url(world.vault) + "/secrets/kept"})
    assert answer["Location"].endswith("/secrets/kept/")


def test_forms_of_the_portal_itself_open(olga: Client) -> None:
    with unreadable(INDEX):
        for path in ("/new/vault/", "/connections/", "/team/", "/audit/"):
            assert olga.get(path).status_code == 200
