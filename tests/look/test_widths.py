"""Windows of every width in a real browser: which columns give way, what stays whole, and nothing that sticks out."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World
from tests.working import make_job
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Connection, JobItem, User

pytestmark = pytest.mark.sweep

LONG = "payments-reconciliation-export-service-signing-key-for-europe-west-2026-q4"
NEIGHBOUR = LONG.replace("2026", "2027")
JOB = "0a1b2c3d-0000-4000-8000-000000000000"
LISTS = tuple(f"/vaults/kv-shop-prod/{kind}/" for kind in ("secrets", "keys", "certificates"))
WITH_NAMES = (*LISTS[:2], "/inventory/", "/vaults/kv-shop-prod/deleted/")
PAGES = (
    *WITH_NAMES,
    "/",
    "/vaults/",
    "/connections/",
    "/team/",
    "/audit/?show=all",
    "/jobs/?show=all",
    "/operations/",
    "/renewals/",
    "/deleted/",
    f"/jobs/{JOB}/",
    "/vaults/kv-shop-prod/",
    f"{LISTS[0]}{LONG}/",
    f"{LISTS[1]}{LONG}/",
    f"{LISTS[0]}{LONG}/edit/",
    f"{LISTS[0]}{LONG}/delete/",
    f"{LISTS[1]}{LONG}/rotation/",
    f"{LISTS[1]}{LONG}/try/",
    f"{LISTS[1]}{LONG}/try/verify/",
    f"{LISTS[1]}{LONG}/try/release/",
    "/vaults/kv-shop-prod/random-bytes/",
    f"{LISTS[0]}missing/",
    f"/vaults/kv-shop-prod/deleted/secrets/{LONG}-gone/",
    "/vaults/kv-shop-prod/access/",
    "/vaults/kv-shop-prod/issuers/",
    "/vaults/kv-shop-prod/new/issuer/",
    "/vaults/kv-shop-prod/contacts/",
    "/vaults/kv-shop-prod/new/certificate/",
    "/vaults/kv-shop-prod/import/certificate/",
    "/vaults/kv-shop-prod/import/key/",
    f"{LISTS[2]}{LONG}-tls/export/",
    f"{LISTS[2]}{LONG}-tls/policy/",
    f"{LISTS[2]}{LONG}-tls/policy/edit/",
    f"{LISTS[2]}{LONG}-tls/backup/",
    "/vaults/kv-shop-prod/restore/",
    "/inventory/?q=payments",
    "/inventory/?q=nothing-has-this-name",
)
HALF = (1100, 1081, 1080, 960, 900, 820, 762)


def sticking_out(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('main :is(td, th, .badge, .btn, .pill, .tag, time)')]
  .filter((one) => one.offsetParent && !one.closest('.visually-hidden, .chart, details:not([open]), .tags-cell, .pills, .states'))
  .filter((one) => !(innerWidth <= 760 && one.closest('table.cards thead')))
  .filter((one) => {
    const card = one.closest('.card, .value-box, .number-card') ?? document.querySelector('main');
    const [inner, outer] = [one.getBoundingClientRect(), card.getBoundingClientRect()];
    const cell = one.closest('td, th');
    const over = cell && one !== cell && inner.right > cell.getBoundingClientRect().right + 1;
    const cut = !one.matches('.tag, time') && one.scrollWidth > one.clientWidth + 1;
    return inner.right > outer.right + 1 || inner.left < outer.left - 1 || over || cut;
  }).map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`)"""
    )
    return found


def columns_of(page: Page) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = page.evaluate(
        """() => [...document.querySelectorAll('main table thead th')].filter((head) => head.offsetParent)
  .map((head) => [head.textContent.trim(), Math.round(head.offsetWidth)])"""
    )
    return found


@pytest.fixture
def long_names(world: World, azure: VaultClient, olga: Client) -> None:
    # The longest that people may choose, and nowhere a blank to break at.
    Connection.objects.update(name="service-principal-of-the-platform-team-for-production-in-europe-west-and-north-1")
    User.objects.filter(pk=world.rafi.pk).update(email=f"rafi.{'al-haddad-' * 6}@platform-engineering.example.com")
    now = datetime.now(UTC)
    tags = {f"tag-{number}": "a value of some length" for number in range(12)}
    azure.secrets.set(
        LONG, "v", content_type="application/vnd.example.long+json", expires_on=now + timedelta(days=5), tags=tags
    )
    azure.secrets.set(NEIGHBOUR, "v", expires_on=now - timedelta(days=40), tags={"team": "shop"})
    azure.secrets.set("off", "v", enabled=False, expires_on=now + timedelta(days=400))
    azure.secrets.set("not-yet", "v", not_before=now + timedelta(days=9))
    azure.secrets.set(f"{LONG}-gone", "v")
    azure.secrets.delete(f"{LONG}-gone")
    azure.keys.create(LONG, kty="EC", tags=tags)
    issued = make_chain("EC")
    import_certificate(azure, f"{LONG}-tls", issued.key_pem + pem(issued.leaf))
    scan_vault(System(), world.vault)
    make_job(world, world.rafi, pk=JOB, succeeded=2, failed=2, running=1, cancelled=1, waiting=2)
    JobItem.objects.update(label=LONG, event=JOB)
    for address in (f"{LISTS[0]}{LONG}/", f"{LISTS[0]}{NEIGHBOUR}/"):
        olga.get(address)


@pytest.mark.parametrize("width", [1440, *HALF, 390])
def test_nothing_is_clipped_and_nothing_sticks_out(portal_page: Page, long_names: None, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 900})
    found = {}
    for address in PAGES:
        portal_page.goto(address)
        beyond = portal_page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wrong := [*sticking_out(portal_page), *(["the page scrolls sideways"] if beyond else [])]:
            found[address] = wrong[:5]
    assert not found, found


def ends_in_view(page: Page) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = page.evaluate(
        """() => [...document.querySelectorAll('tr[data-row] .name a')].map((link) => {
  const text = document.createTreeWalker(link, NodeFilter.SHOW_TEXT), range = document.createRange();
  let last = null;
  while (text.nextNode()) last = text.currentNode;
  range.setStart(last, Math.max(0, last.length - 7));
  range.setEnd(last, last.length);
  return [range.toString(), range.getBoundingClientRect().right <= link.closest('.name').getBoundingClientRect().right];
})"""
    )
    return found


@pytest.mark.parametrize("width", HALF)
def test_the_name_gets_the_room_and_keeps_its_end(portal_page: Page, long_names: None, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 900})
    for address in WITH_NAMES:
        portal_page.goto(address)
        columns = columns_of(portal_page)
        widest = max(columns, key=lambda column: column[1])
        assert widest[0].startswith("Name"), (address, columns)
        room = portal_page.evaluate("() => document.querySelector('.table-card').clientWidth")
        assert sum(column[1] for column in columns) == pytest.approx(room, abs=2), (address, columns)
        ends = ends_in_view(portal_page)
        assert ends, address
        assert all(seen for _, seen in ends), (address, ends)


@pytest.mark.parametrize(
    ("width", "secrets", "inventory"),
    [
        (1440, ["Name", "Expires", "Content type", "Tags", "Updated"], ["Name", "Vault", "Expires", "Tags", "Updated"]),
        (900, ["Name", "Expires", "Tags", "Updated"], ["Name", "Vault", "Expires", "Updated"]),
        (820, ["Name", "Expires", "Tags"], ["Name", "Vault", "Expires"]),
    ],
)
def test_columns_give_way_in_their_order(
    portal_page: Page, long_names: None, width: int, secrets: list[str], inventory: list[str]
) -> None:
    portal_page.set_viewport_size({"width": width, "height": 900})
    expected = {
        LISTS[0]: secrets,
        "/inventory/": ["Kind", *inventory],
        "/audit/?show=all": ["When", "Who, as what", "Act", "On, through", "Outcome"],
    }
    for address, names in expected.items():
        portal_page.goto(address)
        assert [name for name, _ in columns_of(portal_page) if name] == names, address
    portal_page.goto(f"{LISTS[0]}?filter=payments")
    row = portal_page.locator(f"tr[data-name='{LONG}']")
    expect(row.locator(".tags-more")).to_be_visible(visible=width < 1000)
    expect(row.locator(".tag:visible")).to_have_count(12 if width > 1000 else 2)


def test_state_and_expiry_are_told_once(portal_page: Page, long_names: None) -> None:
    portal_page.goto(LISTS[0])
    told = {
        row.get_attribute("data-name"): " ".join(row.locator(".expires").inner_text().split())
        for row in portal_page.locator("tr[data-row]").all()
    }
    now = datetime.now(UTC)
    day = {days: f"{now + timedelta(days=days):%-d %b %Y}" for days in (-40, 5, 9, 400)}
    assert told[LONG] in (f"in 4 d {day[5]}", f"in 5 d {day[5]}")
    assert told[NEIGHBOUR] == f"Expired {day[-40]}"
    assert told["off"] == f"Disabled {day[400]}"
    assert told["not-yet"] == f"Not yet from {day[9]}"
    portal_page.goto("/inventory/?q=payments&state=deleted")
    expect(portal_page.locator(".expires")).to_have_text(re.compile(r"^\s*Deleted\s*until \d+ \w+ \d{4}$"))


def test_pills_are_one_row_on_a_phone_with_the_chosen_one_in_view(portal_page: Page, long_names: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    for address, chosen in ((f"{LISTS[0]}?show=off", "Disabled"), ("/inventory/?state=deleted", "Deleted")):
        portal_page.goto(address)
        pill = portal_page.locator(":is(.pills, .states) .pill", has_text=chosen)
        expect(pill).to_be_in_viewport(ratio=1)
        tops = portal_page.locator(":is(.pills, .states) .pill:visible").evaluate_all(
            "(pills) => new Set(pills.map((pill) => Math.round(pill.getBoundingClientRect().top))).size"
        )
        assert tops == 1, address


@pytest.mark.browser_context_args(java_script_enabled=False)
@pytest.mark.parametrize("tab", ["Secrets", "Keys", "Certificates", "Deleted", "Access", "About"])
def test_the_tab_of_the_page_is_in_view_on_a_phone(portal_page: Page, long_names: None, tab: str) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    portal_page.goto("/vaults/kv-shop-prod/")
    address = portal_page.locator(".tabs a", has_text=tab).get_attribute("href")
    assert address
    portal_page.goto(address)
    expect(portal_page.locator(".tabs a[aria-current]")).to_have_text(re.compile(f"^{tab}"))
    expect(portal_page.locator(".tabs a[aria-current]")).to_be_in_viewport(ratio=1)


def test_an_expired_row_keeps_its_date_on_a_phone(portal_page: Page, long_names: None) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    date = f"{datetime.now(UTC) - timedelta(days=40):%-d %b %Y}"
    for address in (f"{LISTS[0]}?filter=payments", "/inventory/?state=expired"):
        portal_page.goto(address)
        row = portal_page.locator("tr[data-row]", has=portal_page.locator(f"[title='{NEIGHBOUR}']"))
        for word in ("Expired", date):
            expect(row.get_by_text(word)).to_be_in_viewport(ratio=1)


def test_a_vault_keeps_its_letters_in_the_narrow_rail(portal_page: Page, world: World) -> None:
    portal_page.set_viewport_size({"width": 900, "height": 700})
    portal_page.goto("/")
    expect(portal_page.locator("#sidebar-vaults .letters").first).to_have_text("shopprod")
    expect(portal_page.locator("#sidebar-vaults .letters").first).to_be_in_viewport(ratio=1)
    portal_page.set_viewport_size({"width": 1440, "height": 700})
    expect(portal_page.locator("#sidebar-vaults .letters").first).to_be_hidden()


@pytest.mark.parametrize("width", [1100, 960, 820])
def test_the_search_box_gives_way_to_the_way_here(width: int, portal_page: Page, azure: VaultClient) -> None:
    azure.secrets.set("storefront-webhook-secret", "v")
    portal_page.set_viewport_size({"width": width, "height": 700})
    portal_page.goto("/vaults/kv-shop-prod/secrets/storefront-webhook-secret/new-version/")
    crumbs = portal_page.locator(".breadcrumb li > :not(.mono)")
    assert crumbs.all_inner_texts() == ["kv-shop-prod", "Secrets", "New version"]
    assert all(crumbs.evaluate_all("all => all.map((one) => one.scrollWidth <= one.clientWidth)"))
    search = portal_page.get_by_role("searchbox", name="Search all vaults")
    search.focus()
    expect(search).to_be_focused()
    assert search.evaluate("one => one.clientWidth") >= 180


def test_an_outcome_in_part_is_read_whole(
    portal_page: Page, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC", crv="P-256")
    emulator.deny("keys/list")
    olga.get("/vaults/kv-shop-prod/keys/signing/")
    for width in (1440, 960, 820):
        portal_page.set_viewport_size({"width": width, "height": 700})
        portal_page.goto("/audit/?show=all")
        expect(portal_page.get_by_text("in part").first).to_be_in_viewport(ratio=1)
        cells = portal_page.locator("td.outcome")
        assert cells.evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth).length") == 0, width
