"""The ways to give a value, in a real browser."""

from playwright.sync_api import Page, expect

NEW = "/vaults/kv-shop-prod/new/secret/"


def masked(page: Page) -> str:
    return str(page.locator("[name=value]").evaluate("area => getComputedStyle(area).webkitTextSecurity"))


def test_what_is_typed_is_masked_until_it_is_to_be_shown(portal_page: Page) -> None:
    portal_page.goto(NEW)
    assert masked(portal_page) == "disc"
    portal_page.get_by_label("Show what I type").check()
    assert masked(portal_page) == "none"
    portal_page.get_by_label("Show what I type").uncheck()
    assert masked(portal_page) == "disc"


def test_only_the_fields_of_the_chosen_way_are_shown(portal_page: Page) -> None:
    page = portal_page
    page.goto(NEW)
    fields = {
        "text": "[name=value]",
        "file": "[name=value_file]",
        "generated": "[name=value_length]",
        "words": "[name=value_words]",
    }
    for chosen in ("file", "generated", "words", "text"):
        page.locator(f".ways [value={chosen}]").check()
        for way, field in fields.items():
            expect(page.locator(field)).to_be_visible(visible=way == chosen)
