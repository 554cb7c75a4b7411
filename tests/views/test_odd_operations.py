"""A key whose permitted operations hold more than operations: nothing of them is sent unless somebody changes them."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

VAULT, EDIT = "kv-shop-prod", "/vaults/kv-shop-prod/keys/signing/edit/"
ODD = [[1, None, "foo"], [""], ["sign", "sign"], ["a b", "x" * 60, "ünder"], [{"a": [1]}, True, "null"]]


def sent(emulator: Emulator) -> Any:
    return [each.body for each in emulator.requests if each.method == "PATCH" and ".vault." in each.host][-1]


@pytest.fixture
def signing(azure: VaultClient) -> None:
    azure.keys.create("signing", kty="RSA", key_size=2048)


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("operations", ODD)
def test_another_edit_leaves_them_unsent(operations: list[Any], olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", operations)
    assert fill_in(olga, EDIT, enabled="false").status_code == 302
    assert sent(emulator) == {"attributes": {"enabled": False}}


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("operations", ODD)
def test_the_refused_form_still_has_them(operations: list[Any], olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", operations)
    answer = olga.post(EDIT, filled(olga.get(EDIT), tags="no equals sign"))
    assert answer.status_code == 422
    assert olga.post(EDIT, main_form(answer).fields | {"tags": ["a=b"]}).status_code == 302
    assert sent(emulator) == {"tags": {"a": "b"}}


@pytest.mark.usefixtures("signing")
def test_those_that_stay_are_sent_as_they_were(olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", [1, None, "foo"])
    page = olga.get(EDIT)
    kept = main_form(page).fields["key_ops"]
    assert kept == ["1", "null", "foo"]
    assert "has invalid value" in text_of(olga.post(EDIT, filled(page, key_ops=[*kept, "sign"])))
    assert sent(emulator) == {"key_ops": [1, None, "foo", "sign"]}
    assert olga.post(EDIT, filled(olga.get(EDIT), key_ops=["sign"])).status_code == 302
    assert sent(emulator) == {"key_ops": ["sign"]}


@pytest.mark.usefixtures("signing")
def test_a_new_version_gets_them_as_they_were(olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", [1, None, "sign"])
    fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/")
    posts = [each.body for each in emulator.requests if each.method == "POST" and ".vault." in each.host]
    assert posts[-1]["key_ops"] == [1, None, "sign"]


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        ("policy.x509_props.key_usage", [1, None, "foo"]),
        ("policy.x509_props.key_usage", ["", "foo bar", "foo bar"]),
        ("policy.x509_props.ekus", ["", " 1.2 ", "no number"]),
        ("policy.x509_props.sans", {"dns_names": ["", " a.b ", "a.b", None], "emails": ["x, y@z", "x"], "uris": [1]}),
    ],
)
def test_lists_of_a_policy_count_as_untouched(
    path: str, odd: Any, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    emulator.hold(VAULT, CERTIFICATE, "tls", path, odd)
    assert fill_in(olga, "/vaults/kv-shop-prod/certificates/tls/new-version/", tags="a=b").status_code == 302
    posts = [each.body for each in emulator.requests if each.method == "POST" and ".vault." in each.host]
    assert "policy" not in posts[-1]
    assert posts[-1]["tags"] == {"a": "b"}
