"""A certificate that was asked for and never issued: called pending only while it is, and its page can always be opened."""

import re

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, vault_calls
from vaults.actions import certificates
from vaults.actions.inventory import scan_vault
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

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
    scan_vault(None, world.vault)


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
        certificates.delete_operation(world.olga, world.vault, "waiting")
    else:
        azure.certificates.delete_operation("waiting")
        if by == "somebody else":
            scan_vault(None, world.vault)
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
    scan_vault(None, world.vault)
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
    certificates.read_certificate(world.olga, world.vault, "tls")
    scan_vault(None, world.vault)
    assert not InventoryItem.objects.get(kind="certificate", name="tls").pending
    azure.certificates.create("tls", None)
    InventoryItem.objects.filter(kind="certificate", name="tls").update(pending=True)  # as after New version here
    scan_vault(None, world.vault)
    assert InventoryItem.objects.get(kind="certificate", name="tls").pending
    emulator.clock.advance(60)
    scan_vault(None, world.vault)
    assert not InventoryItem.objects.get(kind="certificate", name="tls").pending


@pytest.mark.usefixtures("waiting")
def test_a_scan_that_may_not_look_calls_nothing_pending(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("certificates/get")
    scan_vault(None, world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_problem == ""
    assert "Pending" not in listed(olga)


@pytest.mark.usefixtures("waiting")
def test_a_scan_whose_look_fails_keeps_what_was_known(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.throttle(9, retry_after="60", path="/pending")
    scan_vault(None, world.vault)
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
    assert "completed" not in text_of(page)
    assert "has not settled yet" in text_of(page)
    emulator.clock.advance(60)
    assert olga.get(f"{LIST}tls/").status_code == 200
