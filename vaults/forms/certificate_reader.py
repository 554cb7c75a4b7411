"""A process of its own that reads a PEM or PFX file: the private key and its certificate.

The file itself says how long that takes and how much memory: it names the rounds of its key derivation, up to 2^31, and
OpenSSL lets no other thread run meanwhile. So the portal starts this script, feeds it, and stops it where it takes too long
(vaults.forms.certificate_files). It imports nothing of ours: `python -I` starts it in a fifth of a second.

Standard input: {"content": base64, "password"}. Standard output: {"private_key", "certificate", "subject"}, or {"refused"}
with a sentence, which quotes nothing of the file.
"""

import base64
import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

MOST_MEMORY = 512 * 1024 * 1024
BEGIN = b"-----BEGIN "
UNREADABLE = "This can't be read as a PEM or PFX file with a private key and a certificate, or its password is wrong."
NO_KEY = "The file holds no private key."
#: Kinds of keys that certificates have and that can't sign in.
OTHER_KINDS: dict[type, str] = {
    ec.EllipticCurvePrivateKey: "EC",
    ed25519.Ed25519PrivateKey: "Ed25519",
    ed448.Ed448PrivateKey: "Ed448",
    dsa.DSAPrivateKey: "DSA",
}

Keys = list[Any]  # of whatever kind
Certificates = list[x509.Certificate]
T = TypeVar("T")


class Refused(Exception):
    """Why the file can't be used, in a sentence."""


def main() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    asked = json.load(sys.stdin)
    try:
        found = read(base64.b64decode(asked["content"]), asked["password"].encode() or None)
    except Refused as refused:
        found = {"refused": str(refused)}
    json.dump(found, sys.stdout)


def read(content: bytes, password: bytes | None) -> dict[str, str]:
    """Raises Refused."""
    content = _unwrapped(content)
    keys, certificates = _from_pem(content, password) if BEGIN in content else _from_pfx(content, password)
    key, leaf = _pair(keys, certificates)
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "private_key": private_key.decode(),
        "certificate": leaf.public_bytes(serialization.Encoding.PEM).decode(),
        "subject": leaf.subject.rfc4514_string()[:500],
    }


def _unwrapped(content: bytes) -> bytes:
    """PEM in ASCII, or a PFX, without the UTF-16 (Windows PowerShell) or base64 (Key Vault's PFX) that it may be wrapped in."""
    ascii_only = content.replace(b"\0", b"")  # UTF-16 of either byte order, also where only a part of the file is
    if BEGIN in ascii_only:
        return ascii_only
    try:
        return base64.b64decode(re.sub(rb"\s|\xef\xbb\xbf|\xff\xfe|\xfe\xff", b"", ascii_only), validate=True)
    except ValueError:
        return content


def _from_pem(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    keys = _blocks(content, b"PRIVATE KEY", lambda block: _load_key(block, password))
    return keys, _blocks(content, b"CERTIFICATE", x509.load_pem_x509_certificate)


def _blocks(content: bytes, label: bytes, load: Callable[[bytes], T]) -> list[T]:
    """What can be read of the blocks whose label ends so: an odd one is no reason to refuse the file."""
    block_of = rb"-----BEGIN ([A-Z0-9 ]*" + label + rb")-----(?:(?!-----BEGIN ).)+?-----END \1-----"
    blocks = list(re.finditer(block_of, content, re.DOTALL))
    if not blocks:
        raise Refused(f"The file holds no {label.decode().lower()}.")
    found = []
    for block in blocks:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            found.append(load(block[0]))
    if not found:
        raise Refused(UNREADABLE)
    return found


def _load_key(block: bytes, password: bytes | None) -> Any:
    """A key that is not encrypted needs no password, and none is held against it."""
    return serialization.load_pem_private_key(block, password if b"ENCRYPTED" in block[:100] else None)


def _from_pfx(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(NO_KEY if _is_certificate(content) else UNREADABLE) from None
    certificates = [*([certificate] if certificate else []), *others]
    if key is None or not certificates:
        raise Refused("The PFX file holds no private key with its certificate.")
    return [key], certificates


def _is_certificate(content: bytes) -> bool:
    """Is it a certificate alone, as DER?"""
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        return False
    return True


def _pair(keys: Keys, certificates: Certificates) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """The key and its certificate, of several the one that ends last: CAs stand in the file as well, in any order."""
    usable = [key for key in keys if isinstance(key, rsa.RSAPrivateKey)]
    if not usable:
        kind = next((name for kind, name in OTHER_KINDS.items() if isinstance(keys[0], kind)), "not RSA")
        raise Refused(f"The certificate's key is {kind}. The portal signs in with RSA only: upload an RSA certificate.")
    pairs = [(key, each) for each in certificates for key in usable if _belongs(key, each)]
    if not pairs:
        where = (
            "does not belong to the certificate" if len(certificates) == 1 else "belongs to no certificate of the file"
        )
        raise Refused(f"The private key {where}.")
    return max(pairs, key=lambda pair: pair[1].not_valid_after_utc)


def _belongs(key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> bool:
    try:
        return certificate.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):  # a CA's, of a kind that is unknown here
        return False


if __name__ == "__main__":
    main()
