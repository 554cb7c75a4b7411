"""Scan now: that it waits, how far it is, when it ended, and why it failed."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, client_of, confirmed, signed_in, unwritable
from vaults.actions.scans import LONGEST_SCAN, request_scans, scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import AzureError
from vaults.emulator import Emulator
from vaults.keyvault.types import CertificatePolicy
from vaults.models import JobItem, Vault

pytestmark = pytest.mark.slow

HX = {"HX-Request": "true"}


def page_of(vault: Vault, browser: Client, **headers: Any) -> Any:
    return browser.get(f"/vaults/{vault.slug}/", headers=headers or None)


def put(vault: Vault, **fields: Any) -> None:
    Vault.objects.filter(pk=vault.pk).update(**fields)


def test_a_scan_that_was_asked_for_waits(olga: Client, sick_vault: Vault) -> None:
    olga.post(f"/vaults/{sick_vault.slug}/scan/")
    page = page_of(sick_vault, olga)
    assert "The worker begins within some seconds" in text_of(page)
    assert f'hx-get="/vaults/{sick_vault.slug}/"' in page.content.decode()
    put(sick_vault, scan_requested_at=timezone.now() - timedelta(minutes=2))
    assert "The worker has not begun yet" in text_of(page_of(sick_vault, olga))


def test_asking_twice_is_asking_once(world: World, sick_vault: Vault) -> None:
    request_scans(Person(world.olga), [sick_vault])
    asked = Vault.objects.get(pk=sick_vault.pk)
    request_scans(Person(world.rafi), [sick_vault])
    again = Vault.objects.get(pk=sick_vault.pk)
    assert again.scan_requested_at == asked.scan_requested_at
    assert JobItem.objects.get(vault=sick_vault).job.requested_by == world.olga


@pytest.mark.slow
def test_a_scan_under_way_says_how_far_it_is(file_world: World, emulator: Emulator) -> None:
    vault, browser = file_world.vault, confirmed(signed_in(file_world.olga))
    azure = client_of(vault)
    for number in range(60):
        azure.secrets.set(f"s-{number}", "hidden")
    emulator.latency(0.7, path="/secrets")

    def scan() -> None:
        try:
            scan_vault(System(), Vault.objects.select_related("team").get(pk=vault.pk))
        finally:
            connections.close_all()

    scanning = threading.Thread(target=scan)
    scanning.start()
    seen: list[str] = []
    while scanning.is_alive():
        answer = page_of(vault, browser, **HX)
        if "HX-Refresh" not in answer:
            seen.append(text_of(answer))
        scanning.join(0.1)
    assert any("5 of 6 lists read, 25 items so far" in shown for shown in seen)
    ended = page_of(vault, browser, **HX)
    assert ended["HX-Refresh"] == "true"
    assert "went through" in text_of(page_of(vault, browser))
    assert "hx-get" not in ended.content.decode()


def test_a_scan_that_takes_for_ever_is_called_late(olga: Client, sick_vault: Vault) -> None:
    put(sick_vault, scan_started_at=timezone.now() - LONGEST_SCAN - timedelta(seconds=1))
    assert "unusually long" in text_of(page_of(sick_vault, olga))


def test_a_failure_has_its_time_and_its_cause(olga: Client, sick_vault: Vault, emulator: Emulator) -> None:
    earlier = timezone.now() - timedelta(days=2)
    put(sick_vault, scanned_at=earlier)
    emulator.fail(99, 503, retry_after="60")
    with pytest.raises(AzureError):
        scan_vault(System(), Vault.objects.get(pk=sick_vault.pk))
    failed = Vault.objects.get(pk=sick_vault.pk)
    assert failed.scan_ended_at
    assert timezone.now() - failed.scan_ended_at < timedelta(minutes=1)
    shown = text_of(page_of(sick_vault, olga))
    assert "failed" in shown
    assert "Key Vault returned a server error" in shown
    assert "What is shown was found" in shown


def test_a_failure_of_this_server_is_not_called_cut_off(olga: Client, sick_vault: Vault) -> None:
    client_of(sick_vault).secrets.set("kept", "hidden")
    with unwritable("vaults_inventoryitem"), pytest.raises(Exception, match="disk full"):
        scan_vault(System(), sick_vault)
    assert "The scan failed in this server" in text_of(page_of(sick_vault, olga))


def test_a_list_that_is_refused_is_no_failure_of_the_scan(olga: Client, sick_vault: Vault, emulator: Emulator) -> None:
    emulator.deny("keys/list", vault=sick_vault.name)
    scan_vault(System(), sick_vault)
    shown = text_of(page_of(sick_vault, olga))
    assert "in part" in shown
    assert "keys/list is missing" in shown


@pytest.mark.sweep
@pytest.mark.parametrize("path", ["/secrets$", "/pending$"])
def test_a_long_scan_goes_on_giving_signs_of_life(path: str, file_world: World, emulator: Emulator) -> None:
    vault, azure = file_world.vault, client_of(file_world.vault)
    azure.certificates.create("csr", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    emulator.latency(2.5, path=path)
    began = timezone.now()
    scan_vault(System(), vault)
    vault.refresh_from_db()
    assert vault.scan_seen_at is not None
    assert vault.scan_seen_at - began > timedelta(seconds=1.5)


def test_a_scan_whose_worker_was_killed_is_said_to_be_cut_off(olga: Client, sick_vault: Vault) -> None:
    now = timezone.now()
    put(sick_vault, scan_started_at=now - timedelta(minutes=2), scan_seen_at=now - timedelta(seconds=65))
    words = text_of(page_of(sick_vault, olga))
    assert "It was cut off" in words
    assert "A worker that runs begins it again within a minute" in words


def test_a_vault_that_is_left_alone_says_how_it_failed(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.fail(99, 500, host=sick_vault.name)
    for _ in range(3):
        with pytest.raises(AzureError):
            scan_vault(System(), sick_vault)
    assert "The vault keeps failing: it answered with status 500" in text_of(page_of(sick_vault, olga))
