"""A certificate with its key and chain, as read from its managed secret, and the files that it is written to.

Key Vault REST: Get Secret; the value is PEM text, or a PFX without a password as base64, as the policy's content type says.
Nothing here stores or logs anything: values come in as arguments and go out as results.
"""

import base64
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)

from vaults.keyvault.types import Secret

#: A secret has 25 kB at most, as text.
MOST_CHARACTERS = 32_768
#: Rounds of the key derivation of a PFX: slow to guess at, and a fraction of a second for who knows the password.
ROUNDS = 100_000
_KEY = re.compile(r"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class ExportRefused(Exception):
    """The managed secret does not hold what was asked for; the text is a sentence for people, without content."""


class KeyMissing(ExportRefused):
    """There is no private key in it: the key can't be exported."""


class BundleUnreadable(ExportRefused):
    """It is no certificate that can be read, or another one."""


class ChainMissing(ExportRefused):
    """There is no other certificate in it."""


class Format(StrEnum):
    """What a file holds. The values are kept in the audit trail."""

    PFX = "pfx"
    PEM_ZIP = "pem-zip"
    PEM_ALL = "pem-all"
    PEM_KEY = "pem-key"
    PEM_FULL_CHAIN = "pem-full-chain"
    PEM_CHAIN = "pem-chain"
    P7B = "p7b"


WITH_KEY = frozenset({Format.PFX, Format.PEM_ZIP, Format.PEM_ALL, Format.PEM_KEY})


@dataclass(frozen=True, slots=True)
class Wanted:
    """`password`: for the PFX or the private key; "" leaves a PEM key unencrypted. `old`: a PFX for old programs."""

    format: Format
    password: str = field(default="", repr=False)
    old: bool = False
    root: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """`suffix`: the end of its name."""

    content: bytes = field(repr=False)
    suffix: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """`chain`: the certificates above `leaf`, each signed by the next. `root`: the last one, if it signed itself.

    `others`: certificates that are not part of the chain. No file has them.
    """

    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    root: x509.Certificate | None = None
    others: tuple[x509.Certificate, ...] = ()
    key: Any = field(default=None, repr=False)

    def above(self, *, root: bool) -> list[x509.Certificate]:
        return [*self.chain, *([self.root] if root and self.root else [])]


def read_bundle(secret: Secret, leaf: bytes) -> Bundle:
    """The content of a managed secret. `leaf`: the DER of its certificate. Raises BundleUnreadable.

    Only managed secrets are read: Key Vault itself has written these, so their key derivation takes no time. A file of anybody
    else's could demand any number of rounds.
    """
    if not secret.properties.managed:
        raise BundleUnreadable("The secret of this name is not managed by a certificate, so it was not read as one.")
    if len(secret.value) > MOST_CHARACTERS:
        raise BundleUnreadable("The managed secret is larger than Key Vault's limit, so it was not read.")
    try:
        read = _from_pem if "-----BEGIN " in secret.value else _from_pfx
        key, found = read(secret.value)
        return _sorted(key, found, leaf)
    except (KeyboardInterrupt, SystemExit, ExportRefused):
        raise
    except BaseException:  # cryptography's parser may panic, which is no Exception
        raise BundleUnreadable("What the managed secret holds can't be read as PEM or PFX.") from None


def _from_pem(value: str) -> tuple[Any, list[x509.Certificate]]:
    block = _KEY.search(value)
    key = load_pem_private_key(block[0].encode(), None) if block else None
    return key, [x509.load_pem_x509_certificate(each[0].encode()) for each in _CERTIFICATE.finditer(value)]


def _from_pfx(value: str) -> tuple[Any, list[x509.Certificate]]:
    key, leaf, others = pkcs12.load_key_and_certificates(base64.b64decode("".join(value.split()), validate=True), None)
    return key, [leaf, *others] if leaf else others


def _sorted(key: Any, found: Sequence[x509.Certificate], der: bytes) -> Bundle:
    """The chain in the order of its signatures, whatever the order in the file."""
    rest = list(dict.fromkeys(found))
    leaf = next((each for each in rest if each.public_bytes(Encoding.DER) == der), None)
    if leaf is None or (key is not None and key.public_key() != leaf.public_key()):
        raise BundleUnreadable("The managed secret holds another certificate or key than the certificate shown.")
    rest.remove(leaf)
    chain, root, last = [], None, leaf
    while not _signed(last, last) and (issuer := _issuer(last, rest)):
        rest.remove(issuer)
        last = issuer
        if _signed(issuer, issuer):
            root = issuer
        else:
            chain.append(issuer)
    return Bundle(leaf, tuple(chain), root, tuple(rest), key)


def _issuer(certificate: x509.Certificate, among: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The issuer's certificate; of several with the same key, the one that is valid longest."""
    issuers = [each for each in among if _signed(certificate, each)]
    return max(issuers, key=lambda each: each.not_valid_after_utc, default=None)


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def write(bundle: Bundle, wanted: Wanted, name: str) -> File:
    """The file. `name`: of the certificate. Raises KeyMissing and ChainMissing."""
    if wanted.format in WITH_KEY and bundle.key is None:
        raise KeyMissing(
            "The managed secret of this version holds no private key: it can't be exported, by the policy that it was made with."
        )
    above = bundle.above(root=wanted.root)
    match wanted.format:
        case Format.PFX:
            content = pkcs12.serialize_key_and_certificates(
                name.encode(), bundle.key, bundle.leaf, above, _protection(wanted)
            )
            return File(content, ".pfx", "application/x-pkcs12")
        case Format.PEM_ZIP:
            return File(_zip(bundle, above, wanted, name), ".zip", "application/zip")
        case Format.PEM_ALL:
            return _pem_file(_key(bundle, wanted) + _pem([bundle.leaf, *above]), ".key-and-chain.pem")
        case Format.PEM_KEY:
            return _pem_file(_key(bundle, wanted), ".key.pem")
        case Format.PEM_FULL_CHAIN:
            return _pem_file(_pem([bundle.leaf, *above]), ".fullchain.pem")
        case Format.PEM_CHAIN:
            if not above:
                raise ChainMissing(
                    "The managed secret holds no chain: nothing of it was signed by another certificate in it"
                    + (", except by the root, which was to be left out." if bundle.root else ".")
                )
            return _pem_file(_pem(above), ".chain.pem")
        case Format.P7B:
            return p7b([bundle.leaf, *above])


def p7b(certificates: list[x509.Certificate]) -> File:
    """A PKCS #7 file, which holds certificates and no key."""
    return File(pkcs7.serialize_certificates(certificates, Encoding.DER), ".p7b", "application/x-pkcs7-certificates")


def _protection(wanted: Wanted) -> KeySerializationEncryption:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(ROUNDS)
    if wanted.old:
        builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())  # noqa: S303  # by choice
    else:
        builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(hashes.SHA256())
    return builder.build(wanted.password.encode())


def _key(bundle: Bundle, wanted: Wanted) -> bytes:
    """The private key as PKCS #8."""
    protection = BestAvailableEncryption(wanted.password.encode()) if wanted.password else NoEncryption()
    content: bytes = bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return content


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def _pem_file(content: bytes, suffix: str) -> File:
    return File(content, suffix, "application/x-pem-file")


def _zip(bundle: Bundle, above: Sequence[x509.Certificate], wanted: Wanted, name: str) -> bytes:
    """One file for each part. The chain's is left out if there is none."""
    parts = {
        f"{name}.key.pem": _key(bundle, wanted),
        f"{name}.cert.pem": _pem([bundle.leaf]),
        f"{name}.chain.pem": _pem(above),
        f"{name}.fullchain.pem": _pem([bundle.leaf, *above]),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file_name, content in parts.items():
            if content:
                archive.writestr(file_name, content)
    return written.getvalue()
