"""The contents of a certificate, a signing request or a public key, for display.

Certificates come from vaults that other people can write to. Reading one never raises: fields that can't be read are None or
empty, and thumbprints and PEM are always present. Signatures are not verified.
"""

from __future__ import annotations

import base64
import hashlib
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from vaults.keyvault import x500

T = TypeVar("T")

_CURVES: Mapping[str, tuple[str, type[ec.EllipticCurve]]] = {
    "secp256r1": ("P-256", ec.SECP256R1),
    "secp384r1": ("P-384", ec.SECP384R1),
    "secp521r1": ("P-521", ec.SECP521R1),
    "secp256k1": ("P-256K", ec.SECP256K1),
}
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


@dataclass(frozen=True, slots=True)
class AlternativeName:
    """One subject alternative name. `kind` is "DNS", "email", "URI", "IP", "UPN" or "other"."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """A certificate's contents. Thumbprints and serial number are upper-case hex, `key_size` is in bits."""

    sha1: str
    sha256: str
    pem: str
    subject: str | None = None
    issuer: str | None = None
    serial_number: str | None = None
    sans: tuple[AlternativeName, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key_type: str | None = None
    key_size: int | None = None
    curve: str | None = None
    signature_algorithm: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequestFacts:
    """A certificate signing request's contents. `key_usages` are spelled as in policies, `ekus` are object identifiers."""

    pem: str
    subject: str | None = None
    sans: tuple[AlternativeName, ...] = ()
    key_type: str | None = None
    key_size: int | None = None
    curve: str | None = None
    signature_algorithm: str | None = None
    key_usages: tuple[str, ...] = ()
    ekus: tuple[str, ...] = ()


def read_certificate(der: bytes) -> CertificateFacts:
    """The readable contents of a DER certificate."""
    facts = CertificateFacts(
        sha1=hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
        sha256=hashlib.sha256(der).hexdigest().upper(),
        pem=to_pem(der, "CERTIFICATE"),
    )
    certificate = readable(lambda: x509.load_der_x509_certificate(der))
    if certificate is None:
        return facts
    key_type, key_size, curve = _describe_key(readable(certificate.public_key))
    return replace(
        facts,
        subject=readable(lambda: x500.write(certificate.subject)),
        issuer=readable(lambda: x500.write(certificate.issuer)),
        serial_number=readable(lambda: f"{certificate.serial_number:X}"),
        sans=readable(lambda: _alternative_names(certificate.extensions)) or (),
        not_before=readable(lambda: certificate.not_valid_before_utc),
        not_after=readable(lambda: certificate.not_valid_after_utc),
        key_type=key_type,
        key_size=key_size,
        curve=curve,
        signature_algorithm=readable(lambda: _algorithm_name(certificate.signature_algorithm_oid)),
    )


def read_signing_request(der: bytes) -> SigningRequestFacts:
    """The readable contents of a DER certificate signing request."""
    pem = to_pem(der, "CERTIFICATE REQUEST")
    request = readable(lambda: x509.load_der_x509_csr(der))
    if request is None:
        return SigningRequestFacts(pem=pem)
    key_type, key_size, curve = _describe_key(readable(request.public_key))
    return SigningRequestFacts(
        pem=pem,
        subject=readable(lambda: x500.write(request.subject)),
        sans=readable(lambda: _alternative_names(request.extensions)) or (),
        key_type=key_type,
        key_size=key_size,
        curve=curve,
        signature_algorithm=readable(lambda: _algorithm_name(request.signature_algorithm_oid)),
        key_usages=readable(lambda: _key_usages(request.extensions)) or (),
        ekus=readable(lambda: _extended_usages(request.extensions)) or (),
    )


def to_pem(der: bytes, label: str) -> str:
    """Bytes as PEM, even if they are not valid DER."""
    lines = textwrap.fill(base64.b64encode(der).decode(), 64)
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def to_p7b(der: bytes) -> bytes | None:
    """A PKCS #7 file with this one certificate. None if it can't be parsed."""
    return readable(lambda: pkcs7.serialize_certificates([x509.load_der_x509_certificate(der)], Encoding.DER))


def jwk_thumbprint(jwk: Mapping[str, str]) -> str:
    """The SHA-256 thumbprint of an RSA or EC key's public part, as base64url (RFC 7638). Raises KeyError for a missing member."""
    names = ("e", "kty", "n") if jwk["kty"].startswith("RSA") else ("crv", "kty", "x", "y")
    public = {name: jwk[name] for name in names} | {"kty": jwk["kty"].removesuffix("-HSM")}
    digest = hashlib.sha256(json.dumps(public, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def public_key_pem(jwk: Mapping[str, str]) -> str:
    """The public key of a JWK as PEM. Raises ValueError if it has none, or an invalid one."""
    return _public_key(jwk).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key_der(jwk: Mapping[str, str]) -> bytes:
    """The public key of a JWK as the DER of a SubjectPublicKeyInfo. Raises ValueError as `public_key_pem` does."""
    return _public_key(jwk).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_key_openssh(jwk: Mapping[str, str]) -> str:
    """The public key of a JWK as a line of OpenSSH, without a comment.

    Raises NotInOpenSSH for a curve that OpenSSH does not know, and ValueError as `public_key_pem` does.
    """
    key = _public_key(jwk)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256K1):
        raise NotInOpenSSH("OpenSSH has no keys on the curve P-256K.")
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class NotInOpenSSH(ValueError):
    """OpenSSH has no such keys."""


def _public_key(jwk: Mapping[str, str]) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """Raises ValueError."""
    try:
        if "n" in jwk:
            return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        curve = next(curve for name, curve in _CURVES.values() if name == jwk["crv"])
        return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve()).public_key()
    except (KeyError, StopIteration):
        raise ValueError("This key has no public part that could be exported.") from None


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def readable(read: Callable[[], T]) -> T | None:
    """The result of `read`, or None if it fails. cryptography's parser may also panic, which is not an Exception."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        return None


def _describe_key(key: object) -> tuple[str | None, int | None, str | None]:
    """Type, size in bits and curve of a public key."""
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size, None
    if isinstance(key, ec.EllipticCurvePublicKey):
        name, _ = _CURVES.get(key.curve.name, (key.curve.name, None))
        return "EC", key.key_size, name
    return (None if key is None else type(key).__name__.removesuffix("PublicKey")), None, None


def _algorithm_name(oid: x509.ObjectIdentifier) -> str:
    """The algorithm's usual name, such as sha256WithRSAEncryption, or else its OID."""
    return getattr(oid, "_name", None) or oid.dotted_string


#: Key usages as policies spell them, and the library's names for them. The last two are only defined for key agreement.
_KEY_USAGES: Mapping[str, str] = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
    "encipherOnly": "encipher_only",
    "decipherOnly": "decipher_only",
}


def _key_usages(extensions: x509.Extensions) -> tuple[str, ...]:
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    return tuple(name for name, member in _KEY_USAGES.items() if readable(lambda member=member: getattr(usage, member)))  # type: ignore[misc]


def _extended_usages(extensions: x509.Extensions) -> tuple[str, ...]:
    return tuple(oid.dotted_string for oid in extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def _alternative_names(extensions: x509.Extensions) -> tuple[AlternativeName, ...]:
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(_alternative_name(name) for name in names)


def _alternative_name(name: x509.GeneralName) -> AlternativeName:
    match name:
        case x509.DNSName():
            return AlternativeName("DNS", name.value)
        case x509.RFC822Name():
            return AlternativeName("email", name.value)
        case x509.UniformResourceIdentifier():
            return AlternativeName("URI", name.value)
        case x509.IPAddress():
            return AlternativeName("IP", str(name.value))
        case x509.OtherName(type_id=type_id) if type_id == _UPN:
            # A DER UTF8String with one byte of tag and one of length (texts of up to 127 bytes).
            return AlternativeName("UPN", name.value[2:].decode("utf-8", "replace"))
        case _:
            return AlternativeName("other", str(getattr(name, "value", "")))
