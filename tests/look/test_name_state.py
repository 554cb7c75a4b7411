"""The live check of a name, in a real browser."""

from playwright.sync_api import Page, expect

from vaults.keyvault.client import VaultClient


def test_a_name_is_looked_up_while_it_is_typed(portal_page: Page, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v")
    portal_page.goto("/vaults/kv-shop-prod/new/secret/")
    state = portal_page.locator(".name-state")
    portal_page.locator("[name=name]").press_sequentially("kept")
    expect(state).to_contain_text("A secret has this name.")
    portal_page.locator("[name=name]").press_sequentially("-too")
    expect(state).to_contain_text("This name is free.")
    portal_page.locator("[name=name]").fill("")
    expect(state).to_have_text("")
