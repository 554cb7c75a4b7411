"""A separate process that reads one private key from PEM, DER, JWK and key transfer files (see certificate_reader).

Request and response as there, of one file. What is found is one of

- {"jwk"}: a JWK with the private members, as Key Vault takes it: all numbers were checked against each other;
- {"blob", "exchange_key", "kty", "crv"}: a key transfer blob, which only the vault's HSM can open, as base64url; `kty` and
  `crv` are "" unless the file says them.

Of the files, it quotes only the names of standard members, sizes and curves. RFC 7517, RFC 7518; the Azure BYOK specification.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from vaults.forms.certificate_reader import (
    BEGIN,
    IS_PFX,
    Refused,
    answer,
    blocks_of,
    from_base64,
    key_of,
    refuse_unheld,
    unwrapped,
)
from vaults.forms.jwk import jwk_of, private_key_of, rejoined, text_member

MOST_ROUNDS = 10_000_000
#: Of scrypt: N times r times p; 128 bytes of memory each.
MOST_SCRYPT = 2**21
#: A key derivation in DER: its identifier (PBKDF2, PBES1, PKCS #12, scrypt), the salt, and the numbers that set its cost.
DERIVATION = re.compile(
    rb"\x06(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05.|\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01.|(?P<scrypt>\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b))"
    rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x04(?P<salt>[\x00-\x7f])",
    re.DOTALL,
)
WITH_CERTIFICATES = (
    "There are certificates in it. Leave in only the private key, or import the whole on the page for certificates."
)
PUBLIC = "This is a public key. An import needs the private key."
NO_KEY = "This is neither PEM nor DER nor JWK nor a key transfer blob, or it is damaged."
OTHER_FILES: dict[bytes, str] = {
    b"-----BEGIN OPENSSH PRIVATE KEY-----": "The private key is in OpenSSH's own format. Convert it to PEM: "
    "ssh-keygen -p -m PEM -f FILE, which rewrites the file.",
    b"PuTTY-User-Key-File-": "The private key is in PuTTY's own format. Export it as PEM.",
    b"\xfe\xed\xfe\xed": "This is a Java keystore. Convert it to PFX: keytool -importkeystore -deststoretype PKCS12",
}
MECHANISM = "CKM_RSA_AES_KEY_WRAP"
EXCHANGE_KEY = re.compile(
    r"https://[a-zA-Z0-9.-]{1,253}(?::\d{1,5})?/keys/[a-zA-Z0-9-]{1,127}(?:/[a-zA-Z0-9]{1,64})?/?"
)


def main() -> None:
    answer({"key": lambda files, password: _read(files[0], password)})


def _read(file: bytes, password: bytes | None) -> Mapping[str, Any]:
    """Raises Refused."""
    for start, advice in OTHER_FILES.items():
        if start in file:
            raise Refused(advice)
    text = _json_text(content := unwrapped(file))
    if text is not None:
        return _from_json(text)
    key = _from_pem(content, password) if BEGIN in content else _from_der(content, password)
    refuse_unheld(key)
    return {"jwk": jwk_of(key)}


def _json_text(content: bytes) -> str | None:
    """The content as text if it could be JSON; None otherwise. Windows PowerShell writes UTF-16."""
    with suppress(UnicodeDecodeError):
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig").strip()
        return text if text.startswith(("{", "[")) else None
    return None


# PEM and DER


def _from_pem(content: bytes, password: bytes | None) -> Any:
    keys = blocks_of(content, b"PRIVATE KEY")
    if any(blocks_of(content, label) for label in (b"CERTIFICATE", b"PKCS7")):
        raise Refused(WITH_CERTIFICATES)
    if not keys:
        raise Refused(PUBLIC if blocks_of(content, b"PUBLIC KEY") else "There is no private key in it.")
    if len(keys) > 1:
        raise Refused(f"There are {len(keys)} private keys in it. Leave in only one.")
    if b"BEGIN ENCRYPTED PRIVATE KEY" in keys[0]:
        _refuse_endless(from_base64(b"".join(keys[0].splitlines()[1:-1])) or b"")
    return key_of(keys[0], serialization.load_pem_private_key, password, "")


def _from_der(content: bytes, password: bytes | None) -> Any:
    with suppress(ValueError):
        x509.load_der_x509_certificate(content)
        raise Refused(WITH_CERTIFICATES)
    if IS_PFX.match(content):
        raise Refused(WITH_CERTIFICATES)
    with suppress(ValueError, UnsupportedAlgorithm):
        serialization.load_der_public_key(content)
        raise Refused(PUBLIC)
    if not content.startswith(b"0"):
        raise Refused(NO_KEY)
    _refuse_endless(content)
    return key_of(content, serialization.load_der_private_key, password, "")


def _refuse_endless(der: bytes) -> None:
    """Raises Refused if the password would have to go through too many rounds. What is not found here meets the time limit."""
    found = DERIVATION.search(der[:2000])
    if found is None:
        return
    numbers = _integers(der[found.end() + found["salt"][0] :], 3 if found["scrypt"] else 1)
    cost = 1
    for number in numbers:
        cost *= number
    if cost > (MOST_SCRYPT if found["scrypt"] else MOST_ROUNDS):
        raise Refused(
            "Opening this key with its password would take too many rounds. Export it anew, with the usual protection."
        )


def _integers(der: bytes, most: int) -> list[int]:
    """The integers that it starts with."""
    found: list[int] = []
    while len(found) < most and der[:1] == b"\x02" and len(der) > 1:
        found.append(int.from_bytes(der[2 : 2 + der[1]], "big"))
        der = der[2 + der[1] :]
    return found


# JWK and key transfer blob


def _from_json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused("This starts like JSON, but can't be read as JSON.") from None
    if isinstance(found, dict) and isinstance(found.get("keys"), list):
        if len(found["keys"]) != 1:
            raise Refused(f"There are {len(found['keys'])} keys in it. Leave in only one.")
        found = found["keys"][0]
    if not isinstance(found, dict):
        raise Refused("This is JSON, but no JWK.")
    if "ciphertext" in found or "header" in found:
        return _transfer(found, text, "", "")
    if "key_hsm" in found:
        inner = _json_text(from_base64(text_member(found, "key_hsm").encode()) or b"")
        if inner is None:
            raise Refused("The member key_hsm holds no key transfer blob.")
        blob = _from_json(inner)
        if "blob" not in blob:
            raise Refused("The member key_hsm holds no key transfer blob.")
        kty = str(found.get("kty"))
        return {**blob, **_transferred_type(kty, str(found.get("crv")) if kty == "EC-HSM" else "")}
    return {"jwk": jwk_of(private_key_of(found))}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member twice")
    return found


def _transferred_type(kty: str, curve: str) -> dict[str, str]:
    if kty not in ("RSA-HSM", "EC-HSM"):
        raise Refused("With key_hsm, kty has to be RSA-HSM or EC-HSM.")
    if kty == "EC-HSM" and curve not in ("P-256", "P-384", "P-521", "P-256K"):
        raise Refused("The member crv is missing, or names a curve that Key Vault does not take.")
    return {"kty": kty, "crv": curve}


def _transfer(found: Mapping[str, Any], text: str, kty: str, curve: str) -> Mapping[str, Any]:
    """A key transfer blob. It is sent as it came: the vault checks it."""
    header = found.get("header")
    if not isinstance(header, dict) or header.get("enc") != MECHANISM:
        raise Refused(f"The header of the key transfer blob does not name the mechanism {MECHANISM}.")
    kid, ciphertext = header.get("kid"), found.get("ciphertext")
    if not isinstance(kid, str) or not EXCHANGE_KEY.fullmatch(kid):
        raise Refused(
            "The header of the key transfer blob does not name its key exchange key: kid is the key's address."
        )
    if not isinstance(ciphertext, str) or not from_base64(ciphertext.encode()):
        raise Refused("The key transfer blob has no ciphertext.")
    return {"blob": rejoined(text.encode()), "exchange_key": kid, "kty": kty, "crv": curve}
