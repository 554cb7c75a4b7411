"""Tabs of a vault in a real browser: those that don't fit go under More, the one of the page never does."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import World

pytestmark = pytest.mark.sweep

VAULT = "/vaults/kv-shop-prod/"
ADDRESSES = {
    "Secrets": f"{VAULT}secrets/",
    "Keys": f"{VAULT}keys/",
    "Certificates": f"{VAULT}certificates/",
    "Deleted": f"{VAULT}deleted/",
    "Access": f"{VAULT}access/",
    "About": VAULT,
}


def enlarge(page: Page, pixels: int) -> None:
    """As somebody does who needs larger letters: more of the tabs don't fit."""
    page.evaluate("(pixels) => { document.documentElement.style.fontSize = `${pixels}px`; }", pixels)


def in_row(page: Page) -> list[str]:
    return [tab.inner_text() for tab in page.locator(".tabs > a").all()]


@pytest.mark.parametrize("tab", ADDRESSES)
@pytest.mark.parametrize(("width", "pixels"), [(762, 32), (900, 40)])
def test_what_does_not_fit_is_under_more(portal_page: Page, world: World, width: int, pixels: int, tab: str) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    portal_page.goto(ADDRESSES[tab])
    enlarge(portal_page, pixels)
    more = portal_page.locator(".tabs summary")
    expect(more).to_be_visible()
    for name in in_row(portal_page):
        expect(portal_page.locator(".tabs > a", has_text=name)).to_be_in_viewport(ratio=1)
    expect(portal_page.locator(".tabs > a[aria-current]")).to_have_text(tab)
    more.focus()
    portal_page.keyboard.press("Enter")
    hidden = [link.inner_text() for link in portal_page.locator(".tabs .menu-items a").all()]
    assert hidden, in_row(portal_page)
    assert sorted(in_row(portal_page) + hidden) == sorted(ADDRESSES)
    assert hidden == [name for name in ADDRESSES if name in hidden]
    for name in hidden:
        expect(portal_page.locator(".tabs .menu-items a", has_text=name)).to_be_in_viewport(ratio=1)
    assert portal_page.locator(".tabs").evaluate("(row) => row.scrollWidth <= row.clientWidth")
    portal_page.keyboard.press("Tab")
    expect(portal_page.locator(".tabs .menu-items a").first).to_be_focused()
    portal_page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(portal_page.locator(".tabs .menu-items")).to_be_hidden()


def test_more_comes_and_goes_with_the_room(portal_page: Page, world: World) -> None:
    portal_page.set_viewport_size({"width": 1440, "height": 800})
    portal_page.goto(ADDRESSES["Keys"])
    more = portal_page.get_by_role("navigation", name="kv-shop-prod").get_by_text(re.compile("^More"))
    expect(more).to_be_hidden()
    enlarge(portal_page, 30)
    expect(more).to_be_hidden()
    portal_page.locator(".tabs > a", has_text="About").focus()
    portal_page.set_viewport_size({"width": 762, "height": 800})
    expect(more).to_be_visible()
    left = in_row(portal_page)  # how many depends on the fonts that are installed
    assert "Keys" in left
    assert left == list(ADDRESSES)[: len(left)]
    more.click()
    assert Axe().run(portal_page, ".tabs").response["violations"] == []
    portal_page.set_viewport_size({"width": 1440, "height": 800})
    expect(more).to_be_hidden()
    assert in_row(portal_page) == list(ADDRESSES)


@pytest.mark.parametrize("width", [1440, 1100, 960, 900, 820, 762])
def test_at_the_usual_size_all_fit(portal_page: Page, world: World, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    portal_page.goto(ADDRESSES["About"])
    assert in_row(portal_page) == list(ADDRESSES)
    expect(portal_page.locator(".tabs > a").last).to_be_in_viewport(ratio=1)


def test_on_a_phone_the_row_runs_out_at_the_edge(portal_page: Page, world: World) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto(ADDRESSES["About"])
    assert in_row(portal_page) == list(ADDRESSES)
    expect(portal_page.locator(".tabs summary")).to_be_hidden()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_the_row_scrolls(portal_page: Page, world: World) -> None:
    portal_page.set_viewport_size({"width": 762, "height": 800})
    portal_page.goto(ADDRESSES["About"])
    expect(portal_page.locator(".tabs summary")).to_be_hidden()
    expect(portal_page.locator(".tabs > a[aria-current]")).to_be_in_viewport(ratio=1)
