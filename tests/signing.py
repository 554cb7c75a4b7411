"""A CA for tests: root, two intermediates, a second root that cross-signs, and the leaf of a signing request."""

import base64
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7, pkcs12

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
DAY = timedelta(days=1)


def new_key(kind: str = "EC") -> Key:
    return rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    name: str
    key: Key

    def sign(
        self, name: str, public_key: object, *, ca: bool = False, begin: int = -1, end: int = 90
    ) -> x509.Certificate:
        """`begin`, `end`: days from now."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(named(self.name), named(name), public_key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begin * DAY)
            .not_valid_after(now + end * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def own(self) -> x509.Certificate:
        return self.sign(self.name, self.key.public_key(), ca=True, end=900)


class Shop:
    """Everything that a CA can put into a reply, for one signing request."""

    def __init__(self, kind: str = "EC", csr: bytes | None = None) -> None:
        self.key = new_key(kind)
        if csr is None:
            request = x509.CertificateSigningRequestBuilder(named("shop.example")).sign(self.key, hashes.SHA256())
            csr = request.public_bytes(Encoding.DER)
        self.csr = csr
        self.public = x509.load_der_x509_csr(csr).public_key()
        self.roots = Authority("Root R", new_key(kind)), Authority("Root O", new_key("EC"))
        self.one, self.two = Authority("Issuing 1", new_key(kind)), Authority("Issuing 2", new_key("EC"))
        root, old = self.roots
        self.root, self.old_root = root.own(), old.own()
        self.cross = old.sign(root.name, root.key.public_key(), ca=True)
        self.intermediate = root.sign(self.one.name, self.one.key.public_key(), ca=True)
        self.lower = self.one.sign(self.two.name, self.two.key.public_key(), ca=True)
        self.leaf = self.two.sign("shop.example", self.public)
        self.chain = [self.leaf, self.lower, self.intermediate, self.root]
        self.foreign = self.two.sign("other.example", new_key().public_key())


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def p7b(*certificates: x509.Certificate, encoding: Encoding = Encoding.DER) -> bytes:
    return pkcs7.serialize_certificates(list(certificates), encoding)


def bare(*certificates: x509.Certificate, width: int = 64) -> bytes:
    lines = ["\n".join(textwrap.wrap(base64.b64encode(der(each)).decode(), width)) for each in certificates]
    return "\n\n".join(lines).encode()


def private_pem(key: Key, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def private_der(key: Key, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.DER, form, NoEncryption())


def pfx(key: Key, leaf: x509.Certificate) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", key, leaf, None, NoEncryption())
