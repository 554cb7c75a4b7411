"""Deleting, recovering, purging: what this portal began and Azure has not completed stands on the item, until it is seen."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in, text_of
from tests.conftest import World, local_cloud, unreadable, unwritable
from vaults import clients
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import Conflict
from vaults.emulator import Emulator
from vaults.inventory import observe
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import BY_COLLECTION
from vaults.models import InventoryItem
from vaults.models.inventory import SETTLES_WITHIN

V = "/vaults/kv-shop-prod"
INDEX = "vaults_inventoryitem"
NAMES = {"secrets": "it", "keys": "it", "certificates": "it-tls"}
KINDS = pytest.mark.parametrize("kind", NAMES)


@pytest.fixture
def emulator(settings: Settings) -> Emulator:
    """As in Azure, a deletion, a recovery or a purge takes a while."""
    emulator = Emulator.for_tests(settle_seconds=30)
    settings.CLOUDS = {"local": local_cloud(emulator)}
    clients.azure.forget_tokens()
    return emulator


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure)
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)


def make(azure: VaultClient) -> None:
    """The items that do not exist, in the vault."""
    with suppress(Conflict):
        azure.secrets.set("it", "hidden")
    with suppress(Conflict):
        azure.keys.create("it", kty="EC")
    with suppress(Conflict):
        azure.certificates.create("it-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))


class Page:
    """The page of a deleted item."""

    def __init__(self, olga: Client, kind: str) -> None:
        self.path = f"{V}/deleted/{kind}/{NAMES[kind]}/"
        self._answer = olga.get(self.path)
        self.status = self._answer.status_code

    @property
    def state(self) -> str:
        return str(self._answer.context["state"])

    @property
    def words(self) -> str:
        return text_of(self._answer)

    @property
    def offers(self) -> set[str]:
        page = self._answer.content.decode()
        return {act for act in ("recover", "purge") if f'href="{self.path}{act}/"' in page}


def delete(olga: Client, kind: str) -> None:
    assert fill_in(olga, f"{V}/{kind}/{NAMES[kind]}/delete/").status_code == 302


def recover(olga: Client, kind: str) -> None:
    assert fill_in(olga, f"{V}/deleted/{kind}/{NAMES[kind]}/recover/").status_code == 302


def purge(olga: Client, kind: str) -> None:
    path = f"{V}/deleted/{kind}/{NAMES[kind]}/purge/"
    assert fill_in(olga, path, confirm_name=NAMES[kind]).status_code == 302


def elsewhere(azure: VaultClient, kind: str, verb: str) -> None:
    getattr(BY_COLLECTION[kind].client(azure), verb)(NAMES[kind])


def later(by: timedelta = SETTLES_WITHIN) -> None:
    """So much time passes in the portal."""
    InventoryItem.objects.exclude(transition_since=None).update(
        transition_since=F("transition_since") - by, observed_at=F("observed_at") - by
    )


def row(kind: str) -> InventoryItem:
    return InventoryItem.objects.get(kind=BY_COLLECTION[kind].name, name=NAMES[kind])


@KINDS
def test_each_change_is_shown_until_it_is_completed(
    kind: str, olga: Client, world: World, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    page = Page(olga, kind)
    assert (page.state, page.offers) == ("deleting", set())
    assert "begun just now by Olga Brandt owner@example.com" in page.words
    emulator.clock.advance(60)
    page = Page(olga, kind)
    assert (page.state, page.offers, row(kind).transition) == ("deleted", {"recover", "purge"}, "")
    recover(olga, kind)
    assert (Page(olga, kind).state, row(kind).transition_user) == ("recovering", world.olga)
    emulator.clock.advance(60)
    assert Page(olga, kind).status == 302
    assert row(kind).transition == ""
    delete(olga, kind)
    emulator.clock.advance(60)
    purge(olga, kind)
    assert Page(olga, kind).state == "purged"


@KINDS
def test_recovered_here_and_deleted_again_elsewhere(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    recover(olga, kind)
    emulator.clock.advance(60)
    elsewhere(azure, kind, "delete")
    emulator.clock.advance(60)
    page = Page(olga, kind)
    assert (page.state, page.offers) == ("deleted", {"recover", "purge"})
    assert row(kind).transition == ""


@KINDS
@pytest.mark.parametrize("looked", ["page", "scan", "nobody"])
def test_deleted_here_and_recovered_elsewhere(
    looked: str, kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    if looked == "page":
        assert Page(olga, kind).state == "deleted"
    if looked == "scan":
        scan_vault(System(), world.vault)
    elsewhere(azure, kind, "recover")
    emulator.clock.advance(60)
    if looked == "nobody":
        later()
    assert Page(olga, kind).status == 302  # to the item's page
    assert row(kind).is_live


@KINDS
def test_deleted_elsewhere(
    kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    elsewhere(azure, kind, "delete")
    emulator.clock.advance(60)
    page = Page(olga, kind)
    assert (page.state, page.offers, row(kind).is_live) == ("deleted", {"recover", "purge"}, False)
    assert "begun" not in page.words


@KINDS
def test_purged_elsewhere(kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    assert Page(olga, kind).state == "deleted"
    elsewhere(azure, kind, "purge")
    emulator.clock.advance(60)
    assert Page(olga, kind).status == 404


@KINDS
def test_purged_here_and_made_again_elsewhere(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    purge(olga, kind)
    emulator.clock.advance(60)
    assert (Page(olga, kind).state, row(kind).transition) == ("purged", "purging")
    make(azure)
    emulator.clock.advance(60)
    assert olga.get(f"{V}/{kind}/{NAMES[kind]}/").status_code == 200
    assert (row(kind).transition, row(kind).is_live) == ("", True)
    assert Page(olga, kind).status == 302  # to the item's page


@KINDS
def test_a_purge_that_did_not_happen(
    kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    """The vault accepted it, and the item is there all the same: after some minutes that counts, here and for a scan."""
    elsewhere(azure, kind, "delete")
    emulator.clock.advance(60)
    observe.remember_purge(Person(world.olga), world.vault, BY_COLLECTION[kind], NAMES[kind])
    page = Page(olga, kind)
    assert (page.state, page.offers) == ("purging", set())
    scan_vault(System(), world.vault)
    assert row(kind).gone_since
    later()
    page = Page(olga, kind)
    assert (page.state, page.offers, row(kind).gone_since) == ("deleted", {"recover", "purge"}, None)


@KINDS
def test_a_recovery_that_did_not_happen(
    kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    elsewhere(azure, kind, "delete")
    emulator.clock.advance(60)
    properties = BY_COLLECTION[kind].client(azure).get_deleted(NAMES[kind]).properties
    observe.remember_recovery(Person(world.olga), world.vault, properties)
    assert Page(olga, kind).state == "recovering"
    scan_vault(System(), world.vault)
    assert row(kind).is_live
    later()
    scan_vault(System(), world.vault)
    assert (row(kind).is_live, row(kind).transition) == (False, "")
    assert Page(olga, kind).state == "deleted"


@KINDS
@pytest.mark.parametrize("change", [delete, recover])
def test_a_scan_does_not_hide_what_is_in_neither_list(
    change: object, kind: str, olga: Client, world: World, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    if change is recover:
        emulator.clock.advance(60)
        recover(olga, kind)
    before = row(kind)
    scan_vault(System(), world.vault)
    assert (row(kind).gone_since, row(kind).is_live, row(kind).transition) == (
        None,
        change is recover,
        before.transition,
    )
    later()
    scan_vault(System(), world.vault)
    assert row(kind).gone_since


@KINDS
def test_the_page_works_without_the_inventory(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    with unreadable(INDEX):
        delete(olga, kind)
        assert Page(olga, kind).state == "deleting"
        emulator.clock.advance(60)
        assert Page(olga, kind).offers == {"recover", "purge"}
        recover(olga, kind)
        emulator.clock.advance(60)
        assert Page(olga, kind).status == 302


@KINDS
def test_the_page_works_if_the_inventory_can_not_be_written(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    with unwritable(INDEX):
        delete(olga, kind)
        assert Page(olga, kind).state == "deleting"
        emulator.clock.advance(60)
        assert Page(olga, kind).offers == {"recover", "purge"}
        recover(olga, kind)
        emulator.clock.advance(60)
        assert Page(olga, kind).status == 302


def test_who_began_it_is_shown_after_the_account_is_gone(olga: Client, world: World, stock: None) -> None:
    delete(olga, "secrets")
    InventoryItem.objects.update(transition_user=None)
    assert "begun just now by “Olga Brandt” no such account any more" in Page(olga, "secrets").words


SLOW = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")
OPERATION = f"{V}/certificates/slow/operation/"


def request(olga: Client) -> None:
    typed = {"name": "slow", "subject": "CN=shop.example", "issuer_name": "Unknown"}
    assert fill_in(olga, f"{V}/new/certificate/", **typed).status_code == 302


def slow() -> InventoryItem:
    return InventoryItem.objects.get(kind="certificate", name="slow")


def test_an_operation_tells_since_when_and_by_whom(olga: Client, world: World, stock: None) -> None:
    request(olga)
    assert (slow().transition, slow().transition_user) == ("pending", world.olga)
    assert "started just now by Olga Brandt owner@example.com" in text_of(olga.get(OPERATION))
    scan_vault(System(), world.vault)
    assert (slow().pending, slow().transition) == (True, "pending")
    assert "started just now by Olga Brandt owner@example.com" in text_of(olga.get(OPERATION))


@pytest.mark.parametrize("looked", ["page", "operation", "scan"])
@pytest.mark.parametrize("ended", ["cancelled", "deleted"])
def test_an_operation_that_was_ended_elsewhere(
    ended: str, looked: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    request(olga)
    if ended == "cancelled":
        azure.certificates.cancel_operation("slow")
        emulator.clock.advance(60)
    else:
        azure.certificates.delete_operation("slow")
    if looked == "scan":
        scan_vault(System(), world.vault)
    else:
        olga.get(OPERATION if looked == "operation" else f"{V}/certificates/slow/")
    assert (slow().pending, slow().transition) == (False, "")


def test_an_operation_that_was_started_elsewhere(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    azure.certificates.create("slow", SLOW)
    scan_vault(System(), world.vault)
    page = text_of(olga.get(OPERATION))
    assert "started" not in page  # it may have been started here, by a request that could not be noted
    azure.certificates.delete_operation("slow")
    azure.certificates.delete("slow")
    emulator.clock.advance(60)
    azure.certificates.purge("slow")
    emulator.clock.advance(60)
    request(olga)
    azure.certificates.delete_operation("slow")
    azure.certificates.create("slow", SLOW)
    assert "started outside the portal" in text_of(olga.get(OPERATION))
    with unreadable(INDEX):
        assert "started" not in text_of(olga.get(OPERATION))


@KINDS
@pytest.mark.parametrize("page", ["", "edit/", "new-version/", "delete/"])
def test_the_address_of_a_deleted_item_leads_to_where_it_can_be_recovered(
    page: str, kind: str, olga: Client, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    answer = olga.get(f"{V}/{kind}/{NAMES[kind].upper()}/{page}")
    assert (answer.status_code, answer["Location"]) == (302, Page(olga, kind).path)
    assert Page(olga, kind).offers == {"recover", "purge"}


def test_the_address_of_a_deleted_certificates_secret_leads_to_the_certificate(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    azure.certificates.create("web", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    assert fill_in(olga, f"{V}/certificates/web/delete/").status_code == 302
    emulator.clock.advance(60)
    assert olga.get(f"{V}/secrets/web/")["Location"] == f"{V}/deleted/certificates/web/"


@KINDS
def test_the_address_of_an_item_that_is_gone_leads_nowhere(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    delete(olga, kind)
    emulator.clock.advance(60)
    purge(olga, kind)
    emulator.clock.advance(60)
    assert olga.get(f"{V}/{kind}/{NAMES[kind]}/").status_code == 404
    assert olga.get(f"{V}/{kind}/never-there/").status_code == 404
