"""A separate process that reads the private key and the certificates from PEM, PFX and DER files.

The file itself determines the time and memory for this: it sets the rounds of its key derivation, up to 2^31, and OpenSSL
lets no other thread run meanwhile. So the portal starts this module, sends it the file, and stops it if it takes too long
(vaults.forms.reader_process). It imports nothing of the portal, and so starts in a fifth of a second.

Standard input: {"purpose", "files": list of base64, "password"}. Standard output, or {"refused"} with a sentence:

- "sign_in", of one file: {"private_key", "certificate", "subject"}: what a connection signs in with.
- "import", of several files: {"value", "password", "content_type", "certificates", "left_out"}: what Key Vault gets.

Of the files, it quotes only thumbprints and dates of certificates.
"""

import base64
import json
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc5652, rfc7292

MOST_MEMORY = 512 * 1024 * 1024
#: More than the portal waits: it ends a process whose portal was killed meanwhile.
MOST_PROCESSOR_SECONDS = 6
#: Most certificates of an import: no chain is as long, and each is compared with each.
MOST_CERTIFICATES = 30
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
#: Key sizes in bits and curves of the keys that a vault holds.
RSA_SIZES = (2048, 3072, 4096)
CURVES = ("secp256r1", "secp384r1", "secp521r1", "secp256k1")
#: A PFX starts with its version 3, in DER or in BER.
IS_PFX = re.compile(rb"0(?:[\x00-\x80]|[\x81-\x84].{1,4})\x02\x01\x03", re.DOTALL)
SEVERAL_KEYS = "There are {} private keys in it. Leave in only the one that belongs to the certificate."
PFX_CLOSED = "The password does not open the PFX file, or the file is damaged."
PFX_WITHOUT_PASSWORD = "The PFX file has a password, or it is damaged. Give its password."  # noqa: S105 a sentence

Keys = list[Any]  # of any kind
Certificates = list[x509.Certificate]
T = TypeVar("T")


class Refused(Exception):
    """The reason why the file can't be used, as a sentence."""


def main() -> None:
    answer({"sign_in": lambda files, password: _for_sign_in(files[0], password), "import": _for_import})


def answer(readers: Mapping[str, Callable[[list[bytes], bytes | None], Mapping[str, Any]]]) -> None:
    """Read the request, give its files to the reader of its purpose, and write what that finds, or its refusal."""
    _limit()
    request = json.load(sys.stdin)
    files, password = [base64.b64decode(file) for file in request["files"]], request["password"].encode() or None
    found: Mapping[str, Any]
    try:
        found = readers[request["purpose"]](files, password)
    except Refused as refused:
        found = {"refused": str(refused)}
    json.dump(found, sys.stdout)


def _limit() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the private key and the password
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_SECONDS, MOST_PROCESSOR_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _for_sign_in(content: bytes, password: bytes | None) -> dict[str, str]:
    """Raises Refused."""
    content = unwrapped(content)
    keys, certificates = _from_pem(content, password) if BEGIN in content else _from_pfx(content, password)
    key, leaf = _pair(keys, certificates)
    return {
        "private_key": _key_pem(key),
        "certificate": leaf.public_bytes(serialization.Encoding.PEM).decode(),
        "subject": leaf.subject.rfc4514_string()[:500],
    }


def _key_pem(key: Any) -> str:
    """The key as PKCS#8 without a password."""
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


def unwrapped(content: bytes) -> bytes:
    """The content as PEM in ASCII, or as PFX, without its wrapping.

    The wrapping may be UTF-16 (Windows PowerShell), base64 (Key Vault's PFX), or
    the quotes and escapes of JSON and environment files.
    """
    ascii_only = content.replace(b"\0", b"")  # UTF-16 of either byte order, also where only a part of the file is
    if BEGIN in ascii_only:
        return _unescaped(ascii_only)
    decoded = from_base64(_unescaped(ascii_only))
    if decoded is None:
        return content
    return _unescaped(decoded) if BEGIN in decoded else decoded


def _unescaped(text: bytes) -> bytes:
    """The text without the escapes of JSON and environment files: `\\n`, `\\/`, `\\u002B`.

    A run of backslashes is tried from its first one only: from each of them, it would take the square of its length.
    """
    text = re.sub(rb"(?<!\\)\\+u00([0-7][0-9a-fA-F])", lambda found: bytes.fromhex(found[1].decode()), text)
    return re.sub(rb"(?<!\\)\\+([/\"'+=])", rb"\1", re.sub(rb"(?<!\\)(?:\\+[rn])+", b"\n", text))


def from_base64(text: bytes) -> bytes | None:
    """The decoded bytes, or None if it is not base64. It may have lines, quotes, either alphabet, and no padding."""
    text = re.sub(rb"[\s\"'`,;]|\xef\xbb\xbf|\xff\xfe|\xfe\xff", b"", text).rstrip(b"=")
    try:
        return base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _from_pem(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    keys = _blocks(content, b"PRIVATE KEY", lambda block: _load_key(block, password), other_file(content) or UNREADABLE)
    loaded = x509.load_pem_x509_certificate
    return keys, _blocks(content, b"CERTIFICATE", loaded, "The file's certificate can't be read.")


def other_file(content: bytes) -> str:
    return next((advice for start, advice in OTHER_FILES.items() if start in content), "")


def _blocks(content: bytes, label: bytes, load: Callable[[bytes], T], unreadable: str) -> list[T]:
    """The readable blocks whose label ends with `label`; unreadable ones are skipped. Raises Refused if there is none."""
    blocks = blocks_of(content, label)
    if not blocks:
        raise Refused(NO_KEY if label == b"PRIVATE KEY" else NO_CERTIFICATE)
    found = []
    for block in blocks:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            found.append(load(block))
    if not found:
        raise Refused(unreadable)
    return found


def blocks_of(content: bytes, label: bytes) -> list[bytes]:
    block = rb"-----BEGIN ([A-Z0-9 ]*" + label + rb")-----(?:(?!-----BEGIN ).)+?-----END \1-----"
    return [found[0] for found in re.finditer(block, content, re.DOTALL)]


def _load_key(block: bytes, password: bytes | None) -> Any:
    """The key of a block. A key that is not encrypted needs no password, and a given one is ignored."""
    return serialization.load_pem_private_key(block, password if b"ENCRYPTED" in block[:100] else None)


def _from_pfx(content: bytes, password: bytes | None) -> tuple[Keys, Certificates]:
    try:
        key, certificates = _load_pfx(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(_what_it_is(content)) from None
    if key is None or not certificates:
        raise Refused("The PFX file holds no private key with its certificate.")
    return [key], certificates


def _load_pfx(content: bytes, password: bytes | None) -> tuple[Any, Certificates]:
    """The key, or None, and the certificates, the key's own first.

    Raises ValueError, TypeError, UnsupportedAlgorithm, and Refused for several keys.
    """
    key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    if (count := _keys_in_pfx(content)) > 1:  # the library hands out the first one
        raise Refused(SEVERAL_KEYS.format(count))
    return key, [*([certificate] if certificate else []), *others]


def _keys_in_pfx(content: bytes) -> int:
    """How many private keys a PFX has, 0 if that can't be read. (RFC 7292, sections 4.1 and 4.2)

    Keys are encrypted one by one. Those in a part that is encrypted as a whole are not counted: OpenSSL, Windows and Java
    keep certificates in it, and keys outside.
    """
    with suppress(PyAsn1Error, ValueError, TypeError, LookupError, RecursionError):
        pfx, _ = decoder.decode(content, asn1Spec=rfc7292.PFX())
        parts, _ = decoder.decode(_octets(pfx["authSafe"]), asn1Spec=rfc7292.AuthenticatedSafe())
        plain = [_octets(part) for part in parts if part["contentType"] == rfc5652.id_data]
        bags = [bag for part in plain for bag in decoder.decode(part, asn1Spec=rfc7292.SafeContents())[0]]
        return sum(bag["bagId"] in (rfc7292.id_keyBag, rfc7292.id_pkcs8ShroudedKeyBag) for bag in bags)
    return 0


def _octets(part: Any) -> Any:
    """What a part of a PFX holds. Raises PyAsn1Error."""
    return decoder.decode(part["content"])[0]


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
    named = [_thumbprint_and_end(each) for each in certificates]
    return (
        f"The file holds {len(named)} certificates that could be meant: {', '.join(named)}. "
        "Leave in it only the one that is registered with the application."
    )


def _thumbprint_and_end(certificate: x509.Certificate) -> str:
    return f"{certificate.fingerprint(hashes.SHA1()).hex().upper()} until {certificate.not_valid_after_utc:%Y-%m-%d}"  # noqa: S303


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


# For an import into Key Vault


@dataclass(slots=True)
class _Parts:
    """What the files hold. `unread`: certificates that can't be read. `as_pem`: the key came as PEM text."""

    keys: Keys = field(default_factory=list)
    certificates: Certificates = field(default_factory=list)
    unread: int = 0
    as_pem: bool = False


def _for_import(files: list[bytes], password: bytes | None) -> dict[str, Any]:
    """What Key Vault gets, and the certificates in it as base64 of DER: the key's own first, then its chain in order.

    `left_out` are the other certificates, each with the reason; "" stands for one that can't be read. Raises Refused.
    """
    parts = _Parts()
    for file in files:
        _add_parts(parts, unwrapped(file), password)
    keys = list({public(key): key for key in parts.keys}.values())
    certificates = list(dict.fromkeys(parts.certificates))
    if not keys:
        raise Refused("There is no private key in it.")
    if len(keys) > 1:
        raise Refused(SEVERAL_KEYS.format(len(keys)))
    if not certificates:
        raise Refused(
            "There is no certificate in it that can be read." if parts.unread else "There is no certificate in it."
        )
    if len(certificates) > MOST_CERTIFICATES:
        raise Refused(
            f"There are {len(certificates)} certificates in it; {MOST_CERTIFICATES} are taken at most. "
            "Leave in the certificate and those that issued it."
        )
    key = keys[0]
    refuse_unheld(key)
    chain = _chain(_leaf(key, certificates), certificates)
    left_out = [(_der(each), _why_left_out(each, chain)) for each in certificates if each not in chain]
    left_out += [("", "It can't be read.")] * parts.unread
    return {
        **_packed(key, chain, as_pem=parts.as_pem),
        "certificates": [_der(each) for each in chain],
        "left_out": left_out,
    }


def _add_parts(parts: _Parts, content: bytes, password: bytes | None) -> None:
    """Raises Refused."""
    if BEGIN in content:
        _add_from_pem(parts, content, password)
    elif not _add_from_der(parts, content, password):
        raise Refused(_other_start(content) or "This is neither PEM nor PFX nor DER, or it is damaged.")


def _add_from_pem(parts: _Parts, content: bytes, password: bytes | None) -> None:
    for block in blocks_of(content, b"PRIVATE KEY"):
        parts.keys.append(key_of(block, serialization.load_pem_private_key, password, other_file(block)))
        parts.as_pem = True
    for block in blocks_of(content, b"CERTIFICATE"):
        try:
            parts.certificates.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            parts.unread += 1
    for block in blocks_of(content, b"PKCS7"):
        try:
            parts.certificates += pkcs7.load_pem_pkcs7_certificates(block)
        except (ValueError, UnsupportedAlgorithm):
            parts.unread += 1


def _add_from_der(parts: _Parts, content: bytes, password: bytes | None) -> bool:
    """False if it is none of the known forms. Raises Refused for a key or PFX that can't be opened."""
    if IS_PFX.match(content):
        try:
            key, certificates = _load_pfx(content, password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise Refused(PFX_CLOSED if password else PFX_WITHOUT_PASSWORD) from None
        parts.keys += [key] if key else []
        parts.certificates += certificates
        return True
    with suppress(ValueError):
        parts.certificates.append(x509.load_der_x509_certificate(content))
        return True
    with suppress(ValueError, UnsupportedAlgorithm):
        parts.certificates += pkcs7.load_der_pkcs7_certificates(content)
        return True
    if not content.startswith(b"0"):
        return False
    parts.keys.append(key_of(content, serialization.load_der_private_key, password, ""))
    return True


def key_of(content: bytes, load: Callable[..., Any], password: bytes | None, advice: str) -> Any:
    """The key of a PEM block or a DER file; a password that it does not need is ignored. Raises Refused."""
    if advice:
        raise Refused(advice)
    try:
        try:
            return load(content, None)
        except TypeError:  # it is encrypted
            if password is None:
                raise Refused("The private key is encrypted. Give its password.") from None
            try:
                return load(content, password)
            except (ValueError, UnsupportedAlgorithm):
                raise Refused("The password is not that of the private key, or the key is damaged.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("The private key can't be read: it is damaged, or of a kind that is not known here.") from None


def _other_start(content: bytes) -> str:
    return next((advice for start, advice in OTHER_FILES.items() if content.startswith(start)), "")


def public(key: Any) -> bytes:
    """Identifies a key by its public part."""
    encoded: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _der(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def refuse_unheld(key: Any) -> None:
    """Raises Refused for a key that no vault holds. Key Vault REST: About keys, "Key types and protection methods"."""
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size not in RSA_SIZES:
            raise Refused(
                f"The key is RSA with {key.key_size} bits. Key Vault takes RSA keys of 2048, 3072 and 4096 bits."
            )
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in CURVES:
            raise Refused(
                f"The key is on the curve {key.curve.name}. Key Vault takes EC keys on P-256, P-384, P-521 and P-256K."
            )
    else:
        kind = next((name for kind, name in OTHER_KINDS.items() if isinstance(key, kind)), "of another kind")
        raise Refused(f"The key is {kind}. Key Vault takes only RSA and EC keys.")


def _leaf(key: Any, certificates: Certificates) -> x509.Certificate:
    """The key's own certificate. Raises Refused if it is not exactly one, or if it issued another certificate of the files."""
    own = [each for each in certificates if _belongs(key, each)]
    if not own:
        one = len(certificates) == 1
        raise Refused(
            "The private key does not belong to the certificate."
            if one
            else "The private key belongs to no certificate in it."
        )
    if len(own) > 1:
        named = ", ".join(_thumbprint_and_end(each) for each in own)
        raise Refused(
            f"There are {len(own)} certificates for this key in it: {named}. Leave in only the one to be imported."
        )
    if any(each != own[0] and _issued(own[0], each) for each in certificates):
        raise Refused(OF_A_CA)
    return own[0]


def _chain(leaf: x509.Certificate, certificates: Certificates) -> Certificates:
    """The certificate and those above it in the files, up to one that is signed by itself."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        above = [each for each in certificates if each not in chain and _issued(each, chain[-1])]
        if not above:
            break
        chain.append(max(above, key=lambda each: each.not_valid_after_utc))
    return chain


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """True if the signature proves it; by the name alone if the signature is of a kind that can't be checked here."""
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm:
        return True
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _why_left_out(certificate: x509.Certificate, chain: Certificates) -> str:
    if any(_issued(certificate, each) for each in chain[:-1]):
        return "Another certificate of this CA is in the chain, which ends later."
    return "It is no part of the chain: it issued none of these certificates."


def _packed(key: Any, chain: Certificates, *, as_pem: bool) -> dict[str, str]:
    """Key and chain in one text, in a form that Key Vault is known to read: PEM with a PKCS#8 key, or PFX with 3DES.

    The PFX has a password of its own, which is used once.
    """
    if as_pem:
        pem = [each.public_bytes(serialization.Encoding.PEM).decode() for each in chain]
        return {"value": _key_pem(key) + "".join(pem), "password": "", "content_type": "application/x-pem-file"}
    password = secrets.token_urlsafe(24)
    protection = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303 of the format; TLS is what protects it
        .build(password.encode())
    )
    pfx = pkcs12.serialize_key_and_certificates(None, key, chain[0], chain[1:], protection)
    return {
        "value": base64.b64encode(pfx).decode(),
        "password": password,
        "content_type": "application/x-pkcs12",
    }
