"""An index that can't be written: what Azure has done stays done, is told as done, and a scan puts the index right."""

from dataclasses import astuple
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in
from tests.conftest import World, last_entry, unwritable
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import KINDS
from vaults.models import InventoryItem
from vaults.permissions import ONCE_A_FORM, Action

V = "/vaults/kv-shop-prod"
INDEX = "vaults_inventoryitem"


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden")
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    azure.keys.create("signing", kty="EC")
    azure.keys.create("gone", kty="EC")
    azure.keys.delete("gone")
    for name in ("gone-tls", "waiting"):
        azure.certificates.create(name, CertificatePolicy(issuer_name="Unknown", subject="CN=shop"))
    azure.certificates.delete("gone-tls")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop"))
    emulator.clock.advance(60)
    azure.certificates.operation("tls")
    # Without rows there is nothing that an update or a delete could fail at.
    names = {"secret": ["kept", "gone"], "key": ["signing", "gone"], "certificate": ["tls", "gone-tls", "waiting"]}
    for kind, name in ((kind, name) for kind, found in names.items() for name in found):
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
    Action.KEY_RECOVER: (f"{V}/deleted/keys/gone/recover/", {}),
    Action.KEY_PURGE: (f"{V}/deleted/keys/gone/purge/", {"confirm_name": "gone"}),
    Action.CERTIFICATE_CREATE: (f"{V}/new/certificate/", {"name": "fresh", "subject": "CN=shop.example"}),
    Action.CERTIFICATE_NEW_VERSION: (f"{V}/certificates/tls/new-version/", {}),
    Action.CERTIFICATE_UPDATE: (f"{V}/certificates/tls/edit/", {"tags": "team=shop"}),
    Action.CERTIFICATE_DELETE: (f"{V}/certificates/tls/delete/", {}),
    Action.CERTIFICATE_RECOVER: (f"{V}/deleted/certificates/gone-tls/recover/", {}),
    Action.CERTIFICATE_PURGE: (f"{V}/deleted/certificates/gone-tls/purge/", {"confirm_name": "gone-tls"}),
    Action.CERTIFICATE_OPERATION_DELETE: (f"{V}/certificates/waiting/operation/delete/", {}),
}


def test_every_change_of_an_item_is_in_the_table() -> None:
    of_items = {action for kind in KINDS for action in astuple(kind.actions)}
    #: The operation goes on until Azure has ended it. What is merged depends on the operation, and what is restored on a file:
    #: see test_merge.py and test_backups.py.
    elsewhere = {Action.CERTIFICATE_OPERATION_CANCEL, Action.CERTIFICATE_OPERATION_MERGE}
    elsewhere |= {kind.actions.restore for kind in KINDS}
    operations = {action for action in Action if action.startswith("certificate_operation.")}
    assert {*ACTS} == ((of_items | operations) & ONCE_A_FORM) - elsewhere


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
