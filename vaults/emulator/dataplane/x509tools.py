"""Certificates and signing requests from certificate policies."""

import base64
import ipaddress
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ObjectIdentifier

from vaults.emulator.dataplane import subjects
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.wire import jwt
from vaults.emulator.wire.rules import invalid_property

PKCS12 = "application/x-pkcs12"
PEM = "application/x-pem-file"
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
BACKDATED = 600  # seconds by which the service backdates certificates
KEY_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)

Extensions = list[tuple[x509.ExtensionType, bool]]


def request(policy: dict[str, Any], key: PrivateKey) -> bytes:
    """The PKCS#10 signing request (DER) for a policy."""
    builder = x509.CertificateSigningRequestBuilder(subjects.parse(policy["x509_props"]["subject"]))
    for extension, critical in extensions(policy):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, _digest(key)).public_bytes(serialization.Encoding.DER)


def issue(
    policy: dict[str, Any],
    key: PrivateKey,
    now: float,
    *,
    issuer: tuple[x509.Name, PrivateKey] | None = None,
    most_days: int | None = None,
) -> x509.Certificate:
    """A certificate by a policy: self-signed, or signed with name and key of an issuer; valid for at most `most_days`."""
    subject = subjects.parse(policy["x509_props"]["subject"])
    issuer_name, issuer_key = issuer or (subject, key)
    begins, ends = (
        datetime.fromtimestamp(int(now) - BACKDATED, UTC),
        add_months(int(now), policy["x509_props"]["validity_months"]),
    )
    if most_days is not None:
        ends = min(ends, begins + timedelta(days=most_days, seconds=-1))  # its last second is part of the validity
    builder = (
        x509.CertificateBuilder(issuer_name, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for extension, critical in extensions(policy):
        builder = builder.add_extension(extension, critical)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(issuer_key, _digest(issuer_key))


def extensions(policy: dict[str, Any]) -> Extensions:
    """The extensions of a policy: key usages, alternative names, basic constraints. Raises the vault's 400."""
    props = policy["x509_props"]
    found: Extensions = []
    if props["key_usage"]:
        found.append((_key_usage(props["key_usage"]), True))
    if props["ekus"]:
        found.append((x509.ExtendedKeyUsage([_oid(oid) for oid in props["ekus"]]), False))
    names = _alternative_names(props.get("sans") or {})
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    found.append((x509.BasicConstraints(ca=props["basic_constraints"]["ca"], path_length=None), False))
    return found


def add_months(moment: int, months: int) -> datetime:
    """The same day and time some months later; the last day of the month if it has no such day."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(start.month - 1 + months, 12)
    last_day = monthrange(start.year + year, month + 1)[1]
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, last_day))


def pack(key: PrivateKey | None, chain: list[x509.Certificate], content_type: str) -> str:
    """The value of a managed secret: base64 of a PFX without password, or PEM, the leaf first."""
    if content_type == PKCS12:
        packed = pkcs12.serialize_key_and_certificates(None, key, chain[0], chain[1:], serialization.NoEncryption())
        return base64.b64encode(packed).decode()
    pem = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in chain]
    if key is not None:
        pem.insert(
            0,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    return b"".join(pem).decode()


def pem_of(packed: str) -> str:
    """The PEM text of a PFX that `pack` made. Raises the vault's 400."""
    try:
        key, leaf, others = pkcs12.load_key_and_certificates(base64.b64decode(packed), None)
    except ValueError:
        raise invalid_property("outContentType") from None
    chain = [certificate for certificate in (leaf, *others) if certificate is not None]
    kept = key if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None
    return pack(kept, chain, PEM)


def thumbprint(certificate: x509.Certificate) -> str:
    """x5t: the SHA-1 fingerprint as base64url (RFC 7517, 4.8)."""
    return jwt.encode(certificate.fingerprint(hashes.SHA1()))  # noqa: S303 - x5t is defined as SHA-1


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384() if key.curve.key_size == 384 else hashes.SHA512()
    return hashes.SHA256()


def key_usages(usage: x509.KeyUsage) -> list[str]:
    """The key usages of a certificate, in the spelling of policies. The last two are valid only with keyAgreement."""
    agreement = usage.key_agreement
    allowed = (
        usage.digital_signature,
        usage.content_commitment,
        usage.key_encipherment,
        usage.data_encipherment,
        agreement,
        usage.key_cert_sign,
        usage.crl_sign,
        agreement and usage.encipher_only,
        agreement and usage.decipher_only,
    )
    return [name for name, is_allowed in zip(KEY_USAGES, allowed, strict=True) if is_allowed]


def _key_usage(usages: list[str]) -> x509.KeyUsage:
    agreement = "keyAgreement" in usages
    return x509.KeyUsage(
        digital_signature="digitalSignature" in usages,
        content_commitment="nonRepudiation" in usages,
        key_encipherment="keyEncipherment" in usages,
        data_encipherment="dataEncipherment" in usages,
        key_agreement=agreement,
        key_cert_sign="keyCertSign" in usages,
        crl_sign="cRLSign" in usages,
        # RFC 5280: valid only with keyAgreement, and the library insists on it.
        encipher_only=agreement and "encipherOnly" in usages,
        decipher_only=agreement and "decipherOnly" in usages,
    )


def _oid(text: str) -> ObjectIdentifier:
    try:
        return ObjectIdentifier(text)
    except ValueError:
        raise invalid_property("ekus") from None


def _alternative_names(sans: dict[str, list[str]]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    try:
        names += [x509.DNSName(name) for name in sans.get("dns_names") or ()]
        names += [x509.RFC822Name(name) for name in sans.get("emails") or ()]
        names += [x509.OtherName(UPN, _utf8_string(name)) for name in sans.get("upns") or ()]
        names += [x509.UniformResourceIdentifier(name) for name in sans.get("uris") or ()]
        names += [x509.IPAddress(ipaddress.ip_address(name)) for name in sans.get("ipAddresses") or ()]
    except ValueError:
        raise invalid_property("sans") from None
    return names


def _utf8_string(text: str) -> bytes:
    """DER of a UTF8String, the type of a user principal name."""
    raw = text.encode()
    if len(raw) > 127:
        raise ValueError("too long for a user principal name")
    return bytes([0x0C, len(raw)]) + raw
