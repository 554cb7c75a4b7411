"""Figures say what they lack: vaults that were never scanned, or not in full; and where nothing is known, nothing is said."""

import uuid

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, make_vault
from vaults.actions.scans import scan_vault
from vaults.actions.secrets import reveal_secret
from vaults.actors import Person, System
from vaults.acts import act
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action

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


ITEMS = (f"{ABOUT}secrets/kept/", f"{ABOUT}keys/signing/", f"{ABOUT}deleted/secrets/gone/")
NOTHING = "Nothing has been done here"


@pytest.fixture
def untouched(azure: VaultClient) -> None:
    """Items that nobody has changed through the portal."""
    azure.secrets.set("kept", "v")
    azure.keys.create("signing", kty="EC")
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")


@pytest.mark.parametrize("path", ITEMS)
def test_where_all_acts_are_known_to_be_none_the_page_says_so(path: str, olga: Client, untouched: None) -> None:
    page = olga.get(path)
    assert page.status_code == 200
    assert NOTHING in text_of(page)


def test_after_an_act_it_is_not_said(olga: Client, world: World, untouched: None) -> None:
    reveal_secret(Person(world.olga), world.vault, "kept")
    page = text_of(olga.get(ITEMS[0]))
    assert NOTHING not in page
    assert "Activity" in page


def test_acts_before_the_vault_was_removed_and_added_again_stand_in_the_activity(
    olga: Client, world: World, untouched: None
) -> None:
    reveal_secret(Person(world.olga), world.vault, "kept")
    with act(Person(world.olga), Action.VAULT_REMOVE, world.vault):
        pass
    AuditEntry.objects.update(vault_id=uuid.uuid4())  # the id that the vault had then
    page = text_of(olga.get(ITEMS[0]))
    assert "Reveal a secret" in page
    assert NOTHING not in page
    assert NOTHING in text_of(olga.get(ITEMS[1]))


@pytest.mark.parametrize("path", ITEMS)
def test_a_removal_that_names_no_vault_for_certain_could_be_this_one(
    path: str, olga: Client, world: World, untouched: None
) -> None:
    with act(Person(world.olga), Action.VAULT_REMOVE, make_vault(connection=world.connection, name="kv-other")):
        pass
    AuditEntry.objects.filter(action=Action.VAULT_REMOVE).update(schema=1, vault_cloud="", vault_host="")
    assert NOTHING not in text_of(olga.get(path))


@pytest.mark.parametrize("path", ITEMS)
def test_the_removal_of_another_vault_changes_nothing(path: str, olga: Client, world: World, untouched: None) -> None:
    with act(Person(world.olga), Action.VAULT_REMOVE, make_vault(connection=world.connection, name="kv-other")):
        pass
    assert NOTHING in text_of(olga.get(path))


def test_an_entry_that_cannot_be_read_is_no_absent_one(olga: Client, world: World, untouched: None) -> None:
    reveal_secret(Person(world.olga), world.vault, "kept")
    AuditEntry.objects.filter(action=Action.SECRET_REVEAL).update(vault_slug="no slug")
    assert NOTHING not in text_of(olga.get(ITEMS[0]))


def test_the_overview_says_nothing_of_no_acts(olga: Client) -> None:
    assert 'id="activity-title"' not in olga.get("/").content.decode()


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
