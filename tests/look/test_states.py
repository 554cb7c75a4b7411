"""Lists that load, end in a refusal or match nothing, and pages that must not ask before they are left; in a real browser."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.chains import import_certificate, make_chain, pem
from vaults.emulator import Emulator
from vaults.emulator.faults.faults import Proceed
from vaults.emulator.wire.http import Request, Response, json_response
from vaults.keyvault.client import VaultClient

SECRETS = "/vaults/kv-shop-prod/secrets/"


@pytest.fixture
def asked(portal_page: Page) -> list[str]:
    """The kinds of dialog that opened; each is dismissed."""
    opened: list[str] = []

    def close(dialog: Dialog) -> None:
        opened.append(dialog.type)
        dialog.accept()

    portal_page.on("dialog", close)
    return opened


def leave(page: Page) -> None:
    page.locator("body").click(position={"x": 5, "y": 5})  # browsers ask only somebody who has touched the page
    page.evaluate("() => { location.href = '/inventory/'; }")
    page.wait_for_url("**/inventory/")


@pytest.mark.sweep
@pytest.mark.parametrize(
    "address", ["", "missing/", "missing/edit/", "missing/versions/0123456789abcdef0123456789abcdef/"]
)
def test_an_error_page_is_left_without_a_question(
    portal_page: Page, azure: VaultClient, emulator: Emulator, asked: list[str], address: str
) -> None:
    if not address:
        emulator.deny("secrets/list")
    portal_page.goto(SECRETS + address)
    expect(portal_page.locator(".problem, .refusal").first).to_be_visible()
    leave(portal_page)
    assert asked == []


def test_a_form_that_says_what_could_not_be_read_holds_nothing_typed(
    portal_page: Page, azure: VaultClient, emulator: Emulator, asked: list[str]
) -> None:
    azure.secrets.set("here", "v")
    emulator.deny("secrets/list")
    portal_page.goto(f"{SECRETS}here/new-version/")
    expect(portal_page.locator(".problem").first).to_be_visible()
    leave(portal_page)
    assert asked == []


def test_a_refused_form_asks_before_what_was_typed_is_lost(
    portal_page: Page, azure: VaultClient, asked: list[str]
) -> None:
    portal_page.goto("/vaults/kv-shop-prod/new/secret/")
    portal_page.fill("[name=name]", "no spaces allowed")
    portal_page.click("form[data-guard] [type=submit]")
    expect(portal_page.locator(".summary")).to_be_visible()
    asked.clear()
    leave(portal_page)
    assert asked == ["beforeunload"]


def fill(azure: VaultClient, count: int) -> None:
    for number in range(count):
        azure.secrets.set(f"many-{number:02}", "v")


def test_what_is_there_can_be_used_where_the_rest_is_refused(
    portal_page: Page, azure: VaultClient, emulator: Emulator
) -> None:
    fill(azure, 27)

    def refuse_the_rest(request: Request, proceed: Proceed) -> Response:
        if "$skiptoken" not in request.query:
            return proceed()
        return json_response(429, {"error": {"code": "Throttled", "message": "Too many requests."}})

    emulator.interfere(refuse_the_rest, path="^/secrets$")
    portal_page.goto(SECRETS)
    expect(portal_page.locator("[data-loaded]")).to_have_text("25 loaded, the rest could not be read")
    expect(portal_page.locator("[data-loaded] .bar")).to_be_hidden()
    expect(portal_page.locator("#refusals .problem")).to_be_visible()
    portal_page.fill("[data-list-filter]", "many-07")
    expect(portal_page.locator("tr[data-row]:visible")).to_have_count(1)
    portal_page.fill("[data-list-filter]", "")
    expect(portal_page.get_by_role("link", name="Load more")).to_be_visible()


def test_nothing_matches_says_of_how_many_and_where_else_to_look(portal_page: Page, azure: VaultClient) -> None:
    fill(azure, 3)
    portal_page.goto(f"{SECRETS}?filter=smtp%26co")
    none = portal_page.locator("#no-match")
    expect(none.get_by_role("heading")).to_have_text("None of 3 matches")
    expect(none.get_by_text("Search all vaults")).to_have_attribute("href", re.compile(r"/go/\?q=smtp%26co$"))
    expect(none.get_by_text("Look among the deleted")).to_have_attribute(
        "href", re.compile(r"/deleted/\?filter=smtp%26co$")
    )
    none.get_by_text("Clear the filter").click()
    expect(none).to_be_hidden()
    expect(portal_page.locator("tr[data-row]:visible")).to_have_count(3)
    expect(portal_page.locator("[data-list-filter]")).to_have_value("")


def test_the_shortcuts_are_hinted_at_and_bear_their_name(portal_page: Page, azure: VaultClient) -> None:
    portal_page.goto("/")
    portal_page.get_by_role("button", name="Shortcuts").click()
    expect(portal_page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    portal_page.keyboard.press("Escape")
    expect(portal_page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()
    portal_page.keyboard.press("?")
    expect(portal_page.get_by_role("dialog", name="Shortcuts")).to_be_visible()


@pytest.mark.sweep
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_shows_the_content_in_dark_ink_without_the_sidebar(
    portal_page: Page, azure: VaultClient, theme: str
) -> None:
    fill(azure, 2)
    portal_page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]
    portal_page.set_viewport_size({"width": 718, "height": 1000})
    portal_page.goto(SECRETS)
    for part in (".sidebar", ".topbar", ".list-head", ".tabs"):
        expect(portal_page.locator(part)).to_be_hidden()
    expect(portal_page.get_by_role("heading", name="kv-shop-prod")).to_be_visible()
    expect(portal_page.get_by_role("columnheader", name="Name")).to_be_visible()
    row = portal_page.locator("tr[data-name='many-00'] .name a")
    expect(row).to_be_visible()
    colour = row.evaluate("(link) => getComputedStyle(link).color")
    assert colour == "rgb(28, 29, 26)"


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 900, 820])
def test_no_row_of_its_own_kind_makes_a_column_that_is_not_there(
    portal_page: Page, azure: VaultClient, width: int
) -> None:
    fill(azure, 27)
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.route("**/secrets/?page=*", lambda route: route.abort())
    portal_page.goto(SECRETS)
    expect(portal_page.locator("tr.more.failed")).to_be_visible()
    heads = portal_page.evaluate(
        "() => [...document.querySelectorAll('thead th')].reduce((sum, head) => sum + head.offsetWidth, 0)"
    )
    assert heads == pytest.approx(
        portal_page.evaluate("() => document.querySelector('.table-card').clientWidth"), abs=2
    )


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 390])
def test_a_list_that_breaks_off_keeps_its_rows_and_says_so(
    portal_page: Page, azure: VaultClient, emulator: Emulator, width: int
) -> None:
    for number in range(30):
        azure.secrets.set(f"s-{number:02}", "v")
    emulator.rewrite(lambda answer: answer, 1, path="^/secrets$")
    emulator.rewrite(lambda answer: answer | {"nextLink": {"page": 3}}, 9, path="^/secrets$")
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.goto(SECRETS)
    expect(portal_page.locator("tr.broken-off")).to_contain_text("The vault's list breaks off")
    expect(portal_page.locator("[data-loaded]")).to_contain_text("30 loaded, the rest could not be read")
    portal_page.locator("[data-list-filter]").fill("s-07")
    expect(portal_page.locator("tr[data-row]:visible")).to_have_count(1)
    expect(portal_page.locator("tr.broken-off")).to_be_visible()
    assert portal_page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_password_of_a_pfx_is_not_called_optional(portal_page: Page, azure: VaultClient) -> None:
    chain = make_chain("EC")
    import_certificate(azure, "tls", chain.key_pem + pem(chain.leaf))
    portal_page.goto("/vaults/kv-shop-prod/certificates/tls/export/")
    labels = portal_page.locator("main label", has_text="Password of the file")
    expect(labels).to_have_count(2)
    assert [text.strip() for text in labels.evaluate_all("all => all.map((one) => one.innerText)")] == [
        "Password of the file",
        "Password of the file once more",
    ]
