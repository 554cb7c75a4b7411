"""An index that can't be written: what Azure has done stays done, is told as done, and a scan puts the index right."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in
from tests.conftest import World, last_entry, unwritable
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem
from vaults.permissions import Action

V = "/vaults/kv-shop-prod"
INDEX = "vaults_inventoryitem"


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden")
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop"))
    emulator.clock.advance(60)
    azure.certificates.operation("tls")
    # Without rows there is nothing that an update or a delete could fail at.
    for kind, name in (("secret", "kept"), ("secret", "gone"), ("key", "signing"), ("certificate", "tls")):
        InventoryItem.objects.create(vault=world.vault, kind=kind, name=name, enabled=True, pending=True)


ACTS: dict[Action, tuple[str, dict[str, Any]]] = {
    Action.SECRET_CREATE: (f"{V}/new/secret/", {"name": "fresh", "value": "typed"}),
    Action.SECRET_NEW_VERSION: (f"{V}/secrets/kept/new-version/", {"value": "second"}),
    Action.SECRET_UPDATE: (f"{V}/secrets/kept/edit/", {"content_type": "text/plain"}),
    Action.SECRET_DELETE: (f"{V}/secrets/kept/delete/", {}),
    Action.SECRET_RECOVER: (f"{V}/deleted/secrets/gone/recover/", {}),
    Action.SECRET_PURGE: (f"{V}/deleted/secrets/gone/purge/", {"confirm_name": "gone"}),
    Action.KEY_CREATE: (f"{V}/new/key/", {"name": "fresh", "kty": "EC", "crv": "P-256"}),
    Action.KEY_NEW_VERSION: (f"{V}/keys/signing/new-version/", {}),
    Action.KEY_UPDATE: (f"{V}/keys/signing/edit/", {"tags": "team=shop"}),
    Action.KEY_DELETE: (f"{V}/keys/signing/delete/", {}),
    Action.CERTIFICATE_CREATE: (f"{V}/new/certificate/", {"name": "fresh", "subject": "CN=shop.example"}),
    Action.CERTIFICATE_NEW_VERSION: (f"{V}/certificates/tls/new-version/", {}),
    Action.CERTIFICATE_UPDATE: (f"{V}/certificates/tls/edit/", {"tags": "team=shop"}),
    Action.CERTIFICATE_DELETE: (f"{V}/certificates/tls/delete/", {}),
}


@pytest.mark.sweep
@pytest.mark.parametrize("action", ACTS)
def test_what_azure_has_done_is_told_as_done(action: Action, olga: Client, world: World, stock: None) -> None:
    address, typed = ACTS[action]
    with unwritable(INDEX):
        answer = fill_in(olga, address, **typed)
    assert answer.status_code == 302
    assert last_entry(action).state == "succeeded"
    world.vault.refresh_from_db()
    assert world.vault.scan_requested_at is not None


def test_a_look_at_an_operation_that_has_ended_shows_it(olga: Client, stock: None) -> None:
    with unwritable(INDEX):
        answer = olga.get(f"{V}/certificates/tls/operation/")
    assert answer.status_code == 200
