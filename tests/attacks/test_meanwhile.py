"""Rights that go while Azure takes its time: nothing is handed out afterwards, and nothing more is changed."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from django.db import connections
from django.test import Client
from pytest_django import Settings

from tests.browsing import filled, text_of
from tests.conftest import World, client_of, confirmed, last_entry, local_cloud, signed_in
from vaults.emulator import Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Membership, User
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"

LOSSES: dict[str, Callable[[User], Any]] = {
    "removed": lambda user: Membership.objects.filter(user=user).delete(),
    "demoted": lambda user: Membership.objects.filter(user=user).update(role=Role.VIEWER),
    "inactive": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
}


class Slow(EmulatorAdapter):
    """What happens elsewhere while the vault works on its first answer, or on the first for an address with the text `on`."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator)
        self.meanwhile: Callable[[], Any] = lambda: None
        self.happened = True
        self.on = ".vault."

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        if not self.happened and self.on in str(request.url):
            self.meanwhile()
            self.happened = True
            if threading.current_thread() is not threading.main_thread():  # of a page that asks several things at once
                connections.close_all()
        return answer


@pytest.fixture
def slow(file_world: World, emulator: Emulator, settings: Settings) -> Slow:
    azure = client_of(file_world.vault)
    azure.secrets.set("kept", "the-value-itself")
    azure.keys.create("signing", kty="EC")
    azure.keys.create("rsa", kty="RSA")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    adapter = Slow(emulator)
    settings.CLOUDS = {
        "local": replace(local_cloud(emulator), mount=lambda session: session.mount("https://", adapter))
    }
    return adapter


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
def test_no_value_is_handed_out(lost: Callable[[User], Any], slow: Slow, file_world: World) -> None:
    browser = confirmed(signed_in(file_world.rafi))
    slow.meanwhile, slow.happened = lambda: lost(file_world.rafi), False
    answer = browser.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    assert answer.status_code == 403
    assert b"the-value-itself" not in answer.content
    entry = last_entry(Action.SECRET_REVEAL)
    assert (entry.state, entry.code) == ("denied", "RoleMissing")


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
def test_no_private_key_is_handed_out(lost: Callable[[User], Any], slow: Slow, file_world: World) -> None:
    user = file_world.members[Role.MANAGER]
    browser = confirmed(signed_in(user))
    slow.meanwhile, slow.happened = lambda: lost(user), False
    answer = browser.post(f"{V}/certificates/tls/export/", {"format": "pem-key", "encryption": "modern"})
    assert answer.status_code == 403
    assert b"PRIVATE KEY" not in answer.content
    entry = last_entry(Action.CERTIFICATE_EXPORT)
    assert (entry.state, entry.code) == ("denied", "RoleMissing")


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize(("verb", "action"), [("decrypt", Action.KEY_DECRYPT), ("unwrapkey", Action.KEY_UNWRAP)])
def test_nothing_decrypted_is_handed_out(
    lost: Callable[[User], Any], slow: Slow, file_world: World, verb: str, action: Action
) -> None:
    azure = client_of(file_world.vault)
    sent = azure.cryptography.transform(KeyOperation.ENCRYPT, "rsa", "", "RSA-OAEP", b"the-value-itself").value.hex()
    browser = confirmed(signed_in(file_world.rafi))
    address = f"{V}/keys/rsa/try/{verb.removesuffix('key')}/"
    typed = {"algorithm": "RSA-OAEP", "value_from": "hex", "value": sent}
    assert b"the-value-itself" in browser.post(address, typed).content
    slow.meanwhile, slow.happened, slow.on = lambda: lost(file_world.rafi), False, f"/{verb}?"
    answer = browser.post(address, typed)
    assert answer.status_code == 403
    assert b"the-value-itself" not in answer.content
    entry = last_entry(action)
    assert (entry.state, entry.code) == ("denied", "RoleMissing")


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize("item", ["secrets/kept", "keys/signing", "certificates/tls"])
def test_no_backup_is_handed_out(
    item: str, lost: Callable[[User], Any], slow: Slow, file_world: World, emulator: Emulator
) -> None:
    user = file_world.members[Role.MANAGER]
    browser = confirmed(signed_in(user))
    slow.meanwhile, slow.happened = lambda: lost(user), False
    answer = browser.post(f"{V}/{item}/backup/", {"raw": "on"})
    assert [request.path for request in emulator.requests][-1] == f"/{item}/backup"
    assert answer.status_code == 403
    assert b"AzureKeyVault" not in answer.content


#: A change reads before it writes: by address, what is typed in its form.
CHANGES: dict[str, dict[str, Any]] = {
    "new/secret/": {"name": "fresh", "value": "v"},
    "new/key/": {"name": "fresh", "kty": "EC", "crv": "P-256"},
    "new/certificate/": {"name": "fresh", "subject": "CN=x.example"},
    "secrets/kept/new-version/": {"value": "other", "until": "never"},
    "secrets/kept/edit/": {"tags": "a=b"},
    "keys/signing/new-version/": {},
    "keys/signing/edit/": {"tags": "a=b"},
    "certificates/tls/new-version/": {},
    "certificates/tls/edit/": {"tags": "a=b"},
}


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize("address", CHANGES)
def test_nothing_is_changed(
    address: str, lost: Callable[[User], Any], slow: Slow, file_world: World, emulator: Emulator
) -> None:
    user = file_world.members[Role.MANAGER]
    browser: Client = confirmed(signed_in(user))
    form = filled(browser.get(f"{V}/{address}"), **CHANGES[address])
    emulator.requests.clear()
    slow.meanwhile, slow.happened = lambda: lost(user), False
    answer = browser.post(f"{V}/{address}", form)
    assert slow.happened, text_of(answer)
    assert answer.status_code == 403, text_of(answer)
    assert {request.method for request in emulator.requests if ".vault." in request.host} == {"GET"}


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES.keys())
def test_nothing_is_changed_after_a_challenge_either(
    lost: Callable[[User], Any], slow: Slow, file_world: World, emulator: Emulator
) -> None:
    """A vault that asks for another token makes us send the same once more."""
    user = file_world.members[Role.MANAGER]
    browser = confirmed(signed_in(user))
    form = filled(browser.get(f"{V}/secrets/kept/delete/"))
    challenge = {"WWW-Authenticate": 'Bearer authorization="https://login.test/x", resource="https://vault.azure.net"'}
    emulator.answer_next(401, b"{}", headers=challenge, method="DELETE")
    slow.meanwhile, slow.happened = lambda: lost(user), False
    answer = browser.post(f"{V}/secrets/kept/delete/", form)
    assert slow.happened
    assert answer.status_code == 403, text_of(answer)
    assert client_of(file_world.vault).secrets.get("kept").value == "the-value-itself"
