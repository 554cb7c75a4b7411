"""A 404 is about an item only where Key Vault says so; whatever else answers 404 knows nothing of items."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import filled, text_of
from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem, Vault

pytestmark = pytest.mark.sweep

BODIES: dict[str, object] = {
    "nothing": b"",
    "a page": b"<html><title>404</title><h1>Not Found</h1></html>",
    "JSON of a gateway": {"statusCode": 404, "message": "Resource not found"},
    "a code of somebody else": {"error": {"code": "NotFound", "message": "This host is not served here."}},
}
PAGES = [
    "secrets/",
    "secrets/kept/",
    "secrets/kept/edit/",
    "keys/",
    "keys/signing/",
    "certificates/",
    "certificates/web/",
    "certificates/web/new-version/",
    "certificates/web/operation/",
    "deleted/",
    "deleted/secrets/kept/",
    "access/",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("page", PAGES)
def test_a_404_of_somebody_else_is_no_missing_item(
    page: str, body: str, olga: Client, sick_vault: Vault, emulator: Emulator
) -> None:
    emulator.answer_next(404, BODIES[body], times=99, host=sick_vault.name)
    answer: Any = olga.get(f"/vaults/{sick_vault.slug}/{page}", follow=True)
    shown = text_of(answer)
    assert "no such item" not in shown
    assert "being deleted" not in shown
    assert "No Key Vault answers at the vault's address" in shown


def test_what_azure_says_is_absent_is_no_such_item(olga: Client, world: World, emulator: Emulator) -> None:
    assert "Item not found" in text_of(olga.get("/vaults/kv-shop-prod/secrets/never-there/"))


@pytest.mark.parametrize("item", ["keys/signing", "certificates/web"])
def test_the_page_of_a_missing_version_leads_to_the_others(
    item: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("web", CertificatePolicy(issuer_name="Self", subject="CN=web"))
    emulator.clock.advance(60)
    answer = olga.get(f"/vaults/kv-shop-prod/{item}/versions/{'0' * 32}/")
    assert answer.status_code == 404
    assert f'href="/vaults/kv-shop-prod/{item}/"' in answer.content.decode()
    assert "Look for another version" in text_of(answer)
    assert "another version" not in text_of(olga.get(f"/vaults/kv-shop-prod/{item}-gone/"))


def test_a_404_of_somebody_else_ends_no_pending_operation(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="web", pending=True, enabled=True)
    emulator.answer_next(404, b"", times=9, path="/pending")
    olga.get("/vaults/kv-shop-prod/certificates/web/operation/")
    assert InventoryItem.objects.get(name="web").pending


def test_nothing_is_created_where_the_name_could_not_be_looked_for(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "hidden")
    page = "/vaults/kv-shop-prod/new/secret/"
    form = filled(olga.get(page), name="kept", value="another")
    emulator.answer_next(404, b"", times=1, path="/versions")
    olga.post(page, form)
    assert len(azure.secrets.versions("kept")) == 1
