"""What the scripts promise, in a real browser: lists, keys, reveal, forms; and that other people's text stays text."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect

from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

VALUE = "\nline one\r\n  <b>two</b> & three  "
CLIPBOARD = """window.copied = [];
Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => copied.push(text)}});"""
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
SECRETS = "/vaults/kv-shop-prod/secrets/"


@pytest.fixture
def filled(azure: VaultClient) -> VaultClient:
    soon = datetime.now(UTC) + timedelta(days=5)
    azure.secrets.set("browser-a", VALUE, content_type="text/plain", tags={"team": "look"})
    azure.secrets.set("browser-b", "b", expires_on=soon, tags={"team": "look", HOSTILE: HOSTILE})
    azure.secrets.set("browser-c", "c", enabled=False, content_type=HOSTILE)
    return azure


def shown(page: Page) -> list[str]:
    rows = page.locator("tr[data-row]:not([hidden])")
    return [row.get_attribute("data-name") or "" for row in rows.all()]


def listen(page: Page) -> list[str]:
    """The kinds of dialog that open from now on; each is dismissed."""
    opened: list[str] = []

    def close(dialog: Dialog) -> None:
        opened.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", close)
    return opened


def test_a_list_is_filtered_sorted_and_selected(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    page.goto(f"{SECRETS}?filter=team%3Dlook")
    expect(page.locator("[data-loaded] .bar")).to_be_hidden()
    assert shown(page) == ["browser-a", "browser-b"]
    page.click("th[data-column=name] button")
    page.click("th[data-column=name] button")
    assert shown(page) == ["browser-b", "browser-a"]
    assert "sort=-name" in page.url
    page.fill("[data-list-filter]", "browser-")
    boxes = page.locator("tr[data-row]:not([hidden]) [data-select]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-number]")).to_have_text("3 selected")
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.click("[data-show=off]")
    assert shown(page) == ["browser-c"]


def test_keys_lead_from_row_to_page_and_back(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    page.goto(f"{SECRETS}?filter=browser-")
    expect(page.locator("[data-loaded] .bar")).to_be_hidden()
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/browser-b/")
    page.keyboard.press("e")
    page.wait_for_url("**/browser-b/edit/")
    page.keyboard.press("Escape")
    page.wait_for_url("**/browser-b/")
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_url("**/keys/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_the_choice_of_by_hand_is_not_sent_with_a_form(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    for address in (
        "/vaults/kv-shop-prod/new/secret/",
        f"{SECRETS}browser-a/delete/",
        f"{SECRETS}browser-a/new-version/",
    ):
        page.goto(address)
        page.click(".by-hand summary")
        page.check(".by-hand [value=curl]", force=True)
        names = page.evaluate("() => [...new FormData(document.querySelector('form[data-guard]')).keys()]")
        assert "form_key" in names
        assert "by-hand" not in names
        expect(page.locator(".by-hand .as-curl").first).to_be_visible()
        expect(page.locator(".by-hand .as-rest").first).to_be_hidden()


def test_a_value_is_shown_to_the_byte_and_wiped(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    page.clock.install()
    page.goto(f"{SECRETS}browser-a/")
    page.keyboard.press("r")
    value = page.locator("[data-value]")
    expect(value).to_be_visible()
    assert page.evaluate("() => document.querySelector('[data-value]').textContent") == VALUE
    assert "line one" not in page.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}])")
    page.clock.run_for(31_000)
    expect(value).to_have_count(0)
    page.keyboard.press("r")
    expect(value).to_be_visible()
    page.keyboard.press("Escape")
    expect(value).to_have_count(0)
    page.keyboard.press("r")
    expect(value).to_be_visible()
    page.evaluate("() => window.dispatchEvent(new Event('pagehide'))")
    expect(value).to_have_count(0)


def test_json_can_be_looked_at_prettier_and_is_copied_as_it_is(portal_page: Page, filled: VaultClient) -> None:
    page, written = portal_page, '{"a":[1,2]}'
    filled.secrets.set("browser-json", written, content_type="application/json")
    # An http page on a made-up host has no clipboard; this one only takes notes.
    page.add_init_script(CLIPBOARD)
    page.goto(f"{SECRETS}browser-json/")
    page.keyboard.press("r")
    page.click("[data-pretty]")
    assert (
        page.evaluate("() => document.querySelector('[data-value]').textContent")
        == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    )
    page.click("[data-copy-shown]")
    assert page.evaluate("() => copied") == [written]
    page.keyboard.press("Escape")
    page.click("[data-copy-value]")
    page.wait_for_function("() => copied.length === 2")
    expect(page.locator("[data-value]")).to_have_count(0)
    assert page.evaluate("() => copied") == [written, written]


def test_tags_keep_their_blanks_and_typed_things_are_not_lost(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    page.goto("/vaults/kv-shop-prod/new/secret/")
    page.fill("[name=name]", "browser-d")
    page.locator(".ways [value=generated]").check()
    page.click("text=Add a tag")
    page.fill("[aria-label='Tag name']", " lead")
    page.fill("[aria-label='Tag value']", "a=b ")
    asked = listen(page)
    page.evaluate("() => { location.href = '/'; }")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    # Two clicks at once make one secret.
    page.evaluate("() => [1, 2].forEach(() => document.querySelector('form[data-guard] [type=submit]').click())")
    page.wait_for_url("**/browser-d/")
    versions = filled.secrets.versions("browser-d")
    assert [dict(version.tags) for version in versions] == [{" lead": "a=b "}]


NEW_VERSION = "/vaults/kv-shop-prod/certificates/browser-tls/new-version/"


@pytest.fixture
def certificate(azure: VaultClient, emulator: Emulator) -> None:
    policy = CertificatePolicy(issuer_name="Self", subject="CN=a", dns_names=("a.example", "b.example"))
    azure.certificates.create("browser-tls", policy, tags={"team": "look"})
    emulator.clock.advance(60)


def test_a_new_version_tells_which_parts_were_changed(portal_page: Page, certificate: None, azure: VaultClient) -> None:
    page = portal_page
    page.goto(NEW_VERSION)
    tally = page.locator(".tally")
    expect(tally).to_contain_text("Nothing changed")
    expect(page.locator("[name=subject]")).to_be_hidden()
    for part in ("Subject", "DNS names", "Key usage", "Tags"):
        page.locator(f"details.part[data-part='{part}'] > summary").click()
    expect(tally).to_contain_text("Nothing changed")
    page.fill("[name=subject]", "CN=b, O=Example")
    page.get_by_label("keyAgreement").check()
    page.get_by_label("Tag value").fill("other")
    expect(tally).to_have_text("Changed: Subject, Key usage, Tags. All else stays.")
    page.get_by_label("Tag value").fill("look")
    page.get_by_label("keyAgreement").uncheck()
    expect(tally).to_have_text("Changed: Subject. All else stays.")
    expect(page.get_by_text("Key Vault signs it by its own key")).to_be_visible()
    page.locator("details.part[data-part='Authority'] > summary").click()
    page.locator("[name=issuer]").select_option("Unknown")
    expect(page.get_by_text("Key Vault signs it by its own key")).to_be_hidden()
    page.locator("[name=issuer]").select_option("Self")
    page.get_by_role("button", name="Request the new version").click()
    page.wait_for_url("**/operation/")
    policy = azure.certificates.get("browser-tls").policy
    assert policy is not None
    assert (policy.subject, policy.dns_names) == ("CN=b, O=Example", ("a.example", "b.example"))


def test_text_of_others_stays_text(portal_page: Page, filled: VaultClient) -> None:
    page = portal_page
    dialogs = listen(page)
    for address in (SECRETS, f"{SECRETS}browser-b/", f"{SECRETS}browser-b/edit/", f"{SECRETS}browser-c/"):
        page.goto(address)
        page.wait_for_timeout(100)
        assert page.locator("main img").count() == 0, address
    assert dialogs == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(portal_page: Page, filled: VaultClient, certificate: None, theme: str) -> None:
    page, axe, found = portal_page, Axe(), {}
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    addresses = ["/", "/inventory/", "/audit/", "/team/", "/connections/", "/vaults/", SECRETS, f"{SECRETS}browser-b/"]
    addresses += [
        f"/vaults/kv-shop-prod/{page}/"
        for page in ("access", "deleted", "new/secret", "new/key", "new/certificate", "import/key", "restore")
    ]
    addresses += [NEW_VERSION, f"{SECRETS}browser-b/backup/"]
    for address in addresses:
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details.part').forEach((part) => { part.open = true; })")
        if violations := axe.run(page).response["violations"]:
            found[address] = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in violations]
    assert found == {}
