"""Figures say what they lack: vaults that were never scanned, or not in full; and where nothing is known, nothing is said."""

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, make_vault
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.slow

ABOUT = "/vaults/kv-shop-prod/"


@pytest.mark.parametrize("path", ["/", "/inventory/"])
def test_a_vault_that_was_never_scanned_is_no_empty_one(
    path: str, olga: Client, world: World, azure: VaultClient
) -> None:
    azure.secrets.set("kept", "v")
    scan_vault(System(), world.vault)
    assert "not read in full" not in text_of(olga.get(path))
    make_vault(connection=world.connection, name="kv-new", slug="kv-new")
    page = olga.get(path)
    assert "in 2 vaults 1 of them not read in full" in text_of(page)
    assert "kv-new: not scanned yet" in page.content.decode()


@pytest.mark.parametrize("path", ["/", "/inventory/"])
def test_a_list_that_was_refused_is_said_beside_the_figures(
    path: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "v")
    emulator.deny("keys/list")
    scan_vault(System(), world.vault)
    page = olga.get(path)
    assert "1 of them not read in full" in text_of(page)
    assert "kv-shop-prod: Azure refused: keys/list is missing" in page.content.decode()


def test_before_the_first_scan_no_figure_is_given(olga: Client, world: World) -> None:
    page = olga.get(ABOUT)
    assert "Holds known after the first scan" in text_of(page)
    assert "0 secrets" not in text_of(page)
    assert text_of(page).count(" — ") == 5
    assert "Nothing that the last scan found" not in text_of(page)
    row = text_of(olga.get("/vaults/"))
    assert "kv-shop-prod sp-shop-admin — — — never" in row


def test_after_it_the_figures_stand_there(olga: Client, world: World) -> None:
    scan_vault(System(), world.vault)
    assert "Holds 0 secrets" in text_of(olga.get(ABOUT))
    assert "kv-shop-prod sp-shop-admin 0 0 0" in text_of(olga.get("/vaults/"))
    assert "The last scans listed no secret" in text_of(olga.get("/inventory/"))


@pytest.mark.parametrize(
    "path", ["/", f"{ABOUT}secrets/kept/", f"{ABOUT}keys/signing/", f"{ABOUT}deleted/secrets/gone/"]
)
def test_no_recorded_act_is_no_claim_that_nothing_was_done(path: str, olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v")
    azure.keys.create("signing", kty="EC")
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    page = olga.get(path)
    assert page.status_code == 200
    assert "Nothing has been done" not in text_of(page)
    assert 'id="activity-title"' not in page.content.decode()


def test_a_zero_is_claimed_only_where_everything_was_read(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC")
    emulator.deny("secrets/list", "certificates/list")
    scan_vault(System(), world.vault)
    about = text_of(olga.get(f"/vaults/{world.vault.slug}/"))
    assert "Items 1 Expired — Within 30 days — Pending — Disabled —" in about
    assert "— secrets , 1 key , — certificates , — deleted" in about
    assert "Not everything could be read." in about
    row = text_of(olga.get("/vaults/")).partition(" Health ")[2]
    assert "sp-shop-admin 1 — —" in row


def test_figures_of_a_vault_that_was_read_in_full_are_zeros(olga: Client, world: World, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC")
    scan_vault(System(), world.vault)
    about = text_of(olga.get(f"/vaults/{world.vault.slug}/"))
    assert "0 secrets , 1 key , 0 certificates , 0 deleted" in about
    assert "Not everything could be read." not in about


def test_the_record_of_a_scan_that_was_refused_a_list_says_in_part(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    emulator.deny("secrets/list")
    scan_vault(System(), world.vault)
    assert "succeeded in part" in text_of(olga.get("/audit/?show=all"))
