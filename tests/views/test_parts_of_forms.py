"""Forms of which only a part is sent, as no page of ours does: a refusal or the act, and no failure."""

import uuid
from typing import Any

import pytest
from django.test import Client

from tests.browsing import main_form
from tests.conftest import World, say
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
FORMS = [
    f"{V}/new/secret/", f"{V}/secrets/kept/new-version/", f"{V}/secrets/kept/edit/",
    f"{V}/new/key/", f"{V}/keys/signing/new-version/", f"{V}/keys/signing/edit/",
    f"{V}/import/key/",
    f"{V}/new/certificate/", f"{V}/certificates/tls/new-version/", f"{V}/certificates/tls/edit/",
    f"{V}/certificates/tls/policy/edit/",
    f"{V}/edit/", "/new/connection/", "/connections/{connection}/edit/", "/new/vault/", "/team/invite/",
]  # fmt: skip
ODD = ["", "unread", "9" * 400]


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "v")
    azure.keys.create("signing", kty="RSA")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")


@pytest.mark.parametrize("address", FORMS)
def test_no_part_of_a_form_fails(address: str, olga: Client, world: World, stock: None) -> None:
    address = address.format(connection=world.connection.pk)
    olga.raise_request_exception = False
    where = "/team/" if address == "/team/invite/" else address
    whole: dict[str, Any] = dict(main_form(olga.get(where)).fields)
    sent = [{name: whole[name]} for name in whole]
    sent += [{other: whole[other] for other in whole if other != name} for name in whole]
    sent += [{**more, name: [odd]} for more in (whole, {"opened_on": ["unread"]}) for name in whole for odd in ODD]
    failed = []
    for fields in sent:
        answer = olga.post(address, {**fields, "form_key": str(uuid.uuid4())})
        if answer.status_code == 500:
            failed.append(fields)
    say(f"bodies at {address}: {len(sent)}, failures: {len(failed)}")
    assert failed == []
