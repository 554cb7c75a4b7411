"""The recycle bin of all vaults: what can be recovered, until when, and what is not known."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, make_connection, make_vault, signed_in, vault_calls
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem, Membership, Vault
from vaults.permissions import Role

NOW = timezone.now()
V = "/vaults/kv-shop-prod"


def delete(vault: Vault, name: str, days: float | None, **columns: Any) -> InventoryItem:
    """A deleted item that is purged in so many days."""
    return InventoryItem.objects.create(
        vault=vault,
        kind=columns.pop("kind", "secret"),
        name=name,
        enabled=True,
        deleted_on=NOW - timedelta(days=3),
        scheduled_purge_on=None if days is None else NOW + timedelta(days=days, minutes=30),
        **{"recovery_level": "Recoverable+Purgeable", **columns},
    )


def names(page: Any) -> list[str]:
    return [item.name for item in page.context["rows"]]


def test_what_a_scan_found_is_listed_with_the_ways_out(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("old-password", "a-s3cret-value")
    azure.secrets.delete("old-password")
    azure.secrets.set("kept", "hidden")
    scan_vault(System(), world.vault)
    emulator.requests.clear()
    page = olga.get("/deleted/")
    assert vault_calls(emulator) == []
    assert names(page) == ["old-password"]
    text = page.content.decode()
    assert f'href="{V}/deleted/secrets/old-password/recover/"' in text
    assert f'href="{V}/deleted/secrets/old-password/purge/"' in text
    assert "89 d left" in text
    assert "a-s3cret-value" not in text


def test_a_vault_with_purge_protection_offers_no_purge_and_says_why(
    olga: Client, world: World, emulator: Emulator
) -> None:
    delete(world.vault, "protected", 5, recovery_level="CustomizedRecoverable")
    page = olga.get("/deleted/").content.decode()
    assert f"{V}/deleted/secrets/protected/recover/" in page
    assert f"{V}/deleted/secrets/protected/purge/" not in page
    assert "nobody can purge it before its day" in page


def test_where_the_protection_is_not_known_the_vault_decides(olga: Client, world: World) -> None:
    delete(world.vault, "unknown", 5, recovery_level="")
    page = olga.get("/deleted/").content.decode()
    assert f"{V}/deleted/secrets/unknown/purge/" in page
    assert "not known" in page


def test_the_soonest_first_and_those_without_a_date_last(olga: Client, world: World) -> None:
    other = make_vault(world.connection, "kv-crm")
    delete(world.vault, "later", 80)
    delete(world.vault, "odd", None, odd={"scheduled_purge_on": "99999999999999"})
    delete(other, "first", -0.5)
    delete(other, "soon", 2)
    delete(world.vault, "today", 0.3)
    page = olga.get("/deleted/")
    assert names(page) == ["first", "today", "soon", "later", "odd"]
    text = text_of(page)
    for left in ("due", "7 h left", "2 d left", "80 d left", "99999999999999"):
        assert left in text


def test_filters_stand_in_the_address(olga: Client, world: World) -> None:
    other = make_vault(world.connection, "kv-crm")
    delete(world.vault, "a-password", 1)
    delete(world.vault, "a-key", 2, kind="key")
    delete(other, "b-password", 3)
    assert names(olga.get("/deleted/?kind=key")) == ["a-key"]
    assert names(olga.get("/deleted/?vault=kv-crm")) == ["b-password"]
    assert names(olga.get("/deleted/?q=PASSWORD+kv-crm")) == ["b-password"]
    assert names(olga.get("/deleted/?q=https://kv-shop-prod.vault.test/secrets/a-password")) == ["a-password"]
    for wrong in ("?vault=removed", "?kind=shares", "?q=nothing-of-this-name", "?q=%00&vault=%00"):
        page = olga.get(f"/deleted/{wrong}")
        assert (page.status_code, names(page)) == (200, [])
        assert "Nothing matches" in text_of(page)


def test_a_page_has_fifty_and_keeps_its_filters(olga: Client, world: World) -> None:
    for number in range(120):
        delete(world.vault, f"item-{number:03}", number / 2)
    page = olga.get("/deleted/?q=item")
    assert "50 of 120, soonest purged first" in text_of(page)
    seen = names(page)
    while page.context["listed"].next:
        page = olga.get(f"/deleted/{page.context['listed'].next}")
        assert page.context["filter"].form["q"].value() == "item"
        seen += names(page)
    assert seen == [f"item-{number:03}" for number in range(120)]
    back = olga.get(f"/deleted/{page.context['listed'].previous}")
    assert names(back) == seen[50:100]
    assert "after" not in back.context["listed"].previous


def test_a_place_that_is_none_is_the_beginning(olga: Client, world: World) -> None:
    delete(world.vault, "it", 1)
    for place in ("?after=x", "?after=_", "?before=2026", "?after=%00_1", "?after=9999-12-31T23:59:59-23:59_1"):
        assert names(olga.get(f"/deleted/{place}")) in (["it"], [])
    assert names(olga.get("/deleted/?after=x")) == ["it"]


def test_a_certificate_stands_for_its_key_and_its_secret(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("shop-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("shop-tls")
    azure.certificates.delete("shop-tls")
    scan_vault(System(), world.vault)
    assert InventoryItem.objects.filter(managed=True).exclude(deleted_on=None).count() == 2
    assert [(item.kind, item.name) for item in olga.get("/deleted/").context["rows"]] == [("certificate", "shop-tls")]


def test_a_managed_secret_without_its_certificate_is_not_hidden(olga: Client, world: World) -> None:
    """The certificates may not be listed, and it is deleted all the same."""
    delete(world.vault, "shop-tls", 5, managed=True)
    page = olga.get("/deleted/")
    assert names(page) == ["shop-tls"]
    assert "with its certificate" in text_of(page)
    assert f"{V}/deleted/secrets/shop-tls/recover/" not in page.content.decode()


def test_while_it_is_being_deleted_nothing_is_offered(olga: Client, world: World) -> None:
    delete(world.vault, "it", 5, transition="deleting", transition_since=NOW)
    delete(world.vault, "done", 6, transition="deleting", transition_since=NOW - timedelta(hours=1))
    page = olga.get("/deleted/").content.decode()
    assert "being deleted" in page
    assert f"{V}/deleted/secrets/it/recover/" not in page
    assert f"{V}/deleted/secrets/done/recover/" in page


@pytest.mark.parametrize(("role", "recovers"), [(Role.VIEWER, False), (Role.WRITER, False), (Role.MANAGER, True)])
def test_only_what_the_role_may_is_offered(role: Role, recovers: bool, world: World) -> None:
    delete(world.vault, "it", 5)
    page = signed_in(world.members[role]).get("/deleted/").content.decode()
    assert (f"{V}/deleted/secrets/it/recover/" in page) is recovers
    assert (f"{V}/deleted/secrets/it/purge/" in page) is recovers
    assert ("your role may only look" in page) is not recovers


def test_vaults_that_refused_are_named_with_the_reason(
    olga: Client, world: World, sick_vault: Vault, emulator: Emulator
) -> None:
    emulator.deny("keys/list", vault=sick_vault.name)
    scan_vault(System(), sick_vault)
    scan_vault(System(), world.vault)
    page = olga.get("/deleted/")
    [unread] = page.context["unread"]
    assert (unread.vault, unread.lists) == (sick_vault, "deleted keys")
    assert "keys/list" in unread.why
    assert "The deleted items of one vault are not known in full" in text_of(page)
    assert 'action="/scan/vaults/"' in page.content.decode()


def test_a_refused_list_of_live_items_says_nothing_about_deleted_ones(olga: Client, world: World) -> None:
    Vault.objects.update(
        scanned_at=NOW, scan_ended_at=NOW, scan_problem="scan.incomplete", unread_lists={"keys": ""},
        scan_problem_facts={"lists": [{"list": "keys", "code": "scan.nameless", "facts": {"count": 1}, "failed": True}]},
    )  # fmt: skip
    assert olga.get("/deleted/").context["unread"] == []


def test_only_the_reason_of_the_deleted_list_is_given(olga: Client, world: World) -> None:
    lists = [
        {"list": "keys", "code": "scan.nameless", "facts": {"count": 1}, "failed": True},
        {"list": "deleted secrets", "code": "scan.broken", "facts": {}, "failed": True},
    ]
    Vault.objects.update(
        scanned_at=NOW,
        scan_ended_at=NOW,
        scan_problem="scan.incomplete",
        unread_lists={"keys": "", "deleted secrets": ""},
        scan_problem_facts={"lists": [*lists, "no mapping"]},
    )
    [unread] = olga.get("/deleted/").context["unread"]
    assert unread.lists == "deleted secrets"
    assert "deleted secrets: " in unread.why
    assert "keys: " not in unread.why


def test_a_vault_whose_last_scan_read_nothing_is_named(olga: Client, world: World) -> None:
    Vault.objects.update(scanned_at=NOW - timedelta(hours=1), scan_ended_at=NOW, scan_problem="scan.broken")
    [unread] = olga.get("/deleted/").context["unread"]
    assert unread.lists == "deleted items"
    Vault.objects.update(scanned_at=None, scan_ended_at=None, scan_problem="")
    page = olga.get("/deleted/")
    assert "Never scanned" in text_of(page)
    assert "Nothing scanned yet" in text_of(page)


def test_another_team_sees_nothing_of_it(world: World) -> None:
    delete(world.vault, "it", 5)
    otto = signed_in(world.otto)
    for path in ("/deleted/", "/deleted/?vault=kv-shop-prod", "/deleted/?q=it"):
        page = otto.get(path).content.decode()
        assert "kv-shop-prod</" not in page
        assert "/deleted/secrets/it/" not in page


def test_a_vault_of_another_team_of_the_same_person(olga: Client, world: World) -> None:
    other = Membership.objects.get(user=world.otto).team
    Membership.objects.create(team=other, user=world.olga, role=Role.VIEWER)
    theirs = make_vault(make_connection(other, "sp", DEPLOY.client_id, DEPLOY.client_secret), "kv-theirs")
    delete(theirs, "it", 5)
    olga.post("/team/choose/", {"team": world.team.pk})
    assert names(olga.get("/deleted/")) == []
    page = olga.get("/deleted/?vault=kv-theirs")
    assert names(page) == ["it"]
    assert "/vaults/kv-theirs/deleted/secrets/it/recover/" not in page.content.decode()  # the role there counts


def test_htmx_gets_the_list_alone(olga: Client, world: World) -> None:
    delete(world.vault, "it", 5)
    part = olga.get("/deleted/?q=it", headers={"HX-Request": "true"}).content.decode()
    assert 'id="results"' in part
    assert "<html" not in part


def test_the_rail_leads_there(olga: Client, world: World) -> None:
    assert 'href="/deleted/"' in olga.get("/").content.decode()
    assert ADMIN.client_secret not in olga.get("/deleted/").content.decode()
