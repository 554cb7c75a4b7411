"""NUL, which Azure may send and PostgreSQL can't store: an act has its record and its result all the same."""

import pytest
from django.test import Client

from tests.conftest import World, last_entry
from vaults.actions import items, scans
from vaults.actors import Person, System
from vaults.audit import verification
from vaults.azure.errors import AzureError
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.kinds import SECRET
from vaults.permissions import Action

NUL = "a\0b"
REFUSED = {"error": {"code": NUL, "message": NUL, "innererror": {"code": NUL}}}


def test_an_error_with_nul_is_recorded(world: World, emulator: Emulator) -> None:
    emulator.answer_next(400, REFUSED)
    with pytest.raises(AzureError):
        items.list_items(Person(world.olga), world.vault, SECRET)
    assert last_entry(Action.SECRET_LIST).state == "failed"
    assert verification.verify().broken is None


def test_a_scan_that_was_refused_a_list_with_nul_is_noted(world: World, emulator: Emulator) -> None:
    emulator.answer_next(400, REFUSED, path="^/keys")
    scans.scan_vault(System(), world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_problem == "scan.incomplete"


def test_a_connection_whose_test_was_refused_with_nul_is_noted(world: World, emulator: Emulator, olga: Client) -> None:
    emulator.answer_next(400, REFUSED)
    olga.post(f"/connections/{world.connection.pk}/test/")
    world.connection.refresh_from_db()
    assert world.connection.test_result


def test_a_secret_with_nul_in_its_tags_is_found_by_a_scan(world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v", tags={NUL: NUL}, content_type=NUL)
    scans.scan_vault(System(), world.vault)
    item = world.vault.items.get(name="kept")
    assert (item.tags, item.content_type) == ({"a\ufffdb": "a\ufffdb"}, "a\ufffdb")


V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize("path", ["secrets/a%00/", "keys/%00/edit/", "deleted/secrets/%00/", "certificates/a/%00/"])
def test_an_address_with_nul_leads_nowhere(path: str, olga: Client, emulator: Emulator) -> None:
    emulator.requests.clear()
    assert olga.get(f"{V}/{path}").status_code == 404
    assert olga.post(f"{V}/{path}").status_code == 404
    assert emulator.requests == []
