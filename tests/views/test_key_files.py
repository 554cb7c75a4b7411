"""What of a key can be saved: its public part in several formats, and what its HSM states about it."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_public_key,
    load_ssh_public_key,
)
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, vault_calls
from tests.views.policies import newest
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

__all__ = ["newest"]
KEY = "/vaults/kv-shop-prod/keys/signing/"
PUBLIC = f"{KEY}public-key/"
ATTESTATION = f"{KEY}attestation/"
OPENERS: dict[str, Any] = {"pem": load_pem_public_key, "der": load_der_public_key, "openssh": load_ssh_public_key}


def numbers(key: Any) -> tuple[int, ...]:
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    found = key.public_numbers()
    return (found.n, found.e) if isinstance(found, rsa.RSAPublicNumbers) else (found.x, found.y)


@pytest.mark.parametrize("made", [{"kty": "RSA"}, {"kty": "EC", "crv": "P-256"}, {"kty": "EC-HSM", "crv": "P-521"}])
def test_each_format_holds_the_same_key(olga: Client, azure: VaultClient, made: dict[str, str]) -> None:
    version = azure.keys.create("signing", **made).properties.version  # type: ignore[arg-type]
    files = {name: olga.get(PUBLIC, {"format": name, "version": version}) for name in ("pem", "der", "openssh", "jwk")}
    assert len({numbers(OPENERS[name](files[name].content)) for name in OPENERS}) == 1
    assert files["jwk"].json()["kty"] == made["kty"]
    assert files["openssh"].content.endswith(b" signing\n")
    names = [each["Content-Disposition"].partition("filename=")[2] for each in files.values()]
    assert names == ['"signing.pub.pem"', '"signing.pub.der"', '"signing.pub"', '"signing.jwk.json"']


def test_the_keys_page_offers_every_format(olga: Client, azure: VaultClient) -> None:
    version = azure.keys.create("signing", kty="RSA").properties.version
    page = olga.get(KEY).content.decode()
    for name in ("pem", "der", "openssh", "jwk"):
        assert f"{PUBLIC}?format={name}&amp;version={version}" in page


def test_a_curve_that_openssh_does_not_know_is_said(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC", crv="P-256K")
    page = olga.get(KEY)
    assert "OpenSSH: there are no such keys on this curve" in text_of(page)
    assert "format=openssh" not in page.content.decode()
    assert olga.get(PUBLIC, {"format": "openssh"}).status_code == 404
    assert olga.get(PUBLIC, {"format": "der"}).status_code == 200


def test_a_key_that_cannot_be_read_is_said(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("signing", kty="RSA")

    def odd(body: Any) -> Any:
        body["key"]["n"] = "!"
        return body

    emulator.rewrite(odd, path="/keys/signing/?$")
    page = text_of(olga.get(KEY))
    assert page.count("the public part can't be read") == 3  # JWK stays: it is what Azure sent


@pytest.mark.parametrize("wanted", ["p12", "PEM", "", "../pem", "x" * 9000])
def test_another_format_is_not_found(olga: Client, azure: VaultClient, wanted: str) -> None:
    azure.keys.create("signing", kty="RSA")
    assert olga.get(PUBLIC, {"format": wanted}).status_code == 404


def test_an_attestation_is_shown_and_saved(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    version = newest.keys.create("signing", kty="EC-HSM").properties.version
    here = f"{ATTESTATION}?version={version}"
    assert here in olga.get(KEY).content.decode()
    vault_calls(emulator)
    words = text_of(olga.get(here))
    assert vault_calls(emulator) == [("GET", f"/keys/signing/{version}/attestation")]
    assert "Version 1.0" in words
    assert "Statement about the private key 20 bytes" in words
    blob = olga.get(here, {"part": "private", "version": version})
    assert blob.content == b"emulated attestation"
    assert blob["Content-Disposition"] == 'attachment; filename="signing.private-attestation.bin"'
    whole = json.loads(olga.get(ATTESTATION, {"part": "all"}).content)
    assert whole.keys() == {"certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "version"}
    assert olga.get(ATTESTATION, {"part": "other"}).status_code == 404


def test_a_key_in_software_has_none(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="EC")
    assert ATTESTATION not in olga.get(KEY).content.decode()
    answer = olga.get(ATTESTATION)
    assert answer.status_code == 200
    assert "the vault gives none for this one" in text_of(answer)
    assert olga.get(ATTESTATION, {"part": "all"}).status_code == 404


@pytest.mark.parametrize("sent", [None, {}, "x", {"privateKeyAttestation": 7}, {"privateKeyAttestation": "!"}])
def test_an_attestation_that_is_missing_or_odd_breaks_nothing(
    olga: Client, newest: VaultClient, emulator: Emulator, sent: Any
) -> None:
    newest.keys.create("signing", kty="EC-HSM")

    def odd(body: Any) -> Any:
        body["attributes"]["attestation"] = sent
        return body

    emulator.rewrite(odd, path="/keys/signing/attestation")
    words = text_of(olga.get(ATTESTATION))
    assert ("The vault has no attestation for this version." in words) is (not sent)
    assert ("As Azure has it" in words) is bool(sent)


def test_an_older_api_version_has_none_and_the_page_says_so(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC-HSM")
    words = "This connection uses API version 7.0. Attestation exists from 7.6 on."
    assert words in text_of(olga.get(KEY))
    vault_calls(emulator)
    assert f"{words} Change its version" in text_of(olga.get(ATTESTATION))
    assert vault_calls(emulator) == []


def test_a_refusal_and_a_missing_key_are_explained(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    assert olga.get(ATTESTATION).status_code == 404
    newest.keys.create("signing", kty="EC-HSM")
    assert olga.get(ATTESTATION, {"version": "0" * 32}).status_code == 404
    emulator.deny("keys/get")
    assert olga.get(ATTESTATION).status_code == 403
