"""Restoring a backup in a real browser: what will happen is swapped in, and the browser keeps the file."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.conftest import World
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep


def test_what_will_happen_is_shown_in_place_and_then_it_happens(
    portal_page: Page, world: World, azure: VaultClient
) -> None:
    azure.secrets.set("kept", "hidden")
    blob = azure.secrets.backup("kept")
    azure.secrets.delete("kept")
    portal_page.goto("/vaults/kv-shop-prod/restore/")
    look = portal_page.get_by_role("button", name="Look first")
    look.click()
    expect(portal_page.locator("#inside .summary")).to_contain_text("Choose the file of the backup")
    named = FilePayload(name="kept.secret.kvbackup", mimeType="application/octet-stream", buffer=blob)
    portal_page.locator("#id_upload").set_input_files(named)
    look.click()
    expect(portal_page.locator("#inside")).to_contain_text("A deleted secret holds this name", timeout=20_000)
    assert Axe().run(portal_page).response["violations"] == []
    azure.secrets.purge("kept")
    look.click()
    expect(portal_page.locator(".import-contents")).to_contain_text("All versions come back", timeout=20_000)
    assert Axe().run(portal_page).response["violations"] == []
    portal_page.get_by_role("button", name="Restore the secret").click()
    portal_page.wait_for_url("**/secrets/kept/")
    assert azure.secrets.get("kept").value == "hidden"
