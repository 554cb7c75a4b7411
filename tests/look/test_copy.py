"""Copying a value, in a real browser: it is said, counted down, and cleared only while the clipboard may still hold it."""

import pytest
from playwright.sync_api import Page, expect

from vaults.keyvault.client import VaultClient

PAGE = "/vaults/kv-shop-prod/secrets/copied/"

# An http page on a made-up host has no clipboard: this one remembers what is written, or refuses as browsers do.
CLIPBOARD = """window.copied = [];
window.refuses = false;
Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => {
  if (window.refuses) throw new DOMException('Document is not focused.', 'NotAllowedError');
  copied.push(text);
}}});"""


@pytest.fixture
def copied(portal_page: Page, azure: VaultClient) -> Page:
    """The page of a secret whose value was just copied without being shown."""
    azure.secrets.set("copied", "the value")
    portal_page.add_init_script(CLIPBOARD)
    portal_page.clock.install()
    portal_page.goto(PAGE)
    portal_page.click("[data-copy-value]")
    expect(portal_page.locator(".clipboard")).to_be_visible()
    return portal_page


def written(page: Page) -> list[str]:
    found: list[str] = page.evaluate("() => window.copied")
    return found


def test_a_copied_value_is_counted_down_and_cleared(copied: Page) -> None:
    expect(copied.locator("[data-copy-value]")).to_have_text("✓ Copied")
    expect(copied.locator(".clipboard")).to_contain_text("cleared in 30 s")
    copied.clock.run_for(10_000)
    expect(copied.locator(".clipboard")).to_contain_text("cleared in 20 s")
    assert written(copied) == ["the value"]
    copied.clock.run_for(21_000)
    expect(copied.locator(".clipboard")).to_have_text("The clipboard was cleared.")
    assert written(copied) == ["the value", ""]


def test_it_can_be_cleared_at_once(copied: Page) -> None:
    copied.click("[data-clear-clipboard]")
    expect(copied.locator(".clipboard")).to_have_text("The clipboard was cleared.")
    copied.clock.run_for(60_000)
    assert written(copied) == ["the value", ""]


def test_what_was_copied_afterwards_is_left_alone(copied: Page) -> None:
    copied.click("[aria-label='Copy the identifier']")
    expect(copied.locator(".clipboard")).to_have_count(0)
    copied.clock.run_for(60_000)
    assert len(written(copied)) == 2
    assert "" not in written(copied)


def test_what_was_copied_by_hand_afterwards_is_left_alone(copied: Page) -> None:
    copied.evaluate("() => { getSelection().selectAllChildren(document.querySelector('h1')); }")
    copied.evaluate("() => document.dispatchEvent(new Event('copy'))")
    expect(copied.locator(".clipboard")).to_have_count(0)
    copied.clock.run_for(60_000)
    assert written(copied) == ["the value"]


def test_what_another_tab_copied_afterwards_is_left_alone(copied: Page) -> None:
    copied.evaluate("() => new BroadcastChannel('kvportal-clipboard-until').postMessage('copied')")
    expect(copied.locator(".clipboard")).to_have_count(0)
    copied.clock.run_for(60_000)
    assert written(copied) == ["the value"]


def test_a_value_copied_by_hand_is_cleared_too(portal_page: Page, azure: VaultClient) -> None:
    azure.secrets.set("copied", "the value")
    portal_page.add_init_script(CLIPBOARD)
    portal_page.clock.install()
    portal_page.goto(PAGE)
    portal_page.keyboard.press("r")
    expect(portal_page.locator("[data-value]")).to_be_visible()
    portal_page.evaluate("() => { getSelection().selectAllChildren(document.querySelector('[data-value]')); }")
    portal_page.evaluate("() => document.dispatchEvent(new Event('copy'))")
    expect(portal_page.locator(".clipboard")).to_contain_text("cleared in 30 s")
    portal_page.clock.run_for(31_000)
    expect(portal_page.locator(".clipboard")).to_have_text("The clipboard was cleared.")
    assert written(portal_page) == [""]


def test_what_can_not_be_cleared_is_said_and_tried_again(copied: Page) -> None:
    copied.evaluate("() => { window.refuses = true; document.hasFocus = () => false; }")
    copied.clock.run_for(31_000)
    expect(copied.locator(".clipboard")).to_contain_text("could not be cleared and may still hold the value")
    copied.clock.run_for(60_000)
    expect(copied.locator(".clipboard")).to_contain_text("Come back to this window")
    copied.evaluate("() => { window.refuses = false; window.dispatchEvent(new Event('focus')); }")
    expect(copied.locator(".clipboard")).to_have_text("The clipboard was cleared.")
    assert written(copied) == ["the value", ""]


def test_the_countdown_goes_on_from_page_to_page_without_the_value(copied: Page) -> None:
    copied.clock.run_for(12_000)
    copied.goto("/inventory/")
    expect(copied.locator(".clipboard")).to_contain_text("cleared in")
    assert "the value" not in copied.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}])")
    copied.clock.run_for(20_000)
    expect(copied.locator(".clipboard")).to_have_text("The clipboard was cleared.")
    assert written(copied) == [""]


def test_a_clipboard_that_is_known_to_hold_something_else_is_left_alone(copied: Page) -> None:
    """Read only where the person has allowed that before; values can be compared only in a secure context."""
    copied.evaluate(
        """() => {
  navigator.clipboard.readText = async () => 'copied in another window';
  Object.defineProperty(navigator, 'permissions', {value: {query: async () => ({state: 'granted'})}});
  Object.defineProperty(crypto, 'subtle', {value: {digest: async (_, bytes) => bytes.buffer}});
}"""
    )
    copied.click("[data-copy-value]")
    # Only then the second copy is there: the first one says the same.
    expect(copied.locator("[data-copy-value]")).to_be_enabled()
    expect(copied.locator(".clipboard")).to_contain_text("cleared in 30 s")
    copied.clock.run_for(31_000)
    expect(copied.locator(".clipboard")).to_contain_text("no longer holds the value")
    assert written(copied) == ["the value", "the value"]


def test_where_there_is_no_clipboard_no_value_is_fetched(portal_page: Page, azure: VaultClient) -> None:
    azure.secrets.set("copied", "the value")
    sent: list[str] = []
    portal_page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    portal_page.goto(PAGE)
    portal_page.click("[data-copy-value]")
    expect(portal_page.locator(".toast-item.error")).to_contain_text("does not allow copying")
    assert sent == []
