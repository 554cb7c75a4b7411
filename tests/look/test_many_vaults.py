"""Forty vaults in a real browser: the sidebar scrolls for itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import World, make_vault

pytestmark = pytest.mark.sweep

ALWAYS = ("Overview", "Inventory", "Connections", "Team", "My account", "Sign out")


@pytest.fixture
def many(world: World) -> None:
    """Forty more vaults; the one that most tests look at stands among the last."""
    for number in range(40):
        make_vault(world.connection, f"kv-many-{number:02}")


def in_reach(page: Page, title: str) -> None:
    found = page.locator(f".sidebar :is([title='{title}'], [title^='{title}: '])")
    expect(found).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1360, 600), (960, 700), (820, 600)])
def test_what_stands_around_the_vaults_stays(portal_page: Page, many: None, width: int, height: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": height})
    portal_page.goto("/vaults/kv-shop-prod/")
    for title in ALWAYS:
        in_reach(portal_page, title)
    in_reach(portal_page, "kv-shop-prod · kv-shop-prod.vault.test")
    portal_page.locator("#sidebar-vaults").hover()
    portal_page.mouse.wheel(0, -3000)
    expect(portal_page.locator(".sidebar [title^='kv-many-00']")).to_be_in_viewport()
    in_reach(portal_page, "kv-shop-prod · kv-shop-prod.vault.test")
    in_reach(portal_page, "Sign out")


@pytest.mark.browser_context_args(java_script_enabled=False)
@pytest.mark.parametrize("size", [(1440, 900), (960, 700), (390, 800)])
@pytest.mark.parametrize("vault", ["kv-shop-prod", "kv-many-00", "kv-many-25"])
def test_the_vault_of_the_page_is_in_view_without_scripts(
    portal_page: Page, many: None, vault: str, size: tuple[int, int]
) -> None:
    portal_page.set_viewport_size({"width": size[0], "height": size[1]})
    portal_page.goto(f"/vaults/{vault}/#sidebar")
    in_reach(portal_page, f"{vault} · {vault}.vault.test")
    in_reach(portal_page, "Sign out")


def test_the_drawer_of_a_phone_keeps_its_foot(portal_page: Page, many: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto("/vaults/kv-many-25/")
    portal_page.click("a[href='#sidebar']")
    for title in (*ALWAYS, "kv-many-25 · kv-many-25.vault.test"):
        in_reach(portal_page, title)


def test_vaults_are_filtered_by_words_and_enter_opens_the_first(portal_page: Page, many: None) -> None:
    portal_page.goto("/")
    box = portal_page.get_by_label("Filter the vaults")
    box.fill("MANY 07")
    expect(portal_page.locator("#sidebar-vaults li:visible")).to_have_count(1)
    box.fill("no such vault")
    expect(portal_page.locator(".sidebar-none")).to_have_text("No vault matches.")
    box.fill("shop")
    box.press("Enter")
    portal_page.wait_for_url("**/vaults/kv-shop-prod/secrets/")
