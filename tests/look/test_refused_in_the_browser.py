"""Refusals in a part of the page: in the part itself where that tells them, above the page's content where it does not."""

from playwright.sync_api import Page, expect

from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient


def test_a_failed_test_stands_in_its_card(portal_page: Page, world: World, emulator: Emulator) -> None:
    portal_page.goto(f"/connections/{world.connection.pk}/")
    emulator.refuse_sign_in(7000222)
    portal_page.get_by_role("button", name="Test now").click()
    card = portal_page.locator("#test")
    expect(card.get_by_text("failed", exact=True)).to_be_visible()
    expect(card.locator(".problem")).to_contain_text("expired")
    expect(portal_page.locator("#refusals .problem")).to_have_count(0)
    expect(portal_page.locator(".toast-item")).to_have_count(0)
    portal_page.get_by_role("button", name="Test again").click()
    expect(card.get_by_text("passed", exact=True)).to_be_visible()


def test_a_refused_reveal_stands_above_the_page(portal_page: Page, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden")
    portal_page.goto("/vaults/kv-shop-prod/secrets/kept/")
    emulator.deny("secrets/get")
    portal_page.get_by_role("button", name="Reveal").first.click()
    expect(portal_page.locator("#refusals .problem")).to_contain_text("secrets/get is missing")
