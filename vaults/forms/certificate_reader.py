"""A separate process that reads the private key and the certificate from a PEM or PFX file.

The file itself determines the time and memory for this: it sets the rounds of its key derivation, up to 2^31, and OpenSSL
lets no other thread run meanwhile. So the portal starts this script, sends it the file, and stops it if it takes too long
(vaults.forms.certificate_files). It imports nothing of the portal: `python -I` starts it in a fifth of a second.

Standard input: {"content": base64, "password"}. Standard output: {"private_key", "certificate", "subject"}, or {"refused"}
with a sentence. Of the file, it quotes only thumbprints and dates of certificates.
"""

import base64
import json
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

MOST_MEMORY = 512 * 1024 * 1024
BEGIN = b"-----BEGIN "
UNREADABLE = "This can't be read as a PEM or PFX file with a private key and a certificate, or its password is wrong."
NO_KEY = "The file holds no private key."
NO_CERTIFICATE = "The file holds no certificate."
OF_A_CA = "The private key is a CA's, not that of the certificate beside it. Add the certificate's own private key."
#: Bytes that identify other files, and the message for each.
OTHER_FILES: dict[bytes, str] = {
    b"-----BEGIN OPENSSH PRIVATE KEY-----": "The private key is in OpenSSH's own format. Convert it to PEM: "
    "ssh-keygen -p -m PEM -f FILE (which rewrites the file), and add the certificate.",
    b"PuTTY-User-Key-File-": "The private key is in PuTTY's own format. Upload it as PEM, together with its certificate.",
    b"\xfe\xed\xfe\xed": "This is a Java keystore. Convert it to PFX: keytool -importkeystore -deststoretype PKCS12",
}
#: Kinds of certificate keys that can't be used to sign in.
OTHER_KINDS: dict[type, str] = {
    ec.EllipticCurvePrivateKey: "EC",
    ed25519.Ed25519PrivateKey: "Ed25519",
    ed448.Ed448PrivateKey: "Ed448",
    dsa.DSAPrivateKey: "DSA",
}

Keys = list[Any]  # of any kind
Certificates = list[x509.Certificate]
T = TypeVar("T")


class Refused(Exception):
    """The reason why the file can't be used, as a sentence."""


def main() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    request = json.load(sys.stdin)
    try:
        found = read(base64.b64decode(request["content"]), request["password"].encode() or None)
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
    """The content as PEM in ASCII, or as PFX, without its wrapping.

    The wrapping may be UTF-16 (Windows PowerShell), base64 (Key Vault's PFX), or
    the quotes and escapes of JSON and environment files.
    """
    ascii_only = content.replace(b"\0", b"")  # UTF-16 of either byte order, also where only a part of the file is
    if BEGIN in ascii_only:
        return _unescaped(ascii_only)
    decoded = _from_base64(_unescaped(ascii_only))
    if decoded is None:
        return content
    return _unescaped(decoded) if BEGIN in decoded else decoded


def _unescaped(text: bytes) -> bytes:
    """The text without the escapes of JSON and environment files: `\\n`, `\\/`, `\\u002B`."""
    text = re.sub(rb"\\+u00([0-7][0-9a-fA-F])", lambda found: bytes.fromhex(found[1].decode()), text)
    return re.sub(rb"\\+([/\"'+=])", rb"\1", re.sub(rb"(?:\\+[rn])+", b"\n", text))


def _from_base64(text: bytes) -> bytes | None:
    """The decoded bytes, or None if it is not base64. It may have lines, quotes, either alphabet, and no padding."""
    text = re.sub(rb"[\s\"'`,;]|\xef\xbb\xbf|\xff\xfe|\xfe\xff", b"", text).rstrip(b"=")
    try:
        return base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _from_pem(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    keys = _blocks(
        content, b"PRIVATE KEY", lambda block: _load_key(block, password), _other_file(content) or UNREADABLE
    )
    loaded = x509.load_pem_x509_certificate
    return keys, _blocks(content, b"CERTIFICATE", loaded, "The file's certificate can't be read.")


def _other_file(content: bytes) -> str:
    return next((advice for start, advice in OTHER_FILES.items() if start in content), "")


def _blocks(content: bytes, label: bytes, load: Callable[[bytes], T], unreadable: str) -> list[T]:
    """The readable blocks whose label ends with `label`; unreadable ones are skipped. Raises Refused if there is none."""
    block_of = rb"-----BEGIN ([A-Z0-9 ]*" + label + rb")-----(?:(?!-----BEGIN ).)+?-----END \1-----"
    blocks = list(re.finditer(block_of, content, re.DOTALL))
    if not blocks:
        raise Refused(NO_KEY if label == b"PRIVATE KEY" else NO_CERTIFICATE)
    found = []
    for block in blocks:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            found.append(load(block[0]))
    if not found:
        raise Refused(unreadable)
    return found


def _load_key(block: bytes, password: bytes | None) -> Any:
    """The key of a block. A key that is not encrypted needs no password, and a given one is ignored."""
    return serialization.load_pem_private_key(block, password if b"ENCRYPTED" in block[:100] else None)


def _from_pfx(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(_what_it_is(content)) from None
    certificates = [*([certificate] if certificate else []), *others]
    if key is None or not certificates:
        raise Refused("The PFX file holds no private key with its certificate.")
    return [key], certificates


def _what_it_is(content: bytes) -> str:
    """The message for a file that is neither PEM nor a readable PFX: a certificate or key alone, as DER, or another file."""
    with suppress(ValueError):
        x509.load_der_x509_certificate(content)
        return NO_KEY
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        serialization.load_der_private_key(content, None)
        return NO_CERTIFICATE
    return next((advice for start, advice in OTHER_FILES.items() if content.startswith(start)), UNREADABLE)


def _pair(keys: Keys, certificates: Certificates) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """The key and its certificate; if there are several, the pair that can sign in now.

    The file may also contain CAs, their keys, and older or newer certificates from renewals, in any order.
    """
    pairs = [(key, each) for each in certificates for key in keys if _belongs(key, each)]
    cas = [each for each in certificates if _is_ca(each, certificates)]
    leaves = [(key, each) for key, each in pairs if each not in cas]
    usable = [pair for pair in leaves or pairs if isinstance(pair[0], rsa.RSAPrivateKey)]
    if not usable:
        raise Refused(_why_not(keys, certificates, leaves or pairs))
    if not leaves and len(cas) < len(certificates):
        raise Refused(OF_A_CA)
    best = max(_validity_rank(each) for _, each in usable)
    meant = {each: (key, each) for key, each in usable if _validity_rank(each) == best}
    if len(meant) > 1:
        raise Refused(_which_of(meant))
    return next(iter(meant.values()))


def _why_not(keys: Keys, certificates: Certificates, pairs: list[tuple[Any, x509.Certificate]]) -> str:
    key = pairs[0][0] if pairs else keys[0]
    if not isinstance(key, rsa.RSAPrivateKey):
        kind = next((name for kind, name in OTHER_KINDS.items() if isinstance(key, kind)), "not RSA")
        return f"The certificate's key is {kind}. The portal signs in with RSA only: upload an RSA certificate."
    if len(certificates) == 1:
        return "The private key does not belong to the certificate."
    return "The private key belongs to no certificate of the file."


def _which_of(certificates: Iterable[x509.Certificate]) -> str:
    """The message that names the possible certificates by SHA-1, as Entra ID does."""
    named = [
        f"{each.fingerprint(hashes.SHA1()).hex().upper()} until {each.not_valid_after_utc:%Y-%m-%d}"  # noqa: S303
        for each in certificates
    ]
    return (
        f"The file holds {len(named)} certificates that could be meant: {', '.join(named)}. "
        "Leave in it only the one that is registered with the application."
    )


def _is_ca(certificate: x509.Certificate, others: Certificates) -> bool:
    """True if it says so itself, or if it issued another certificate of the file."""
    with suppress(ValueError, x509.ExtensionNotFound):
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return True
    name = certificate.subject
    return any(each.issuer == name != each.subject for each in others)


def _validity_rank(certificate: x509.Certificate) -> int:
    """Rank by validity: 2 valid now, 1 valid later, 0 expired."""
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        return 0
    return 1 if certificate.not_valid_before_utc > now else 2


def _belongs(key: Any, certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.public_key() == key.public_key())
    except (ValueError, UnsupportedAlgorithm):  # a CA's key of an unknown kind
        return False


if __name__ == "__main__":
    main()
