"""A value in a real browser: what is not seen in it is told, while it is typed and once it is revealed; tags are whole."""

from playwright.sync_api import Page, expect

from tests.look.copying import COPIED, SECRETS
from vaults.keyvault.client import VaultClient


def test_a_nul_is_seen_and_copied(portal_page: Page, azure: VaultClient) -> None:
    page, value = portal_page, "a\0b\r\n"
    azure.secrets.set("browser-nul", value)
    page.add_init_script(COPIED)
    page.goto(f"{SECRETS}browser-nul/")
    page.keyboard.press("r")
    expect(page.locator("[data-value]")).to_contain_text("a⟨NUL⟩b")
    expect(page.locator(".value-foot")).to_contain_text("1 NUL character, shown as ⟨NUL⟩")
    expect(page.locator(".value-foot")).to_contain_text("line ends are CRLF")
    page.click("[data-copy-shown]")
    page.wait_for_function("() => copied.length === 1")
    page.keyboard.press("Escape")
    expect(page.locator("[data-value]")).to_have_count(0)
    page.click("[data-copy-value]")
    page.wait_for_function("() => copied.length === 2")
    assert page.evaluate("() => copied") == [value, value]


def test_hints_stand_under_the_field_while_it_is_filled(portal_page: Page) -> None:
    page = portal_page
    page.goto("/vaults/kv-shop-prod/new/secret/")
    field, hint = page.locator("[name=value]"), page.locator("[data-value-hints]")
    for typed, said in {
        "\ufeffkey": "The value: starts with a byte order mark (BOM)",
        "key\n": "The value: ends in a line end",
        " key ": "The value: starts with blank space · ends in blank space",
        "k\u200be\xa0y": "The value: unseen characters: U+200B, U+00A0",
        "key": "",
    }.items():
        field.fill(typed)
        expect(hint).to_have_text(said)


def test_tags_are_whole_on_the_page_of_an_item(portal_page: Page, azure: VaultClient) -> None:
    page = portal_page
    long = "https://wiki.example/" + "x" * 480
    azure.secrets.set("browser-tags", "v", tags={"runbook": long, "blank": " a  b ", "words": "one two " * 60})
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{SECRETS}browser-tags/")
        for tag in page.locator(".facts .tag").all():
            assert tag.evaluate("tag => tag.scrollWidth <= tag.clientWidth && tag.scrollHeight <= tag.clientHeight")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
