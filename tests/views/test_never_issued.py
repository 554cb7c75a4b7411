"""A certificate that was asked for and never issued: called pending only while it is, and its page can always be opened."""

import csv
import io
import re

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, vault_calls
from vaults.actions import certificates
from vaults.actions.certificates import VersionWanted
from vaults.actions.changes import UNREAD
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

pytestmark = pytest.mark.sweep

LIST, ITEM = "/vaults/kv-shop-prod/certificates/", "/vaults/kv-shop-prod/certificates/waiting/"
POLICY = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")


def row(page: str) -> str:
    found = re.search(r'<tr [^>]*data-row="[^"]*/waiting/".*?</tr>', page, re.DOTALL)
    assert found
    return found.group()


def listed(olga: Client) -> str:
    return row(olga.get(LIST).content.decode())


def in_inventory(olga: Client) -> str:
    return row(olga.get("/inventory/").content.decode())


@pytest.fixture
def waiting(world: World, azure: VaultClient) -> None:
    """Asked for elsewhere, and found by a scan."""
    azure.certificates.create("waiting", POLICY)
    scan_vault(System(), world.vault)


@pytest.mark.usefixtures("waiting")
def test_it_is_pending_while_its_operation_is(olga: Client) -> None:
    assert "Pending" in listed(olga)
    assert "Pending" in in_inventory(olga)
    assert "Operation" in text_of(olga.get(ITEM, follow=True))


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("by", ["this portal", "somebody else", "somebody else, seen when its page is opened"])
def test_an_operation_that_is_gone_leaves_it_not_issued(
    by: str, olga: Client, world: World, azure: VaultClient
) -> None:
    if by == "this portal":
        certificates.delete_operation(Person(world.olga), world.vault, "waiting", UNREAD)
    else:
        azure.certificates.delete_operation("waiting")
        if by == "somebody else":
            scan_vault(System(), world.vault)
        else:
            olga.get(f"{ITEM}operation/")
    assert "Pending" not in listed(olga)
    assert "Not issued" in listed(olga)
    assert 'class="date"' not in listed(olga)
    assert "Pending" not in in_inventory(olga)
    assert "never issued" in text_of(olga.get(ITEM))


@pytest.mark.usefixtures("waiting")
def test_an_operation_that_was_cancelled_or_failed_is_not_pending(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.cancel_operation("waiting")
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    assert "Pending" not in listed(olga)
    assert "Pending" not in in_inventory(olga)
    assert "cancelled" in text_of(olga.get(ITEM, follow=True))


@pytest.mark.usefixtures("waiting")
def test_its_rows_and_the_page_of_the_operation_lead_to_it(olga: Client, azure: VaultClient) -> None:
    azure.certificates.delete_operation("waiting")
    assert re.findall(r'<a href="([^"]*)"', in_inventory(olga)) == re.findall(r'<a href="([^"]*)"', listed(olga))
    page = olga.get(f"{ITEM}operation/")
    assert page.status_code == 404
    assert f'href="{ITEM}"' in page.content.decode()
    assert olga.get(f"{ITEM}operation/status/", headers={"hx-request": "true"})["HX-Redirect"] == ITEM


def test_a_scan_looks_at_the_operation_of_a_renewal_that_it_knows_of(
    world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    certificates.read_certificate(Person(world.olga), world.vault, "tls")
    scan_vault(System(), world.vault)
    assert not InventoryItem.objects.get(kind="certificate", name="tls").pending
    azure.certificates.create("tls", None)
    InventoryItem.objects.filter(kind="certificate", name="tls").update(pending=True)  # as after New version here
    scan_vault(System(), world.vault)
    assert InventoryItem.objects.get(kind="certificate", name="tls").pending
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    assert not InventoryItem.objects.get(kind="certificate", name="tls").pending


@pytest.mark.usefixtures("waiting")
def test_a_scan_that_may_not_look_calls_nothing_pending(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("certificates/get")
    scan_vault(System(), world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_problem == ""
    assert "Pending" not in listed(olga)


@pytest.mark.usefixtures("waiting")
def test_a_scan_whose_look_fails_keeps_what_was_known(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.throttle(9, retry_after="60", path="/pending")
    scan_vault(System(), world.vault)
    assert "Pending" in listed(olga)


@pytest.mark.usefixtures("waiting")
def test_an_operation_that_cannot_be_read_is_not_called_gone(olga: Client, emulator: Emulator) -> None:
    emulator.answer_next(200, b"<html>", times=9, path="/pending")
    words = text_of(olga.get(ITEM))
    assert "has not been issued" in words
    assert "is gone" not in words


def test_the_list_asks_the_vault_once(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("waiting", POLICY)
    vault_calls(emulator)
    olga.get(LIST)
    assert vault_calls(emulator) == [("GET", "/certificates")]


# What is not there at all


def test_a_missing_certificate_is_told_as_such(olga: Client, emulator: Emulator) -> None:
    page = olga.get(f"{LIST}absent/", follow=True)
    words = text_of(page)
    assert page.status_code == 404
    assert "PendingCertificateNotFound" not in words
    assert "CertificateNotFound" in words
    vault_calls(emulator)
    assert olga.get(f"{LIST}absent/operation/", follow=True).status_code == 404


def test_a_certificate_whose_recovery_settles_is_not_called_completed(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    azure.certificates.delete("tls")
    emulator.service.settle_seconds = 30
    azure.certificates.recover("tls")
    page = olga.get(f"{LIST}tls/", follow=True)
    assert page.status_code == 404
    assert "completed" not in text_of(page).replace("has not completed", "")
    assert "has not completed its creation or recovery yet" in text_of(page)
    emulator.clock.advance(60)
    assert olga.get(f"{LIST}tls/").status_code == 200


# The inventory tells the same of it as the list


def counted(olga: Client) -> dict[str, int]:
    """How many items the chips of the inventory name, and that the inventory shows just as many."""
    chips = {state: count for state, _, count in olga.get("/inventory/").context["states"]}
    for state, count in chips.items():
        assert olga.get(f"/inventory/?state={state}").context["page"].paginator.count == count, state
    return {state: count for state, count in chips.items() if count}


@pytest.mark.usefixtures("waiting")
def test_without_its_operation_the_inventory_calls_it_not_issued_too(
    olga: Client, world: World, azure: VaultClient
) -> None:
    assert counted(olga) == {"pending": 1}
    azure.certificates.delete_operation("waiting")
    scan_vault(System(), world.vault)
    for place in (listed(olga), in_inventory(olga), row(olga.get("/inventory/?q=waiting").content.decode())):
        assert "Not issued" in place
        assert "Disabled" not in place
        assert 'data-state="unissued"' in place
        assert "no end" not in place
    assert counted(olga) == {"unissued": 1}
    summary = olga.get("/").context["summary"]
    assert (
        summary.figures.disabled,
        summary.figures.never_expires,
        summary.figures.pending,
        summary.figures.certificates,
    ) == (0, 0, 0, 1)
    (told,) = csv.DictReader(io.StringIO(olga.get("/inventory/csv/").content.decode("utf-8-sig")))
    assert (told["issued"], told["pending"], told["expires_on"]) == ("False", "False", "")


def test_one_that_was_asked_for_here_is_known_as_not_issued(olga: Client, world: World) -> None:
    certificates.create_certificate(Person(world.olga), world.vault, "waiting", POLICY, {}, None)
    assert counted(olga) == {"pending": 1}
    certificates.delete_operation(Person(world.olga), world.vault, "waiting", UNREAD)
    assert "Not issued" in in_inventory(olga)


@pytest.mark.parametrize("address", [ITEM, f"{ITEM}operation/"])
def test_an_operation_begun_elsewhere_is_known_once_its_page_was_looked_at(
    address: str, olga: Client, world: World, azure: VaultClient
) -> None:
    azure.certificates.create("waiting", POLICY)
    azure.certificates.delete_operation("waiting")
    scan_vault(System(), world.vault)
    azure.certificates.create("waiting", POLICY)
    assert "Not issued" in listed(olga)
    olga.get(address, follow=True)
    assert "Pending" in listed(olga)
    assert "Pending" in in_inventory(olga)


def test_once_issued_and_looked_at_it_is_known_with_its_dates(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    scan_vault(System(), world.vault)
    assert "Pending" in in_inventory(olga)
    emulator.clock.advance(60)
    olga.get(ITEM)
    item = InventoryItem.objects.get(name="waiting", kind="certificate")
    assert (item.issued, item.pending, item.expires_on is not None) == (True, False, True)
    assert "Pending" not in in_inventory(olga)


def test_the_end_of_an_operation_asks_for_a_scan_where_the_dates_are_not_known(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    scan_vault(System(), world.vault)
    emulator.clock.advance(60)
    certificates.read_operation(Person(world.olga), world.vault, "waiting")
    world.vault.refresh_from_db()
    assert world.vault.scan_requested_at is not None


def test_a_renewal_under_way_hides_nothing_of_the_present_version(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("waiting")
    scan_vault(System(), world.vault)
    before = listed(olga)
    certificates.new_version_of_certificate(
        Person(world.olga), world.vault, "waiting", VersionWanted(), edit_token(azure)
    )
    for place in (listed(olga), in_inventory(olga)):
        assert "a further version is pending" in place
        assert re.findall(r'<time class="date".*?</time>', place) == re.findall(r'<time class="date".*?</time>', before)
    assert counted(olga)["pending"] == 1
    assert [task.title for task in olga.get("/").context["tasks"]] == ["waiting: its next version is not issued yet"]


def edit_token(azure: VaultClient) -> str:
    return certificates.edit_token_with_policy(azure.certificates.get("waiting"))


# Its own pages tell the same


@pytest.mark.usefixtures("waiting")
def test_its_own_page_and_its_versions_tell_neither_state_nor_dates(olga: Client, azure: VaultClient) -> None:
    azure.certificates.delete_operation("waiting")
    page = olga.get(ITEM)
    words = text_of(page)
    assert "Activates" not in words
    assert "Expires" not in words
    assert "Disabled" not in words
    assert "badge-ok" not in page.content.decode()
    assert "Not issued" in words.partition("Versions")[2]


@pytest.mark.usefixtures("waiting")
def test_a_new_version_of_it_names_no_end_of_the_present_one(olga: Client, azure: VaultClient) -> None:
    azure.certificates.delete_operation("waiting")
    page = text_of(olga.get(f"{ITEM}new-version/"))
    assert "Not issued" in page
    assert "ends" not in page.partition("earlier versions stay")[0].rpartition("New version of")[2]
    assert "The present version ends" not in page


def test_a_certificate_without_a_thumbprint_is_issued_all_the_same(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    thumbprint = azure.certificates.get("waiting").properties.x5t
    emulator.rewrite(lambda answer: {**answer, "x5t": None} if "cer" in answer else answer, times=9)
    page = text_of(olga.get(ITEM))
    assert thumbprint in page
    assert "Not issued" not in page
    assert "Expires" in page
