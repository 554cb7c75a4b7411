"""A phone in a real browser: the bar at the thumb in place of menu and search box, and the figures of the overview."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

SECRETS = "/vaults/kv-shop-prod/secrets/"
PAGES = ("/", SECRETS, f"{SECRETS}many-39/", "/inventory/", "/vaults/", "/audit/", "/go/", "/vaults/no-such-vault/")
SIZES = ((390, 800), (360, 640))
NAMES = ["Overview", "Search", "Vaults", "Jobs", "More"]


@pytest.fixture
def filled(world: World, azure: VaultClient, olga: Client) -> None:
    for number in range(40):
        azure.secrets.set(f"many-{number:02}", "v")
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    scan_vault(System(), world.vault)


def bar_of(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Most used")


def box_of(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box
    return box


def bottom_of(locator: Locator) -> float:
    box = box_of(locator)
    return box["y"] + box["height"]


def names_of(bar: Locator) -> list[str]:
    return [" ".join(link.inner_text().split()) for link in bar.get_by_role("link").all()]


@pytest.mark.sweep
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_bar_stands_at_the_thumb(portal_page: Page, filled: None, width: int, height: int, theme: str) -> None:
    portal_page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    portal_page.set_viewport_size({"width": width, "height": height})
    for address in PAGES:
        portal_page.goto(address)
        bar = bar_of(portal_page)
        assert names_of(bar) == NAMES, address
        for link in bar.get_by_role("link").all():
            expect(link).to_be_in_viewport(ratio=1)
            assert min(box_of(link)["height"], box_of(link)["width"]) >= 44, address
        assert portal_page.locator(".topbar a[href='#sidebar'], .topbar .go").filter(visible=True).count() == 0, address
        assert portal_page.evaluate("() => document.documentElement.scrollWidth") == width, address


def test_the_bar_covers_neither_the_last_row_nor_what_has_the_focus(portal_page: Page, filled: None) -> None:
    portal_page.emulate_media(reduced_motion="reduce")  # scrolls at once
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto(SECRETS)
    expect(portal_page.locator("tr[data-row]")).to_have_count(40)
    portal_page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    top = box_of(bar_of(portal_page))["y"]
    assert bottom_of(portal_page.locator("main .table-card")) <= top
    portal_page.evaluate("() => scrollTo(0, 0)")
    links = portal_page.locator("tr[data-row] .name a")
    links.first.focus()
    for number in range(1, 15):
        portal_page.keyboard.press("Tab")
        expect(links.nth(number)).to_be_focused()
        assert bottom_of(links.nth(number)) <= top, number


def test_the_bar_keeps_clear_of_what_the_phone_keeps_for_itself(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    insets = {"bottom": 34}
    portal_page.context.new_cdp_session(portal_page).send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    portal_page.goto("/")
    assert bottom_of(bar_of(portal_page)) == pytest.approx(800, abs=1)
    assert bottom_of(bar_of(portal_page).get_by_role("link").first) <= 800 - 34


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_all_of_the_bar_works_without_scripts(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    for name, address in (("Overview", "/"), ("Search", "/go/"), ("Vaults", "/vaults/"), ("Jobs", "/jobs/")):
        portal_page.goto(SECRETS)
        bar_of(portal_page).get_by_role("link", name=name).click()
        portal_page.wait_for_url(f"**{address}")
        expect(bar_of(portal_page).locator("[aria-current='page']")).to_have_text(name)
    portal_page.get_by_role("link", name="More").click()
    expect(portal_page.get_by_role("navigation", name="Main").get_by_title("Audit")).to_be_in_viewport(ratio=1)


def test_search_takes_words_and_what_was_pasted(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto("/")
    bar_of(portal_page).get_by_role("link", name="Search").click()
    box = portal_page.get_by_role("main").get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("https://kv-shop-prod.vault.test/secrets/many-07")
    box.press("Enter")
    portal_page.wait_for_url(f"**{SECRETS}many-07/")
    portal_page.keyboard.press("/")
    portal_page.wait_for_url("**/go/")
    box.fill("many-1")
    portal_page.get_by_role("main").get_by_role("button", name="Search").click()
    portal_page.wait_for_url("**/inventory/?q=many-1")
    expect(portal_page.locator("tr[data-row]")).to_have_count(10)


def test_more_is_where_the_focus_returns(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto("/")
    more = bar_of(portal_page).get_by_role("link", name="More")
    more.focus()
    portal_page.keyboard.press("Enter")
    expect(portal_page.get_by_role("link", name="Close the menu")).to_be_focused()
    portal_page.keyboard.press("Enter")
    expect(more).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone(portal_page: Page, filled: None, theme: str) -> None:
    portal_page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    portal_page.set_viewport_size({"width": 390, "height": 800})
    for address in ("/", "/go/", SECRETS):
        portal_page.goto(address)
        assert Axe().run(portal_page).response["violations"] == [], address


@pytest.mark.sweep
@pytest.mark.parametrize("width", [761, 820, 1440])
def test_a_wider_window_has_menu_and_box_instead(portal_page: Page, filled: None, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    portal_page.goto("/")
    expect(bar_of(portal_page)).to_be_hidden()
    expect(portal_page.locator(".topbar .go")).to_be_visible()


def test_paper_has_no_bar(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto("/")
    portal_page.emulate_media(media="print")
    expect(portal_page.locator(".thumb-bar")).to_be_hidden()


@pytest.mark.sweep
@pytest.mark.parametrize("width", [390, 360])
def test_figures_stand_three_in_a_row(portal_page: Page, filled: None, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    for address in ("/", "/vaults/kv-shop-prod/"):
        portal_page.goto(address)
        cards = portal_page.locator(".number-card")
        tops = [round(box_of(card)["y"]) for card in cards.all()]
        assert len(set(tops[:3])) == 1, (address, tops)
        assert tops[3] > tops[0], (address, tops)
        lines = cards.locator(".what").evaluate_all("(all) => all.map((one) => [one.textContent, one.offsetHeight])")
        assert max(height for _, height in lines) < 30, lines
        cut = cards.evaluate_all("(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length")
        assert cut == 0, address
    portal_page.goto("/")
    names = [" ".join(card.text_content().split()) for card in portal_page.locator(".number-card .what").all()]  # type: ignore[union-attr]
    assert names[1:5] == ["Within 7 days", "Within 30 days", "Within 90 days", "Never expires"]


@pytest.mark.sweep
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_acts_of_a_key_are_one_line(
    portal_page: Page, world: World, azure: VaultClient, width: int, height: int
) -> None:
    azure.keys.create("signing", kty="EC")
    portal_page.set_viewport_size({"width": width, "height": height})
    portal_page.goto("/vaults/kv-shop-prod/keys/signing/")
    acts = portal_page.locator(".page-head .acts > *").all()
    assert len(acts) == 4
    assert len({box_of(act)["y"] for act in acts}) == 1
