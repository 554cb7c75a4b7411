"""What loads by itself, in a real browser: it says how far it is, and can be stopped; a part that fails is neither waited for
in silence nor given up for good."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.emulator.wire.http import Request, Response, json_response
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem, Vault

pytestmark = pytest.mark.sweep

SECRETS = "/vaults/kv-shop-prod/secrets/"
NEXT_PAGE = "**/secrets/?*page=*"
TROUBLE = {"error": {"code": "InternalServerError", "message": "The service could not process the request."}}
WAITING = "/vaults/kv-shop-prod/certificates/browser-waiting/operation/"


def without_the_second_page(request: Request, proceed: Callable[[], Response]) -> Response:
    return json_response(503, TROUBLE) if "$skiptoken" in request.query else proceed()


def test_a_list_whose_rest_fails_says_so(portal_page: Page, azure: VaultClient, emulator: Emulator) -> None:
    page = portal_page
    for number in range(30):
        azure.secrets.set(f"many-{number:02}", "v")
    emulator.interfere(without_the_second_page, path="^/secrets$")
    page.goto("/vaults/kv-shop-prod/secrets/")
    expect(page.locator("[data-loaded]")).to_contain_text("25 loaded, the rest could not be read")
    expect(page.locator("[data-loaded] .bar")).to_be_hidden()
    emulator.lift()
    page.click("tr.more a")
    expect(page.locator("tr[data-row]")).to_have_count(30)
    expect(page.locator("[data-loaded]")).to_contain_text("30 loaded")
    expect(page.locator("#refusals .problem")).to_have_count(0)


def test_an_operation_is_looked_at_again_after_a_failure(
    portal_page: Page, azure: VaultClient, emulator: Emulator
) -> None:
    page = portal_page
    azure.certificates.create("browser-waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    page.clock.install()
    page.goto(WAITING)
    emulator.fail(9, 503, retry_after="60", path="/pending$")
    page.clock.run_for(11_000)
    expect(page.locator("#refusals .problem")).to_be_visible()
    expect(page.locator("#operation")).to_contain_text("the last look failed; next in 10 s")
    emulator.lift()
    page.clock.run_for(10_500)
    expect(page.locator("#refusals .problem")).to_have_count(0)
    expect(page.locator("#operation")).not_to_contain_text("failed")
    emulator.clock.advance(60)
    page.clock.run_for(11_000)
    page.wait_for_url("**/certificates/browser-waiting/")


def fill(azure: VaultClient, count: int) -> None:
    for number in range(count):
        azure.secrets.set(f"many-{number:02}", "v")


@pytest.fixture
def held(portal_page: Page) -> Iterator[list[Route]]:
    """Further pages wait for an answer until `portal_page.unroute(NEXT_PAGE)`; those that were asked for."""
    waiting: list[Route] = []
    portal_page.route(NEXT_PAGE, lambda route: waiting.append(route))
    yield waiting
    for route in waiting:
        with suppress(Error):  # the page has given it up
            route.abort()


def count(world: World, live: int, managed: int = 0) -> None:
    """What the last scan counted of secrets: live ones, managed twins, and two that are deleted."""
    Vault.objects.update(scanned_at=datetime.now(UTC))
    kinds: list[dict[str, Any]] = [{}] * live + [{"managed": True}] * managed + [{"deleted_on": datetime.now(UTC)}] * 2
    InventoryItem.objects.bulk_create(
        InventoryItem(vault=world.vault, kind="secret", name=f"n-{number}", enabled=True, **fields)
        for number, fields in enumerate(kinds)
    )


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_a_list_says_how_far_it_is_and_stops_and_goes_on_as_told(
    portal_page: Page, azure: VaultClient, world: World, held: list[Route], width: int
) -> None:
    page, loaded = portal_page, portal_page.locator("[data-loaded]")
    fill(azure, 60)
    scan_vault(System(), world.vault)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(SECRETS)
    expect(loaded).to_have_text("25 of 60, loading")
    expect(page.locator("tr.more .rest").first).to_be_attached()
    part = loaded.locator(".bar").evaluate(
        "(bar) => parseFloat(getComputedStyle(bar, '::before').width) / bar.clientWidth"
    )
    assert part == pytest.approx(25 / 60, abs=0.02)
    page.fill("[data-list-filter]", "many-07")  # what is there can be used
    expect(page.locator("tr[data-row]:visible")).to_have_count(1)
    expect(loaded).to_have_text("1 shown · 25 of 60, loading")
    page.fill("[data-list-filter]", "")
    expect(page.locator("[data-list-filter]")).to_have_attribute("placeholder", "Filter the first 25")

    page.get_by_role("button", name="Stop").press("Enter")
    expect(loaded).to_have_text("Stopped at 25 of 60")
    expect(loaded.locator(".bar")).to_be_hidden()
    expect(page.locator("tr.more .rest:visible")).to_have_count(0)
    go_on = page.get_by_role("button", name="Load the rest")
    expect(go_on).to_be_focused()
    assert go_on.evaluate("(button) => button.closest('[role=status]')") is None
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")

    page.unroute(NEXT_PAGE)
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(60)
    expect(loaded).to_have_text("60 loaded")
    expect(go_on).to_be_hidden()
    expect(loaded).to_be_focused()
    expect(page.locator("[data-list-filter]")).to_have_attribute("placeholder", "Filter names and tags")


@pytest.mark.parametrize(("counted", "managed"), [(0, 0), (20, 9), (25, 0)])
def test_no_total_is_told_that_cannot_be_right(
    portal_page: Page, azure: VaultClient, world: World, held: list[Route], counted: int, managed: int
) -> None:
    fill(azure, 27)
    if counted:
        count(world, counted, managed)
    portal_page.goto(SECRETS)
    expect(portal_page.locator("[data-loaded]")).to_have_text("25, loading")
    expect(portal_page.locator("[data-loaded] .bar")).to_be_hidden()
    portal_page.get_by_role("button", name="Stop").click()
    expect(portal_page.locator("[data-loaded]")).to_have_text("Stopped at 25")


@pytest.mark.parametrize(("address", "total"), [(SECRETS, 40), (f"{SECRETS}?managed=1", 45)])
def test_the_total_counts_what_the_list_counts(
    portal_page: Page, azure: VaultClient, world: World, held: list[Route], address: str, total: int
) -> None:
    fill(azure, 27)
    count(world, 40, managed=5)
    portal_page.goto(address)
    expect(portal_page.locator("[data-loaded]")).to_have_text(f"25 of {total}, loading")


def test_a_page_that_comes_while_loading_is_stopped_is_shown_and_is_the_last(
    portal_page: Page, azure: VaultClient, world: World
) -> None:
    fill(azure, 80)
    count(world, 80)
    portal_page.goto("/")
    portal_page.add_init_script(
        "addEventListener('htmx:beforeSwap', () => document.querySelector('[data-stop]').click(), {once: true});"
    )
    asked: list[str] = []
    portal_page.on("request", lambda request: asked.append(request.url) if "?page=" in request.url else None)
    portal_page.goto(SECRETS)
    expect(portal_page.locator("[data-loaded]")).to_have_text("Stopped at 50 of 80")
    portal_page.get_by_role("link", name="Load more").click()
    expect(portal_page.locator("[data-loaded]")).to_have_text("80 loaded")
    assert len(asked) == 3


def test_a_list_that_is_whole_offers_nothing_to_stop(portal_page: Page, azure: VaultClient) -> None:
    fill(azure, 3)
    portal_page.goto(SECRETS)
    expect(portal_page.locator("[data-loaded]")).to_have_text("3 loaded")
    expect(portal_page.locator("[data-stop]:visible")).to_have_count(0)


@pytest.mark.parametrize("note", ["broken off", "nameless"])
@pytest.mark.parametrize("width", [1440, 900, 820])
def test_a_note_among_the_rows_takes_no_room_from_the_name(
    portal_page: Page, azure: VaultClient, emulator: Emulator, width: int, note: str
) -> None:
    fill(azure, 3)
    if note == "nameless":
        emulator.rewrite(lambda answer: answer | {"value": [*answer["value"], {"id": 7}]}, 9, path="^/secrets$")
    else:
        emulator.rewrite(lambda answer: answer | {"nextLink": {"page": 3}}, 9, path="^/secrets$")
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.goto(SECRETS)
    row, name = portal_page.locator("tbody tr:not([data-row])"), portal_page.locator("thead .col-name")
    across, card = row.locator("td > *").first.bounding_box(), portal_page.locator(".table-card").bounding_box()
    assert across
    assert card
    assert across["width"] == pytest.approx(card["width"], abs=40), "it has the whole row"
    with_note = name.evaluate("(head) => head.offsetWidth")
    row.evaluate("(row) => row.remove()")
    assert with_note == name.evaluate("(head) => head.offsetWidth")
