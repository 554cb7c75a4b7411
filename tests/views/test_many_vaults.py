"""A team with many vaults: what needs attention comes first, the address sorts and filters, one press scans them all."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, make_connection, make_vault, say, signed_in, vault_calls
from tests.working import scan_what_is_due
from vaults.actions.scans import request_scans
from vaults.actors import Person
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.models import AuditEntry, Connection, InventoryItem, JobItem, Vault, VaultConnection
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep

NOW = timezone.now()
DAY = timedelta(days=1)


def add_vaults(connection: Connection, count: int, **fields: Any) -> None:
    """Vaults that were scanned on one day each, each with one item that never expires."""
    made = [make_vault(connection, f"kv-{n:02}", **{"scanned_at": NOW - (n + 1) * DAY, **fields}) for n in range(count)]
    InventoryItem.objects.bulk_create(
        InventoryItem(vault=vault, kind="secret", name="plain", enabled=True) for vault in made
    )


def add_items(vault: str, count: int, expires_on: Any = None, **fields: Any) -> None:
    InventoryItem.objects.bulk_create(
        InventoryItem(
            vault=Vault.objects.get(slug=vault),
            name=f"item-{number}",
            **{"kind": "secret", "enabled": True, "expires_on": expires_on, **fields},
        )
        for number in range(count)
    )


@pytest.fixture
def many(world: World) -> Connection:
    """40 vaults beside the first: one with expired items, one with items that expire soon, two that could not be read."""
    Vault.objects.update(scanned_at=NOW)
    add_vaults(world.connection, 40)
    other = make_connection(world.team, "sp-other", DEPLOY.client_id, DEPLOY.client_secret)
    VaultConnection.objects.filter(vault__slug__in=["kv-30", "kv-31"]).update(connection=other)
    add_items("kv-20", 3, NOW - DAY)
    add_items("kv-21", 2, NOW + 3 * DAY)
    Vault.objects.filter(slug__in=["kv-10", "kv-11"]).update(scan_problem="The firewall refused this server")
    Vault.objects.filter(slug="kv-39").update(scanned_at=None)
    return other


def rows(client: Client, query: str) -> list[str]:
    page = client.get(f"/vaults/?{query}")
    assert page.status_code == 200
    return [row.vault.slug for row in page.context["page"]]


PLAIN = [f"kv-{number:02}" for number in range(40)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("", [*PLAIN[:2]]),
        ("sort=name", [*PLAIN[:2]]),
        ("sort=-name", ["kv-shop-prod", "kv-39"]),
        ("sort=nonsense", [*PLAIN[:2]]),
        ("sort=-expired", ["kv-20"]),
        ("sort=-expiring", ["kv-21"]),
        ("sort=-items", ["kv-20", "kv-21"]),
        ("sort=items", ["kv-shop-prod"]),
        ("sort=scanned", ["kv-39", "kv-38"]),
        ("sort=-scanned", ["kv-shop-prod", "kv-00"]),
        ("sort=connection", ["kv-30", "kv-31"]),
    ],
)
def test_the_table_is_sorted_by_the_address(olga: Client, many: Connection, query: str, first: list[str]) -> None:
    found = rows(olga, query)
    assert len(found) == 41
    assert found[: len(first)] == first


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=kv-2", [f"kv-{number}" for number in range(20, 30)]),
        ("q=KV SHOP-PROD", ["kv-shop-prod"]),
        ("q=sp-other", ["kv-30", "kv-31"]),
        ("q=' OR 1=1 --", []),
        ("state=unread", ["kv-10", "kv-11"]),
        ("state=expired", ["kv-20"]),
        ("state=expiring", ["kv-21"]),
        ("state=never", ["kv-39"]),
        ("state=unread&q=11", ["kv-11"]),
        ("state=unread&sort=-name", ["kv-11", "kv-10"]),
    ],
)
def test_the_table_is_filtered_by_the_address(olga: Client, many: Connection, query: str, found: list[str]) -> None:
    assert rows(olga, query) == found
    swapped = olga.get(f"/vaults/?{query}", headers={"HX-Request": "true"})
    assert [row.vault.slug for row in swapped.context["page"]] == found
    assert "<html" not in swapped.content.decode()


def test_the_table_is_filtered_by_connection_and_heads_and_states_keep_the_filter(
    olga: Client, many: Connection
) -> None:
    assert rows(olga, f"connection={many.pk}") == ["kv-30", "kv-31"]
    page = olga.get(f"/vaults/?connection={many.pk}&sort=-name").content.decode()
    assert f'href="/vaults/?connection={many.pk}&amp;sort=expired"' in page
    assert 'aria-sort="descending"' in page
    assert f'<option value="{many.pk}" selected>sp-other</option>' in page
    assert f'href="/vaults/?connection={many.pk}&amp;sort=-name&amp;state=' not in page  # no state has a vault
    assert 'href="/vaults/?state=unread"' in olga.get("/vaults/").content.decode()


def test_a_filter_in_error_is_said_at_its_field_and_hides_nothing(olga: Client, many: Connection) -> None:
    page = olga.get("/vaults/?connection=nonsense&state=nonsense")
    assert len(page.context["page"]) == 41
    assert "nonsense is not one of the available choices" in text_of(page)


def test_more_than_a_page_of_vaults_is_paged(olga: Client, world: World) -> None:
    add_vaults(world.connection, 60)
    assert len(rows(olga, "")) == 50
    assert rows(olga, "page=2")[-1] == "kv-shop-prod"
    assert "sort=-name&amp;page=2" in olga.get("/vaults/?sort=-name").content.decode()


@pytest.mark.parametrize(("more", "filtered"), [(0, False), (7, False), (8, True)])
def test_few_vaults_need_no_filter(olga: Client, world: World, more: int, filtered: bool) -> None:
    add_vaults(world.connection, more)
    assert ('name="connection"' in olga.get("/vaults/").content.decode()) is filtered


def test_a_person_sees_only_the_vaults_of_the_team(world: World, many: Connection) -> None:
    assert rows(signed_in(world.otto), "") == []
    assert rows(signed_in(world.otto), "q=kv") == []


# Scan all


def test_all_vaults_are_scanned_in_the_name_of_whoever_asked(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.add_vault("kv-more")
    make_vault(connection=world.connection, name="kv-more", slug="kv-more")
    request_scans(Person(world.rafi), Vault.objects.filter(slug="kv-more").select_related("team"))
    page = olga.post("/scan/vaults/", follow=True)
    assert "2 vaults will be scanned" in text_of(page)
    assert "2 waiting for a scan" in text_of(page)
    assert vault_calls(emulator) == []
    scan_what_is_due()
    for slug, actor in (("kv-shop-prod", world.olga), ("kv-more", world.rafi)):
        vault = Vault.objects.get(slug=slug)
        assert vault.scan_requested_at is None
        assert last_scan(vault) == actor.pk
    assert 'hx-trigger="every' not in olga.get("/vaults/").content.decode()


def last_scan(vault: Vault) -> Any:
    return AuditEntry.objects.filter(action=Action.VAULT_SCAN, vault_id=vault.pk).order_by("-id")[0].actor_id


def test_scan_all_asks_for_ones_own_vaults_only_and_is_no_link(world: World, many: Connection) -> None:
    assert signed_in(world.otto).post("/scan/vaults/").status_code == 302
    assert not Vault.objects.filter(scan_requested_at__isnull=False).exists()
    assert signed_in(world.olga).get("/scan/vaults/").status_code == 405
    assert signed_in(world.members[Role.VIEWER]).post("/scan/vaults/").status_code == 302
    assert Vault.objects.filter(scan_requested_at__isnull=False).count() == 41
    assert JobItem.objects.filter(job__requested_by=world.members[Role.VIEWER]).count() == 41


def test_the_page_asks_how_many_scans_are_left_and_brings_the_table_when_they_ended(
    olga: Client, many: Connection
) -> None:
    poll = {"HX-Request": "true", "HX-Target": "scans"}
    olga.post("/scan/vaults/")
    Vault.objects.exclude(slug="kv-05").update(scan_requested_at=None)
    left = olga.get("/vaults/?state=unread", headers=poll).content.decode()
    assert "1 waiting for a scan" in left
    assert 'hx-get="/vaults/?state=unread"' in left
    assert "<table" not in left
    Vault.objects.update(scan_requested_at=timezone.now() - timedelta(hours=1))  # no worker: nobody waits for ever
    ended = olga.get("/vaults/?state=unread", headers=poll).content.decode()
    assert "hx-get" not in ended.partition('id="results"')[0]
    assert re.findall(r'href="/vaults/(kv-\d\d)/secrets/" title', ended) == ["kv-10", "kv-11"]


@pytest.mark.parametrize("asked", ["q=kv-1&connection=&state=never&sort=-name", "page=1"])
def test_scan_all_leads_back_to_the_table_as_it_was(olga: Client, many: Connection, asked: str) -> None:
    for headers in ({}, {"HX-Request": "true"}):  # as it was opened, and as a filter that was typed swaps it
        page = olga.get(f"/vaults/?{asked}", headers=headers).content.decode()
        action = f"/scan/vaults/?{asked}"
        assert f'action="{action.replace("&", "&amp;")}"' in page
        assert olga.post(action)["Location"] == f"/vaults/?{asked}"
    assert olga.post("/scan/vaults/")["Location"] == "/vaults/"


# The overview


def first_things(client: Client) -> list[str]:
    return [task.title for task in client.get("/").context["tasks"]]


def test_the_overview_says_what_needs_attention_first(olga: Client, many: Connection) -> None:
    assert first_things(olga) == [
        "2 vaults were not read in full",
        "3 items have expired and are still enabled",
        "2 items expire within 7 days",
        "kv-39 has not been scanned yet",
    ]
    page = olga.get("/")
    assert "The firewall refused this server · kv-10, kv-11" in text_of(page)
    assert [row.vault.slug for row in page.context["rows"]] == ["kv-10", "kv-11", "kv-20", "kv-21", "kv-39"]
    assert "36 without trouble" in text_of(page)


def test_a_line_leads_to_just_the_items_that_it_counts(olga: Client, many: Connection) -> None:
    """Neither to those that are disabled, nor to the twins of certificates."""
    add_items("kv-20", 2, NOW - DAY, kind="key", enabled=False)
    add_items("kv-21", 2, NOW + 3 * DAY, kind="key", enabled=False)
    add_items("kv-22", 2, NOW - DAY, managed=True)
    add_items("kv-22", 2, NOW + DAY, kind="certificate", pending=True)
    add_items("kv-23", 1, kind="certificate", pending=True, enabled=False)
    counted = {
        task.title: olga.get(task.url).context["page"].paginator.count
        for task in olga.get("/").context["tasks"]
        if task.url.startswith("/inventory/")
    }
    assert counted == {
        "3 items have expired and are still enabled": 3,
        "4 items expire within 7 days": 4,
        "3 certificate operations are under way": 3,
    }


def test_the_worst_comes_first_and_one_is_called_by_its_name(olga: Client, world: World) -> None:
    Vault.objects.update(scanned_at=NOW, scan_problem="The firewall refused this server")
    add_items("kv-shop-prod", 1, NOW - 2 * DAY)
    InventoryItem.objects.create(vault=world.vault, kind="key", name="soon", enabled=True, expires_on=NOW + 2 * DAY)
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="asked", enabled=False, pending=True)
    Connection.objects.update(credential_expires_on=NOW + 5.5 * DAY, test_passed=False, test_result="earlier")
    assert first_things(olga) == [
        "kv-shop-prod was not read in full",
        "item-0 has expired and is still enabled",
        "sp-shop-admin: its credential ends in 5 d",
        "soon expires in 1 d",
        "asked is not issued yet",
    ]
    page = olga.get("/").content.decode()
    for address in ("keys/soon/", "secrets/item-0/", "certificates/asked/operation/", ""):
        assert f'class="btn" href="/vaults/kv-shop-prod/{address}"' in page
    assert f'class="btn" href="/connections/{world.connection.pk}/edit/"' in page
    rafi = signed_in(world.rafi).get("/").content.decode()
    assert f'class="btn" href="/connections/{world.connection.pk}/"' in rafi
    Connection.objects.update(credential_expires_on=None)
    assert "sp-shop-admin: its last test failed" in first_things(olga)


@pytest.mark.parametrize("count", [3, 41, 120])
def test_the_list_stays_short_however_much_is_wrong(olga: Client, world: World, count: int) -> None:
    add_vaults(world.connection, count)
    for number, vault in enumerate(Vault.objects.all()):
        own = make_connection(world.team, f"sp-{number}", ADMIN.client_id, ADMIN.client_secret)
        Connection.objects.filter(pk=own.pk).update(credential_expires_on=NOW - DAY)
        vault.reached_through.update(connection=own)
        Vault.objects.filter(pk=vault.pk).update(scan_problem=f"cause {number}")
        add_items(vault.slug, 2, NOW - DAY)
    page = olga.get("/")
    assert len(page.context["tasks"]) <= 7
    assert len(page.context["rows"]) <= 8
    if count > 8:
        assert f"{count - 7} more in trouble" in text_of(page)
        assert f"{count + 1} connections need a look" in text_of(page)


def test_with_few_vaults_the_overview_shows_them_all_and_says_that_nothing_is_wrong(olga: Client, world: World) -> None:
    add_vaults(world.connection, 2)
    Vault.objects.update(scanned_at=NOW)
    page = olga.get("/")
    assert page.context["tasks"] == []
    assert "Nothing. The last scans read every vault" in text_of(page)
    assert len(page.context["rows"]) == 3
    assert "without" not in text_of(page)


def test_two_vaults_of_one_name_are_told_apart_on_the_overview(olga: Client, world: World) -> None:
    china = make_connection(world.team, "china", DEPLOY.client_id, DEPLOY.client_secret)
    china.cloud = "china"
    make_vault(china, world.vault.name, f"{world.vault.slug}-2")
    table = (
        olga.get("/")
        .content.decode()
        .partition('<table class="table cards fixed vaults brief">')[2]
        .partition("</table>")[0]
    )
    assert re.findall(r'<span class="small quiet">([\w.-]+)</span>', table) == ["kv-shop-prod.vault.azure.cn"]


def test_without_a_vault_there_is_nothing_to_scan(olga: Client, world: World) -> None:
    Vault.objects.all().delete()
    for address in ("/", "/vaults/"):
        page = olga.get(address)
        assert "Choose the first vault" in text_of(page)
        assert "Scan all" not in text_of(page)
    assert "There is no vault to scan yet" in text_of(olga.post("/scan/vaults/", follow=True))


def test_a_connection_with_many_vaults_leads_to_their_table(olga: Client, world: World) -> None:
    add_vaults(world.connection, 40)
    page = olga.get(f"/connections/{world.connection.pk}/").content.decode()
    assert f'href="/vaults/?connection={world.connection.pk}">all 41 vaults' in page
    assert page.partition('id="vaults-title"')[2].count('class="grow"') == 8


@pytest.mark.parametrize(
    "address", ["/", "/vaults/", "/vaults/?sort=-expired&q=kv", "/inventory/", "/connections/", "/audit/"]
)
def test_many_vaults_take_no_more_queries_than_three(olga: Client, world: World, address: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            assert olga.get(address).status_code == 200
        return len(captured)

    olga.get("/")  # the session notes once a minute that somebody was there
    add_vaults(world.connection, 2)
    few = queries()
    Vault.objects.filter(slug__startswith="kv-0").delete()
    add_vaults(world.connection, 40)
    Vault.objects.update(scan_problem="cause")
    add_items("kv-20", 300, NOW - DAY)
    many = queries()
    say(f"{address}: {few} queries with 3 vaults, {many} with 41")
    assert many == few


@pytest.mark.parametrize(
    "address", ["/vaults/", "/vaults/?sort=connection", "/vaults/?q=kv", "/", "/inventory/", "/jobs/"]
)
def test_a_vault_without_a_connection_spoils_no_page(address: str, olga: Client, world: World) -> None:
    """Somebody has written to the database: no page takes the last connection away."""
    make_vault(connection=world.connection, name="kv-lonely", slug="lonely").reached_through.all().delete()
    page = olga.get(address)
    assert page.status_code == 200
    assert "kv-lonely" in text_of(page)
    assert [item.label for item in scan_what_is_due()] == ["kv-shop-prod"]
