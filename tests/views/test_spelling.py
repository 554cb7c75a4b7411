"""An address may spell a name in any case: the page shows it as Azure, or the inventory, spells it."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in
from tests.conftest import World, last_entry
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.permissions import Action

V = "/vaults/kv-shop-prod/"


def name_of(kind: Kind) -> str:
    return "Checkout-TLS" if kind is CERTIFICATE else "Checkout-DB"


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("Checkout-DB", "v")
    azure.keys.create("Checkout-DB", kty="EC")
    azure.certificates.create("Checkout-TLS", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)


def heading(page: Any) -> str:
    return str(page.content.decode().partition("<h1")[2].partition("</h1>")[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("page", ["", "delete/", "edit/", "new-version/"])
def test_a_page_of_a_live_item(page: str, kind: Kind, olga: Client, world: World, stock: None) -> None:
    scan_vault(System(), world.vault)
    opened = olga.get(f"{V}{kind.collection}/{name_of(kind).upper()}/{page}")
    assert name_of(kind) in opened.content.decode()
    assert name_of(kind).upper() not in heading(opened)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("page", ["", "recover/", "purge/"])
def test_a_page_of_a_deleted_item(
    page: str, kind: Kind, olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    kind.client(azure).delete(name_of(kind))
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    opened = olga.get(f"{V}deleted/{kind.collection}/{name_of(kind).lower()}/{page}")
    assert name_of(kind) in heading(opened)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_an_item_that_is_not_known_yet(
    kind: Kind, olga: Client, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    assert name_of(kind) in heading(olga.get(f"{V}{kind.collection}/{name_of(kind).upper()}/delete/"))
    kind.client(azure).delete(name_of(kind))
    emulator.clock.advance(60)
    assert name_of(kind) in heading(olga.get(f"{V}deleted/{kind.collection}/{name_of(kind).lower()}/"))


def test_the_name_to_type_is_the_one_that_is_shown(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    azure.secrets.delete("Checkout-DB")
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    purge = f"{V}deleted/secrets/CHECKOUT-DB/purge/"
    assert fill_in(olga, purge, confirm_name="Checkout-DB").status_code == 302
    assert last_entry(Action.SECRET_PURGE).name == "Checkout-DB"
