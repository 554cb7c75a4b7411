"""Managed secrets as the real service returned them, and content that is none of a certificate.

Set KVPORTAL_REFERENCE_DIR to where the recordings are.
"""

import base64
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from tests.chains import make_chain, pem
from vaults.keyvault.certificate_export import (
    MOST_CHARACTERS,
    BundleUnreadable,
    Format,
    KeyMissing,
    Wanted,
    read_bundle,
    write,
)
from vaults.keyvault.types import Secret, SecretProperties

RECORDINGS = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings" / "certificates"
EC = make_chain("EC")
LEAF = EC.leaf.public_bytes(Encoding.DER)


def secret(value: str, *, managed: bool = True) -> Secret:
    return Secret(
        SecretProperties(id="https://v.vault.test/secrets/web", name="web", version="", managed=managed), value
    )


def recorded() -> Iterator[dict[str, Any]]:
    """The bodies of answers to Get Secret about certificates."""
    for path in sorted(RECORDINGS.glob("*.json")):
        found = json.loads(path.read_text(errors="replace"))
        for each in found if isinstance(found, list) else found.get("Entries", []):
            body = each.get("ResponseBody")
            if "/secrets/" in str(each.get("RequestUri")) and isinstance(body, dict) and "value" in body:
                yield body


@pytest.mark.skipif(not RECORDINGS.exists(), reason="no recordings (KVPORTAL_REFERENCE_DIR)")
def test_managed_secrets_of_the_real_service_are_read_and_written_in_every_format() -> None:
    kinds = set()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parsed a serial number")  # of a test certificate that was recorded
        for body in recorded():
            assert body["managed"] is True
            kinds.add("pem" if "-----BEGIN" in body["value"] else "pfx")
            bundle = read_bundle(secret(body["value"]), leaf_of(body["value"]))
            pfx = write(bundle, Wanted(Format.PFX, "a password"), "web")
            assert pkcs12.load_pkcs12(pfx.content, b"a password").cert.certificate == bundle.leaf  # type: ignore[union-attr]
            for kind in (Format.PEM_ZIP, Format.PEM_ALL, Format.PEM_KEY, Format.PEM_FULL_CHAIN, Format.P7B):
                assert write(bundle, Wanted(kind), "web").content
    assert kinds == {"pem", "pfx"}


def leaf_of(value: str) -> bytes:
    if "-----BEGIN" in value:
        block = value[value.index("-----BEGIN CERTIFICATE") :]
        return x509.load_pem_x509_certificate(block.encode()).public_bytes(Encoding.DER)
    found = pkcs12.load_pkcs12(base64.b64decode(value), None).cert
    assert found
    return found.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hunter2",
        "\0" * 100,
        "AAAA",
        base64.b64encode(b"\x30\x82\xff\xff" + b"\x00" * 200).decode(),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN " * 2000,
        EC.key_pem,
        EC.key_pem + pem(EC.lower),
        make_chain("RSA").key_pem + pem(EC.leaf),
        "x" * (MOST_CHARACTERS + 1),
    ],
    ids=range(12),
)
def test_what_is_no_such_certificate_is_refused_without_a_word_of_it(value: str) -> None:
    with pytest.raises(BundleUnreadable) as refused:
        read_bundle(secret(value), LEAF)
    assert not value or value[:40] not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_secret_that_is_not_managed_is_not_parsed() -> None:
    with pytest.raises(BundleUnreadable, match="not managed"):
        read_bundle(secret(EC.key_pem + pem(EC.leaf), managed=False), LEAF)


def test_the_order_and_repeats_in_the_secret_do_not_matter() -> None:
    shuffled = [EC.root, EC.upper, EC.foreign, EC.lower, EC.root, EC.leaf, EC.lower]
    bundle = read_bundle(secret(pem(*shuffled)), LEAF)
    assert (bundle.chain, bundle.root, bundle.others) == ((EC.lower, EC.upper), EC.root, (EC.foreign,))


def test_a_chain_with_a_gap_ends_there() -> None:
    bundle = read_bundle(secret(pem(EC.leaf, EC.root, EC.upper)), LEAF)
    assert (bundle.chain, bundle.root) == ((), None)
    assert set(bundle.others) == {EC.root, EC.upper}


def test_a_certificate_that_signed_itself_has_no_chain() -> None:
    bundle = read_bundle(secret(pem(EC.root, EC.leaf)), EC.root.public_bytes(Encoding.DER))
    assert (bundle.leaf, bundle.chain, bundle.root, bundle.others) == (EC.root, (), None, (EC.leaf,))


@pytest.mark.parametrize("kind", [Format.PFX, Format.PEM_ZIP, Format.PEM_ALL, Format.PEM_KEY])
def test_without_a_key_no_file_with_a_key_is_written(kind: Format) -> None:
    bundle = read_bundle(secret(pem(EC.leaf, EC.lower)), LEAF)
    with pytest.raises(KeyMissing):
        write(bundle, Wanted(kind, "a password"), "web")


def test_neither_key_nor_password_is_in_a_repr() -> None:
    bundle = read_bundle(secret(EC.key_pem + pem(EC.leaf)), LEAF)
    assert "PrivateKey" not in repr(bundle)
    assert "hidden" not in repr(Wanted(Format.PFX, "hidden"))
    assert "BEGIN" not in repr(write(bundle, Wanted(Format.PEM_KEY), "web"))
