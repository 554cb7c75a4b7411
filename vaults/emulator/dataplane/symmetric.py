"""Algorithms of AES keys: AES-GCM, AES-CBC, AES key wrap and HMAC. Source: Key Vault REST; RFC 7518, RFC 3394.

The functions take and return members of bodies by name: iv, aad, tag, value. They raise ValueError, InvalidTag or
InvalidUnwrap for what does not fit.
"""

import hmac
import re
import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives import keywrap, padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK, IV_OF_GCM, TAG = 16, 12, 16  # bytes; all three as recorded
MACS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_MODES = {"encrypt": "GCM|CBC|CBCPAD", "decrypt": "GCM|CBC|CBCPAD", "wrapKey": "KW", "unwrapKey": "KW"}


def fits(key: bytes, algorithm: str, operation: str) -> bool:
    """True if the algorithm is one for the operation and for keys of this size."""
    return re.fullmatch(rf"A{len(key) * 8}({_MODES[operation]})", algorithm) is not None


def seal(key: bytes, algorithm: str, plain: bytes, given: Mapping[str, bytes]) -> dict[str, bytes]:
    """Encrypt or wrap. The IV of GCM is made here, that of CBC if none is given; CBC fills the last block with zeros."""
    if algorithm.endswith("KW"):
        return {"value": keywrap.aes_key_wrap(key, plain)}
    if algorithm.endswith("GCM"):
        iv = secrets.token_bytes(IV_OF_GCM)
        sealed = AESGCM(key).encrypt(iv, plain, given.get("aad"))
        made = {"iv": iv, "tag": sealed[-TAG:], "value": sealed[:-TAG]}
        return made | {name: value for name, value in given.items() if name == "aad"}
    if algorithm.endswith("PAD"):
        padder = padding.PKCS7(BLOCK * 8).padder()
        filled = padder.update(plain) + padder.finalize()
    else:
        filled = plain + bytes(-len(plain) % BLOCK)
    iv = given.get("iv") or secrets.token_bytes(BLOCK)
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return {"iv": iv, "value": encryptor.update(filled) + encryptor.finalize()}


def unseal(key: bytes, algorithm: str, cipher: bytes, given: Mapping[str, bytes]) -> dict[str, bytes]:
    """Decrypt or unwrap."""
    if algorithm.endswith("KW"):
        return {"value": keywrap.aes_key_unwrap(key, cipher)}
    iv, tag = given.get("iv", b""), given.get("tag", b"")
    if algorithm.endswith("GCM"):
        if len(tag) != TAG:
            raise ValueError("a tag of another length")
        return {"value": AESGCM(key).decrypt(iv, cipher + tag, given.get("aad"))}
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    plain = decryptor.update(cipher) + decryptor.finalize()
    if algorithm.endswith("PAD"):
        unpadder = padding.PKCS7(BLOCK * 8).unpadder()
        plain = unpadder.update(plain) + unpadder.finalize()
    return {"value": plain}


def mac(key: bytes, algorithm: str, digest: bytes) -> bytes:
    """The HMAC of a digest."""
    return hmac.digest(key, digest, MACS[algorithm])
