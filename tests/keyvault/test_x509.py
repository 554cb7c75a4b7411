"""The displayed contents of certificates, also of malformed ones."""

from __future__ import annotations

import base64
import hashlib
import random
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from vaults.keyvault.x500 import common_name
from vaults.keyvault.x509 import (
    AlternativeName,
    public_key_pem,
    read_certificate,
    read_signing_request,
)

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop, Inc.")])
SANS = x509.SubjectAlternativeName(
    [
        x509.DNSName("shop.test"),
        x509.RFC822Name("a@shop.test"),
        x509.UniformResourceIdentifier("urn:shop"),
        x509.IPAddress(ip_address("192.0.2.1")),
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x06a@shop"),
        x509.DirectoryName(NAME),
    ]
)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    made = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(0xABC)
        .not_valid_before(START)
        .not_valid_after(END)
        .add_extension(SANS, critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_DER = certificate(EC_KEY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CN=shop.example", "shop.example"),
        ('C=US, O="CN=no, Inc.", CN="Shop ""A"", Ltd."', 'Shop "A", Ltd.'),
        ("CN=one, CN=two", "one"),
        ("OU=a + CN=b, C=DE", "b"),
        ("O=No common name, C=DE", "O=No common name, C=DE"),
        ("CN=", ""),
        ("", ""),
        ('CN="not closed', '"not closed'),
        ("no name at all", "no name at all"),
    ],
)
def test_the_common_name_of_a_written_name(text: str, found: str) -> None:
    assert common_name(text) == found


def test_all_that_stands_in_a_certificate() -> None:
    facts = read_certificate(EC_DER)
    assert (facts.subject, facts.issuer, facts.serial_number) == ('CN="shop, Inc."', 'CN="shop, Inc."', "ABC")
    assert facts.sans[:5] == (
        AlternativeName("DNS", "shop.test"),
        AlternativeName("email", "a@shop.test"),
        AlternativeName("URI", "urn:shop"),
        AlternativeName("IP", "192.0.2.1"),
        AlternativeName("UPN", "a@shop"),
    )
    assert facts.sans[5].kind == "other"
    assert (facts.not_before, facts.not_after) == (START, END)
    assert (facts.key_type, facts.key_size, facts.curve) == ("EC", 256, "P-256")
    assert facts.signature_algorithm == "ecdsa-with-SHA256"
    assert facts.sha256 == hashlib.sha256(EC_DER).hexdigest().upper()
    assert x509.load_pem_x509_certificate(facts.pem.encode()).public_bytes(serialization.Encoding.DER) == EC_DER


def test_other_keys_have_a_name_too() -> None:
    assert read_certificate(certificate(ed25519.Ed25519PrivateKey.generate())).key_type == "Ed25519"


@pytest.mark.parametrize(
    "der", [b"", b"rubbish", EC_DER[:100], EC_DER + b"more"], ids=["empty", "rubbish", "cut", "longer"]
)
def test_what_is_no_certificate_has_thumbprints_still(der: bytes) -> None:
    facts = read_certificate(der)
    assert (facts.subject, facts.sans) == (None, ())
    assert facts.sha1 == hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_mutilated_certificate_raises() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(2000):
        der = bytearray(EC_DER)
        for _ in range(dice.randint(1, 4)):
            der[dice.randrange(len(der))] = dice.randrange(256)
        read_certificate(bytes(der))
        read_signing_request(bytes(der))


def test_a_signing_request() -> None:
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(NAME)
        .add_extension(SANS, critical=False)
        .sign(EC_KEY, hashes.SHA256())
    )
    facts = read_signing_request(request.public_bytes(serialization.Encoding.DER))
    assert facts.subject == 'CN="shop, Inc."'
    assert facts.sans[0] == AlternativeName("DNS", "shop.test")
    assert x509.load_pem_x509_csr(facts.pem.encode()) == request


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def test_public_keys_as_pem() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048).public_key()
    numbers = rsa_key.public_numbers()
    jwk = {"kty": "RSA-HSM", "n": number(numbers.n), "e": number(numbers.e)}
    assert serialization.load_pem_public_key(public_key_pem(jwk).encode()) == rsa_key

    point = EC_KEY.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": number(point.x), "y": number(point.y)}
    assert serialization.load_pem_public_key(public_key_pem(jwk).encode()) == EC_KEY.public_key()


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct"},
        {"kty": "EC", "crv": "P-999", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
        {"kty": "RSA", "n": "AQAB"},
        {"kty": "RSA", "n": "?", "e": "AQAB"},
    ],
)
def test_a_key_without_a_public_part_is_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        public_key_pem(jwk)
