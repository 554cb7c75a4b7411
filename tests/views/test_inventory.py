"""The overview and the inventory: counts, filters, CSV."""

import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import forms_of, text_of
from tests.conftest import World, last_detail, make_connection, make_vault, say, signed_in, vault_calls
from vaults.emulator import ADMIN, Emulator
from vaults.inventory.counts import next_months
from vaults.models import FormerVault, InventoryItem, Vault
from vaults.permissions import Action
from vaults.templatetags.figures import expiry_chart
from vaults.web.spreadsheet import cell

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def items(world: World, now: datetime) -> None:
    """One item of each sort in Olga's vault, and one of another team."""
    Vault.objects.filter(pk=world.vault.pk).update(scanned_at=now)

    def add(name: str, kind: str = "secret", vault: Vault = world.vault, **fields: object) -> None:
        InventoryItem.objects.create(vault=vault, kind=kind, name=name, **{"enabled": True, **fields})

    add("expired", expires_on=now - DAY)
    add("in-3-days", expires_on=now + 3 * DAY)
    add("in-20-days", expires_on=now + 20 * DAY, tags={"owner": "shop"})
    add("in-80-days", "key", expires_on=now + 80 * DAY)
    add("in-a-year", "certificate", expires_on=now + 365 * DAY, subject="CN=shop.example")
    add("never")
    add("disabled", enabled=False)
    add("being-made", "certificate", pending=True)
    add("twin", managed=True, expires_on=now + 365 * DAY)
    add("gone", deleted_on=now - DAY, scheduled_purge_on=now + 89 * DAY)
    team = world.otto.memberships.get().team
    theirs = make_connection(team, "theirs", ADMIN.client_id, ADMIN.client_secret)
    other = make_vault(connection=theirs, name="kv-billing-prod", slug="theirs")
    add("not-yours", vault=other, expires_on=now + DAY)


def names(page: object) -> set[str]:
    return {item.name for item in page.context["page"]}  # type: ignore[attr-defined]


def test_the_overview_counts_what_is_there(olga: Client, items: None, emulator: Emulator) -> None:
    page = olga.get("/")
    found = page.context["summary"].figures
    assert (found.total, found.secrets, found.keys, found.certificates) == (8, 5, 1, 2)
    assert (found.expired, found.within_7, found.within_30, found.within_90) == (1, 1, 2, 3)
    assert (found.never_expires, found.disabled, found.pending, found.deleted) == (3, 1, 1, 1)
    assert page.context["summary"].as_of
    assert "not-yours" not in text_of(page)
    assert vault_calls(emulator) == []


FILTERS: dict[str, set[str]] = {
    "state=expired": {"expired"},
    "state=7": {"in-3-days"},
    "state=never&enabled=on": {"never", "being-made"},
    "state=30": {"in-3-days", "in-20-days"},
    "state=90": {"in-3-days", "in-20-days", "in-80-days"},
    "state=never": {"never", "disabled", "being-made"},
    "state=disabled": {"disabled"},
    "state=pending": {"being-made"},
    "state=deleted": {"gone"},
    "kind=key": {"in-80-days"},
    "q=shop": {"in-20-days", "in-a-year"} | {"expired", "in-3-days", "in-80-days", "never", "disabled", "being-made"},
    "q=owner": {"in-20-days"},
    "q=CN%3Dshop": {"in-a-year"},
    "kind=secret&managed=on&q=twin": {"twin"},
    "vault=theirs": set(),
    "state=nonsense": {"in-3-days"},
}


@pytest.mark.sweep
@pytest.mark.parametrize("query", FILTERS)
def test_filters(query: str, olga: Client, items: None) -> None:
    page = olga.get(f"/inventory/?{query}")
    assert page.status_code == 200
    found = names(page)
    assert "not-yours" not in found
    if query not in ("vault=theirs", "state=nonsense"):
        assert found == FILTERS[query]


@pytest.mark.sweep
@pytest.mark.parametrize("sort", ["name", "-name", "expires", "-expires", "updated", "vault", "evil'; --", ""])
def test_sorts(sort: str, olga: Client, items: None) -> None:
    page = olga.get("/inventory/", {"sort": sort, "page": "x"})
    assert page.status_code == 200
    assert len(names(page)) == 8


def test_csv_holds_the_filtered_rows_and_is_recorded(olga: Client, items: None) -> None:
    answer = olga.get("/inventory/csv/?state=7")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["vault"], row["kind"], row["name"]) for row in rows] == [("kv-shop-prod", "secret", "in-3-days")]
    assert rows[0]["as_of"]
    assert last_detail(Action.INVENTORY_EXPORT) == {"count": 1}


#: The items in the order that each address promises, and none of those that never expire before the last that does.
ORDERS: dict[str, list[str]] = {
    "state=90": ["in-3-days", "in-20-days", "in-80-days"],
    "state=90&sort=-expires": ["in-80-days", "in-20-days", "in-3-days"],
    "state=90&sort=name": ["in-20-days", "in-3-days", "in-80-days"],
    "state=90&sort=nonsense": ["in-3-days", "in-20-days", "in-80-days"],
    "kind=secret&sort=expires": ["expired", "in-3-days", "in-20-days", "disabled", "never"],
    "kind=secret&sort=-expires": ["in-20-days", "in-3-days", "expired", "disabled", "never"],
    "kind=secret&sort=-name": ["never", "in-3-days", "in-20-days", "expired", "disabled"],
    "kind=secret": ["disabled", "expired", "in-20-days", "in-3-days", "never"],
    "kind=secret&state=30": ["in-3-days", "in-20-days"],
}


@pytest.mark.sweep
@pytest.mark.parametrize("query", ORDERS)
def test_what_expires_is_in_the_order_of_its_date_and_the_csv_follows_the_screen(
    query: str, olga: Client, items: None
) -> None:
    screen = [item.name for item in olga.get(f"/inventory/?{query}").context["page"]]
    text = olga.get(f"/inventory/csv/?{query}").content.decode("utf-8-sig")
    assert screen == ORDERS[query]
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == screen


def test_the_csv_holds_all_pages_of_what_is_on_screen(olga: Client, world: World, now: datetime) -> None:
    InventoryItem.objects.bulk_create(
        InventoryItem(vault=world.vault, kind="secret", name=f"s{number:03}", enabled=True, expires_on=now + 9 * DAY)
        for number in range(120)
    )
    pages = [olga.get(f"/inventory/?state=30&page={number}").context["page"] for number in (1, 2, 3)]
    screen = [item.name for page in pages for item in page]
    text = olga.get("/inventory/csv/?state=30&page=2").content.decode("utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == screen == [f"s{n:03}" for n in range(120)]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "swap"])
def test_the_link_to_the_csv_and_the_states_follow_the_filters(
    headers: dict[str, str], olga: Client, items: None
) -> None:
    text = olga.get("/inventory/?state=30&kind=secret&page=1", headers=headers).content.decode()
    assert 'href="/inventory/csv/?state=30&amp;kind=secret"' in text
    assert re.search(r'state=30" aria-current="true"', text)


def test_a_filter_keeps_an_order_that_was_chosen_and_no_other(olga: Client, items: None) -> None:
    def sort(query: str) -> list[str] | None:
        return next(form for form in forms_of(olga.get(f"/inventory/?{query}")) if "kind" in form.fields).fields.get(
            "sort"
        )

    assert sort("state=30") is None
    assert sort("state=30&sort=-updated") == ["-updated"]


FORMULAS = [
    f"{lead}{start}HYPERLINK(1)"
    for start in ("=", "+", "-", "@", "\t=", "\r=", "\n=", "\x00=", "\u202e=", "\ufeff=", "＝", "＋")
    for lead in ("", " ", "  ", "'", '"')
]


def test_no_cell_is_a_formula_or_holds_a_control_character(olga: Client, items: None) -> None:
    live = raw = 0
    for text in FORMULAS:
        found = cell(text)
        live += found.lstrip(" ")[:1] in tuple("=+-@＝＋－＠\t\r")
        raw += any(not char.isprintable() for char in found)
    say(f"formula payloads: {len(FORMULAS)}, live: {live}, raw control characters: {raw}")
    assert (live, raw) == (0, 0)


def links(page: Any, start: str) -> list[str]:
    """Where the links of a page lead that begin like this."""
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', page.content.decode()) if link.startswith(start)]


def test_next_to_expire_is_what_comes_and_the_expired_stand_apart(
    olga: Client, items: None, world: World, now: datetime
) -> None:
    for days in range(1, 12):
        InventoryItem.objects.create(
            vault=world.vault, kind="key", name=f"old-{days}", enabled=days != 2, expires_on=now - days * DAY
        )
    for address in ("/", "/vaults/kv-shop-prod/"):
        page = olga.get(address)
        found = page.context["summary"]
        assert [item.name for item in found.next_to_expire] == ["in-3-days", "in-20-days", "in-80-days", "in-a-year"]
        assert [item.name for item in found.latest_expired] == ["expired", "old-1", "old-3", "old-4", "old-5"]
        assert "Expired, still enabled" in text_of(page)


@pytest.mark.slow
def test_every_bar_of_the_chart_leads_to_just_its_items(
    olga: Client, items: None, world: World, narrow_vault: Vault, now: datetime
) -> None:
    """Also at the edges of months, for one vault, and for one that two connections reach."""
    for place, month in enumerate(next_months(now)):
        for name, moment in (("first", month.start), ("last", month.end - timedelta(microseconds=1))):
            InventoryItem.objects.create(
                vault=world.vault, kind="key", name=f"{name}-{place}", enabled=place % 2 == 0, expires_on=moment
            )
    for address, vault in (("/", ""), ("/vaults/kv-shop-prod/", "kv-shop-prod")):
        page = olga.get(address)
        summary, shown = page.context["summary"], links(page, "/inventory/")
        chart = expiry_chart(summary.months, summary.figures.expired, vault)
        for bar in chart["all"]:
            found = olga.get(bar.url).context["page"]
            dates = [item.expires_on for item in found]
            assert (found.paginator.count, dates) == (bar.count, sorted(dates)), bar.url
            assert not bar.count or bar.url in shown
        if not vault:  # all but what expires in a year, and what this month began with
            assert chart["total"] == 3 + 12 * 2 - 1


def test_the_chart_has_a_legend_and_a_bar_of_the_expired(olga: Client, items: None) -> None:
    page = text_of(olga.get("/"))
    for word in ("expired", "this month", "the next two", "later"):
        assert word in page
    assert "Expired: 1" in page


def test_a_month_that_is_over_is_said_to_be_no_choice(olga: Client, items: None) -> None:
    assert "2001-01 is not one of the available choices" in text_of(olga.get("/inventory/?month=2001-01"))
    assert olga.get("/inventory/?month=nonsense'--").status_code == 200


def test_an_outsider_sees_his_own(world: World, items: None) -> None:
    otto = signed_in(world.otto)
    assert names(otto.get("/inventory/")) == {"not-yours"}
    assert "in-3-days" not in otto.get("/inventory/csv/").content.decode()


def test_an_empty_portal_is_no_error(olga: Client) -> None:
    assert olga.get("/").status_code == olga.get("/inventory/").status_code == 200


@pytest.mark.parametrize("garbage", ["vault=removed", "kind=no-such", "state=no-such", "vault=kv-shop-prod&kind=x"])
def test_a_filter_that_does_not_exist_finds_nothing_rather_than_everything(
    garbage: str, olga: Client, items: None
) -> None:
    assert len(olga.get(f"/inventory/csv/?{garbage}").content.decode().splitlines()) == 1
    assert olga.get(f"/inventory/?{garbage}").status_code == 200


def test_the_filter_of_a_vault_that_was_merged_finds_the_present_one(olga: Client, world: World, items: None) -> None:
    FormerVault.objects.create(slug="kv-old-name", vault=world.vault)
    present, former = (olga.get(f"/inventory/csv/?vault={slug}").content for slug in ("kv-shop-prod", "kv-old-name"))
    assert former == present
    assert len(former.splitlines()) > 1
