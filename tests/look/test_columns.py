"""Columns of a list in a real browser: what gave way for want of room can be had back, and the choice is kept for each list."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

VAULT = "/vaults/kv-shop-prod/"
SECRETS = f"{VAULT}secrets/"
CERTIFICATES = f"{VAULT}certificates/"
LONG = "payments-reconciliation-export-service-signing-key-for-europe-west-2026-q4"
REFUSED = """for (const name of ['getItem', 'setItem', 'removeItem']) {
  const original = Storage.prototype[name];
  Storage.prototype[name] = function (...given) {
    if (this === localStorage) throw new DOMException('no storage here', 'SecurityError');
    return original.apply(this, given);
  };
}"""


@pytest.fixture
def filled(world: World, azure: VaultClient, olga: Client) -> None:
    for number in range(30):
        azure.secrets.set(f"many-{number:02}", "v", content_type="text/plain", tags={"team": "shop", "env": "prod"})
    azure.secrets.set(LONG, "v", content_type="application/vnd.example.long+json", tags={"team": "shop"})
    azure.keys.create("signing", kty="EC")
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    scan_vault(System(), world.vault)


@pytest.fixture
def with_certificate(filled: None, world: World, azure: VaultClient) -> None:
    issued = make_chain("EC")
    import_certificate(azure, "tls", issued.key_pem + pem(issued.leaf))
    scan_vault(System(), world.vault)


def opened(page: Page, address: str, width: int, summary: str) -> Locator:
    """The choice of columns of the page, opened with the keyboard."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    head = page.locator("summary", has_text="Columns")
    expect(head).to_have_text(summary)
    head.focus()
    page.keyboard.press("Enter")
    return page.get_by_role("group", name="Columns of this list")


def heads(page: Page) -> list[str]:
    """The columns that are seen, without those whose head is for readers only."""
    found = page.locator("thead th:not(:has(.visually-hidden), .check)").all()
    return [head.inner_text() for head in found if head.is_visible()]


@pytest.mark.parametrize(
    ("address", "width", "summary", "shown", "hidden"),
    [
        (SECRETS, 1440, "Columns, 5 of 5", ["Expires", "Content type", "Tags", "Updated"], []),
        (SECRETS, 900, "Columns, 4 of 5", ["Expires", "Tags", "Updated"], ["Content type"]),
        (SECRETS, 820, "Columns, 3 of 5", ["Expires", "Tags"], ["Content type", "Updated"]),
        (f"{VAULT}keys/", 820, "Columns, 3 of 5", ["Expires", "Tags"], ["Created", "Updated"]),
        (
            CERTIFICATES,
            1440,
            "Columns, 7 of 9",
            ["Expires", "Renewal", "Subject", "Issuer", "Key", "Thumbprint"],
            ["Tags", "Updated"],
        ),
        (
            CERTIFICATES,
            900,
            "Columns, 4 of 9",
            ["Expires", "Renewal", "Issuer"],
            ["Subject", "Key", "Thumbprint", "Tags", "Updated"],
        ),
        ("/inventory/", 900, "Columns, 4 of 5", ["Vault", "Expires", "Updated"], ["Tags"]),
        (f"{VAULT}deleted/", 820, "Columns, 3 of 5", ["Kind", "Recoverable until"], ["Deleted", "Purge"]),
    ],
)
def test_it_says_what_gave_way_and_brings_it_back(
    portal_page: Page,
    with_certificate: None,
    address: str,
    width: int,
    summary: str,
    shown: list[str],
    hidden: list[str],
) -> None:
    choice = opened(portal_page, address, width, summary)
    for name in (*shown, *hidden):
        expect(choice.get_by_role("checkbox", name=name, exact=True)).to_be_checked(checked=name in shown)
    for name in hidden:
        assert name not in heads(portal_page)
        choice.get_by_role("checkbox", name=name, exact=True).focus()
        portal_page.keyboard.press("Space")
        assert name in heads(portal_page)
    every = 1 + len(shown) + len(hidden)
    expect(portal_page.locator("summary", has_text="Columns")).to_have_text(f"Columns, {every} of {every}")
    row = portal_page.locator("tr[data-row]").first
    assert row.locator("> :visible").count() == portal_page.locator("thead th:visible").count()
    assert portal_page.evaluate("() => document.documentElement.scrollWidth") == width
    assert portal_page.locator("thead .col-name").evaluate("(head) => head.offsetWidth") >= 160


def test_the_choice_is_kept_for_its_list_alone(portal_page: Page, filled: None) -> None:
    choice = opened(portal_page, SECRETS, 820, "Columns, 3 of 5")
    choice.get_by_label("Updated").check()
    choice.get_by_label("Tags").uncheck()
    assert heads(portal_page) == ["Name", "Expires", "Updated"]
    portal_page.reload()
    expect(portal_page.locator("tr[data-row]")).to_have_count(31)
    assert heads(portal_page) == ["Name", "Expires", "Updated"]
    room = portal_page.evaluate("() => document.querySelector('.table-card').clientWidth")
    widths = portal_page.locator("thead th").evaluate_all("(all) => all.reduce((sum, one) => sum + one.offsetWidth, 0)")
    assert widths == pytest.approx(room, abs=2)
    portal_page.goto(f"{VAULT}keys/")
    expect(portal_page.locator("summary", has_text="Columns")).to_have_text("Columns, 3 of 5")
    assert heads(portal_page) == ["Name", "Expires", "Tags"]


def test_what_the_width_would_do_anyway_is_no_choice(portal_page: Page, filled: None) -> None:
    choice = opened(portal_page, SECRETS, 820, "Columns, 3 of 5")
    choice.get_by_label("Updated").check()
    choice.get_by_label("Updated").uncheck()
    portal_page.set_viewport_size({"width": 1440, "height": 900})
    expect(portal_page.locator("summary", has_text="Columns")).to_have_text("Columns, 5 of 5")
    assert "Updated" in heads(portal_page)


def test_a_choice_that_cannot_be_kept_holds_for_the_page(portal_page: Page, filled: None) -> None:
    portal_page.add_init_script(REFUSED)
    choice = opened(portal_page, "/inventory/", 820, "Columns, 3 of 5")
    choice.get_by_label("Updated").check()
    assert heads(portal_page) == ["Name", "Vault", "Expires", "Updated"]
    portal_page.get_by_label("Search", exact=True).fill("many")
    expect(portal_page.locator("#results")).to_have_attribute("data-say", "30 found")
    assert heads(portal_page) == ["Name", "Vault", "Expires", "Updated"]
    expect(portal_page.locator("summary", has_text="Columns")).to_have_text("Columns, 4 of 5")


@pytest.mark.parametrize("kept", ["no JSON", "[]", "null", '{"Tags": 7, "No such column": true}'])
def test_what_is_kept_in_another_form_is_no_choice(portal_page: Page, filled: None, kept: str) -> None:
    portal_page.goto("/audit/")
    portal_page.evaluate("(text) => localStorage.setItem('kvportal-columns-secrets', text)", kept)
    opened(portal_page, SECRETS, 820, "Columns, 3 of 5")
    assert heads(portal_page) == ["Name", "Expires", "Tags"]


def test_a_phone_and_the_audit_trail_have_no_choice(portal_page: Page, filled: None) -> None:
    opened(portal_page, SECRETS, 1440, "Columns, 5 of 5").get_by_label("Expires").uncheck()
    expect(portal_page.get_by_role("columnheader", name="Expires")).to_have_count(0)
    portal_page.goto("/audit/?show=all")
    expect(portal_page.locator("tr[data-row]").first).to_be_visible()
    expect(portal_page.locator("summary", has_text="Columns")).to_have_count(0)
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto(SECRETS)
    expect(portal_page.locator("tr[data-row]")).to_have_count(31)
    expect(portal_page.locator("summary", has_text="Columns")).to_be_hidden()
    expect(portal_page.locator("tr[data-row] .expires").first).to_be_visible()
    assert portal_page.evaluate("() => document.documentElement.scrollWidth") == 390


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_there_is_none(portal_page: Page, filled: None) -> None:
    portal_page.set_viewport_size({"width": 820, "height": 900})
    portal_page.goto(SECRETS)
    expect(portal_page.locator("summary", has_text="Columns")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_it(portal_page: Page, filled: None, theme: str) -> None:
    portal_page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    opened(portal_page, SECRETS, 820, "Columns, 3 of 5").get_by_label("Content type").check()
    assert Axe().run(portal_page).response["violations"] == []
