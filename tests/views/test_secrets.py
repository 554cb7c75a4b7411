"""Pages about secrets."""

from django.test import Client

from tests.conftest import World
from vaults.keyvault.client import VaultClient


def test_list_shows_every_secret_of_the_page(olga: Client, world: World) -> None:
    page = olga.get("/vaults/kv-shop-prod/secrets/")
    assert page.status_code == 200


def test_all_of_the_activity_is_that_of_this_item_in_this_vault(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v")
    olga.post("/vaults/kv-shop-prod/secrets/kept/reveal/", {"version": ""})
    page = olga.get("/vaults/kv-shop-prod/secrets/kept/").content.decode()
    assert 'href="/audit/?vault=kv-shop-prod&amp;kind=secret&amp;name=kept"' in page
    shown = olga.get("/audit/?vault=kv-shop-prod&kind=secret&name=kept").context["page"].object_list
    assert [(entry.vault_name, entry.action) for entry in shown] == [("kv-shop-prod", "secret.reveal")]
