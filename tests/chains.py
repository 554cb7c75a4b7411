"""Chains of certificates with their keys, for tests."""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from vaults.keyvault.client import VaultClient


@dataclass(frozen=True)
class Chain:
    """`lower` issued `leaf`, `upper` issued `lower`, `root` issued `upper` and itself; `foreign` has nothing to do with them."""

    key: Any
    leaf: x509.Certificate
    lower: x509.Certificate
    upper: x509.Certificate
    root: x509.Certificate
    foreign: x509.Certificate

    @property
    def key_pem(self) -> str:
        text: str = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return text


@functools.cache
def make_chain(kind: str) -> Chain:
    """`kind`: "RSA" or "EC", of all keys."""
    root_key, root = _issued(kind, "Root CA", None)
    upper_key, upper = _issued(kind, "Upper CA", (root_key, root))
    lower_key, lower = _issued(kind, "Lower CA", (upper_key, upper))
    key, leaf = _issued(kind, "shop.example", (lower_key, lower))
    return Chain(key, leaf, lower, upper, root, _issued(kind, "Lower CA", None)[1])  # of the same name, another's key


def _issued(kind: str, name: str, issuer: tuple[Any, x509.Certificate] | None) -> tuple[Any, x509.Certificate]:
    key: Any = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=name.endswith("CA"), path_length=None), critical=True)
    )
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def import_certificate(azure: VaultClient, name: str, value: str, policy: dict[str, Any] | None = None) -> None:
    """Import Certificate, which the portal itself does not call."""
    client = azure.certificates
    sent = policy or {"secret_props": {"contentType": "application/x-pem-file"}}
    client._send("ImportCertificate", client._certificate, name, body={"value": value, "policy": sent})


def pem(*certificates: x509.Certificate) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)
