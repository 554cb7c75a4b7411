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
from contextlib import suppress

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

MOST_MEMORY = 512 * 1024 * 1024


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
    try:
        if b"-----BEGIN" in content:
            key = serialization.load_pem_private_key(_pem_block(content, b"PRIVATE KEY"), password)
            leaf = x509.load_pem_x509_certificate(_pem_block(content, b"CERTIFICATE"))
        else:
            found, certificate, _ = pkcs12.load_key_and_certificates(content, password)
            if found is None or certificate is None:
                raise Refused("The PFX file holds no private key with its certificate.")
            key, leaf = found, certificate
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(
            "This can't be read as a PEM or PFX file with a private key and a certificate, or its password is wrong."
        ) from None
    if key.public_key() != leaf.public_key():
        raise Refused("The private key does not belong to the certificate.")
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "private_key": private_key.decode(),
        "certificate": leaf.public_bytes(serialization.Encoding.PEM).decode(),
        "subject": leaf.subject.rfc4514_string()[:500],
    }


def _pem_block(content: bytes, label: bytes) -> bytes:
    """The first block of a PEM file whose label ends so: keys and certificates come in any order."""
    block = re.search(rb"-----BEGIN ([A-Z0-9 ]*" + label + rb")-----.+?-----END \1-----", content, re.DOTALL)
    if block is None:
        raise Refused(f"The file holds no {label.decode().lower()}.")
    return block[0]


if __name__ == "__main__":
    main()
