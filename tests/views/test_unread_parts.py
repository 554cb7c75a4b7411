"""A new version of what could not be read whole: nothing is weakened unsaid, and no part is called the same that is not."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import vault_calls
from tests.views.policies import POLICY, newest, set_rotation_policy
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

__all__ = ["newest"]

V = "/vaults/kv-shop-prod"
VAULT = "kv-shop-prod"
PAGE = f"{V}/keys/signing/new-version/"
RSA: dict[str, Any] = {"kty": "RSA", "key_size": 4096, "key_ops": ["sign"]}
EC: dict[str, Any] = {"kty": "EC", "crv": "P-521", "key_ops": ["sign"]}
HSM: dict[str, Any] = {**RSA, "kty": "RSA-HSM", "exportable": True, "release_policy": POLICY}


def made(emulator: Emulator) -> list[Any]:
    """The bodies with which versions were asked for."""
    return [each.body for each in emulator.requests if each.method == "POST" and each.path.endswith("/create")]


# Keys


#: What is there, where, the field that asks, what is chosen in it, and what is sent for it then.
ASKED: dict[str, tuple[dict[str, Any], str, Any, str, Any, dict[str, Any]]] = {
    "size of another type": (RSA, "key.n", 7, "key_size", "4096", {"key_size": 4096}),
    "no size": (RSA, "key.n", None, "key_size", "3072", {"key_size": 3072}),
    "size that is none": (RSA, "key.n", "!!", "key_size", "4096", {"key_size": 4096}),
    "curve of another type": (EC, "key.crv", 7, "crv", "P-521", {"crv": "P-521"}),
    "no curve": (EC, "key.crv", None, "crv", "P-256", {"crv": "P-256"}),
    "type of another type": (RSA, "key.kty", 7, "kty", "RSA", {"kty": "RSA", "key_size": 4096}),
    "no type": (EC, "key.kty", None, "kty", "EC", {"kty": "EC", "crv": "P-521"}),
    "operations of another type": (RSA, "key.key_ops", "sign", "key_ops", ["sign"], {"key_size": 4096}),
    "no operations told": (EC, "key.key_ops", None, "key_ops", ["sign"], {"crv": "P-521"}),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_makes_a_key_is_asked_for_where_it_can_not_be_read(
    case: str, olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    content, path, raw, field, chosen, sent = ASKED[case]
    newest.keys.create("signing", **content)
    emulator.hold(VAULT, KEY, "signing", path, raw)
    emulator.requests.clear()
    page = olga.get(PAGE)
    words = text_of(page)
    assert "of the current version can't be read" in words
    assert "parts stay" not in words
    assert " open>" in page.content.decode()
    assert {"key.crv": "P-256", "key.n": "2048 bits", "key.kty": "Key Vault decides"}.get(
        path, "—"
    ) not in words.partition("Change")[0].rpartition("Type and size")[2]
    for typed in ({}, {"tags": "a=b"}):
        refused: Any = olga.post(PAGE, filled(page, **typed))
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == [field]
    assert made(emulator) == []
    assert olga.post(PAGE, filled(refused, **{field: chosen})).status_code == 302
    assert made(emulator) == [{"kty": content["kty"], "key_ops": ["sign"], **sent, "tags": {"a": "b"}}]


NOT_ASKED: dict[str, tuple[str, Any, str]] = {
    "exportable": (
        "attributes.exportable",
        "perhaps",
        'Whether the current version may be exported can\'t be read: "perhaps"',
    ),
    "release policy": ("release_policy", 7, "The release policy of the current version can't be read: 7"),
    "no conditions": ("release_policy.data", None, "The release policy of the current version can't be read"),
    "conditions": ("release_policy.data", {"a": 1}, "The release policy of the current version can't be read"),
    "fixed for ever": (
        "release_policy.immutable",
        "perhaps",
        "The release policy of the current version can't be read",
    ),
}


@pytest.mark.parametrize("case", NOT_ASKED)
def test_what_lets_a_key_out_is_never_left_away(
    case: str, olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    path, raw, sentence = NOT_ASKED[case]
    newest.keys.create("signing", **HSM)
    emulator.hold(VAULT, KEY, "signing", path, raw)
    emulator.requests.clear()
    page = olga.get(PAGE)
    assert sentence in text_of(page)
    assert "not returned by this API version" not in text_of(page)
    refused = olga.post(PAGE, filled(page, tags="a=b"))
    assert refused.status_code == 422
    assert "so no new version is created here" in text_of(refused)
    assert made(emulator) == []
    assert olga.get(f"{V}/keys/signing/").status_code == 200


@pytest.mark.parametrize("path", ["key.n", "key.kty", "key.key_ops", "release_policy", "attributes.exportable"])
def test_an_untouched_key_is_rotated_whatever_of_it_can_be_read(
    path: str, olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    newest.keys.create("signing", **HSM)
    set_rotation_policy(newest, "signing")
    emulator.hold(VAULT, KEY, "signing", path, 7)
    page = olga.get(PAGE)
    vault_calls(emulator)
    assert olga.post(PAGE, filled(page)).status_code == 302
    assert ("POST", "/keys/signing/rotate") in vault_calls(emulator)


def test_an_elliptic_key_without_operations_stays_without(
    olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    newest.keys.create("signing", **EC)
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", [])
    emulator.requests.clear()
    assert fill_in(olga, PAGE).status_code == 302
    assert made(emulator) == [{"kty": "EC", "crv": "P-521", "key_ops": []}]


def test_another_type_needs_a_size_or_a_curve_of_its_own(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    newest.keys.create("signing", **EC)
    emulator.requests.clear()
    refused: Any = fill_in(olga, PAGE, kty="RSA")
    assert list(refused.context["form"].errors) == ["key_size"]
    assert made(emulator) == []
    assert olga.post(PAGE, filled(refused, key_size="3072")).status_code == 302
    assert made(emulator) == [{"kty": "RSA", "key_size": 3072, "key_ops": ["sign"]}]


def test_a_key_whose_tags_or_state_can_not_be_read(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    newest.keys.create("signing", **EC)
    emulator.hold(VAULT, KEY, "signing", "tags", ["a"])
    emulator.hold(VAULT, KEY, "signing", "attributes.enabled", "perhaps")
    words = text_of(olga.get(PAGE))
    assert 'The tags of the current version can\'t be read: ["a"]' in words
    assert 'The state of the current version can\'t be read: "perhaps"' in words
    assert "parts stay" not in words


def test_a_key_that_was_opened_unread_takes_nothing_over(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    newest.keys.create("signing", **HSM)
    emulator.deny("keys/get")
    page = olga.get(PAGE)
    emulator.grant("keys/get", principal="sp-shop-admin")
    emulator.requests.clear()
    assert olga.post(PAGE, filled(page)).status_code == 302
    assert {"attributes", "release_policy"}.isdisjoint(made(emulator)[0])


# State


@pytest.mark.parametrize("kind", ["keys", "secrets"])
def test_a_disabled_version_is_not_said_to_stay_the_same(kind: str, olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", **EC, enabled=False)
    newest.secrets.set("signing", "v", enabled=False)
    words = text_of(olga.get(f"{V}/{kind}/signing/new-version/"))
    assert "State enabled, unlike the current version" in words
    assert "Stays the same but for what can't be carried over" in words
    assert "parts stay" not in words


def test_a_secret_of_which_something_is_lost_is_not_said_to_stay_the_same(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "v")
    emulator.hold(VAULT, SECRET, "api", "tags", ["a"])
    words = text_of(olga.get(f"{V}/secrets/api/new-version/"))
    assert "Stays the same but for what can't be carried over" in words
    assert 'Tags ["a"] can\'t be read' in words
    assert "parts stay" not in words


# Certificates


CERTIFICATE_PAGE = f"{V}/certificates/tls/new-version/"


@pytest.fixture
def tls(azure: VaultClient, emulator: Emulator) -> None:
    policy = CertificatePolicy(
        issuer_name="Self", subject="CN=shop.example", key_type="RSA", key_size=4096, dns_names=("a.example",)
    )
    azure.certificates.create("tls", policy, tags={"team": "shop"})
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    emulator.requests.clear()


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("policy", [None, {}])
def test_a_policy_that_is_not_told_can_be_kept_and_not_changed(
    policy: object, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy", policy)
    page = olga.get(CERTIFICATE_PAGE)
    assert "Policy not returned by the vault, which makes the new version with the policy it has" in text_of(page)
    assert "dns_names" not in main_form(page).fields
    assert "Authority" not in text_of(page)
    assert olga.post(CERTIFICATE_PAGE, filled(page, tags="a=b")).status_code == 302
    assert made(emulator) == [{"tags": {"a": "b"}}]


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("policy", [None, {}, "by hand", ["a"]])
@pytest.mark.parametrize("typed", [{"dns_names": "new.example"}, {"validity_in_months": "24"}, {"issuer": "Self"}])
def test_a_policy_of_only_what_was_touched_is_never_sent(
    typed: dict[str, str], policy: object, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy", policy)
    refused = fill_in(olga, CERTIFICATE_PAGE, **typed)
    assert refused.status_code == 422
    assert "The certificate's policy could not be read, so no part of it can be changed here" in text_of(refused)
    assert made(emulator) == []
    emulator.lift()


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize(
    ("path", "raw"), [("issuer", None), ("issuer.name", None), ("issuer.name", 7), ("issuer.name", "")]
)
def test_a_policy_without_an_issuer_is_not_sent_until_one_is_chosen(
    path: str, raw: object, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", f"policy.{path}", raw)
    refused: Any = fill_in(olga, CERTIFICATE_PAGE, dns_names="new.example")
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["issuer"]
    assert made(emulator) == []
    assert olga.post(CERTIFICATE_PAGE, filled(refused, issuer="Self")).status_code == 302
    assert made(emulator)[0]["policy"]["issuer"]["name"] == "Self"
    assert made(emulator)[0]["policy"]["x509_props"]["subject"] == "CN=shop.example"


SECTIONS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "key": ("key_props", "x", {"kty": "RSA", "key_size": "2048"}),
    "names": ("x509_props.sans", ["a"], {"dns_names": "new.example"}),
    "certificate": ("x509_props", "x", {"validity_in_months": "24"}),
    "issuer": ("issuer", 7, {"issuer": "Self"}),
}


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("case", SECTIONS)
def test_a_section_that_is_none_is_kept_and_not_replaced_by_a_part_of_it(
    case: str, olga: Client, emulator: Emulator
) -> None:
    path, raw, typed = SECTIONS[case]
    emulator.hold(VAULT, CERTIFICATE, "tls", f"policy.{path}", raw)
    refused = fill_in(olga, CERTIFICATE_PAGE, **typed)
    assert refused.status_code == 422
    assert f"{path} can't be read, so no part of it can be changed here" in text_of(refused)
    assert made(emulator) == []


@pytest.mark.usefixtures("tls")
def test_names_that_could_not_be_read_are_called_none_nowhere(olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy.x509_props.sans.dns_names", ["a", 7])
    words = text_of(olga.get(CERTIFICATE_PAGE))
    assert "DNS names can't be read, kept unless it is changed" in words
    assert 'x509_props.sans.dns_names ["a", 7] kept as it is' in words


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize(
    ("path", "raw", "word"),
    [
        ("tags", ["a"], "tags"),
        ("attributes.enabled", "perhaps", "state"),
        ("preserveCertOrder", "perhaps", "chain order"),
    ],
)
def test_what_of_a_certificate_can_not_be_carried_over_is_said(
    path: str, raw: object, word: str, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", path, raw)
    words = text_of(olga.get(CERTIFICATE_PAGE))
    assert f"The {word} of the current version can't be read" in words
    assert "parts stay" not in words
