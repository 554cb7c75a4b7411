"""The algorithms of key operations, and what each one takes.

Key Vault REST: JsonWebKeyEncryptionAlgorithm, JsonWebKeySignatureAlgorithm, KeyEncryptionAlgorithm. RFC 7518 (JWA), RFC 8017.
What is special to AES keys: `aes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from vaults.keyvault import aes
from vaults.keyvault.types import Key


class KeyOperation(StrEnum):
    """An operation with a key, by its name in `key_ops`."""

    ENCRYPT = "encrypt"
    DECRYPT = "decrypt"
    SIGN = "sign"
    VERIFY = "verify"
    WRAP = "wrapKey"
    UNWRAP = "unwrapKey"


SIGNING: Final = frozenset({KeyOperation.SIGN, KeyOperation.VERIFY})
#: Operations that a key may do outside its dates. Key Vault REST: About keys.
OUTSIDE_DATES: Final = frozenset({KeyOperation.DECRYPT, KeyOperation.UNWRAP, KeyOperation.VERIFY})
#: By algorithm: bytes of an RSA block that are padding, so that the rest is for the input (RFC 8017, 7.1 and 7.2).
PADDING: Final = {"RSA-OAEP-256": 66, "RSA-OAEP": 42, "RSA1_5": 11}
RSA_SIGNATURES: Final = ("PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
#: By curve: the one algorithm, and the bytes of a signature, which is r and s side by side (RFC 7518, 3.4).
EC_SIGNATURES: Final = {
    "P-256": ("ES256", 64),
    "P-256K": ("ES256K", 64),
    "P-384": ("ES384", 96),
    "P-521": ("ES512", 132),
}
#: How a released key is encrypted for its target.
RELEASE_ENCRYPTIONS: Final = ("CKM_RSA_AES_KEY_WRAP", "RSA_AES_KEY_WRAP_256", "RSA_AES_KEY_WRAP_384")
#: Secure Wrap and Unwrap Key take no other algorithm for an RSA key.
SECURE_WRAPPING: Final = ("RSA-OAEP-256",)


def algorithms_of(key: Key | None, operation: KeyOperation) -> Sequence[str]:
    """The algorithms that the key has for the operation, the recommended one first; all of them if the key is not known."""
    if key and key.key_type == aes.KEY_TYPE:
        return _of_aes(operation, key.properties.key_size)
    if operation not in SIGNING:
        every: tuple[str, ...] = (*PADDING, *_of_aes(operation, None))
        return every if key is None else tuple(PADDING) if key.key_type.startswith("RSA") else ()
    if key is None:
        return (*RSA_SIGNATURES, *(algorithm for algorithm, _ in EC_SIGNATURES.values()), *aes.MACS)
    if key.key_type.startswith("RSA"):
        return RSA_SIGNATURES
    known = EC_SIGNATURES.get(key.jwk.get("crv", ""))
    return (known[0],) if known else ()


def _of_aes(operation: KeyOperation, size: int | None) -> Sequence[str]:
    if operation in SIGNING:
        return aes.MACS
    wraps = operation in (KeyOperation.WRAP, KeyOperation.UNWRAP)
    return aes.algorithms(aes.WRAPPING if wraps else aes.ENCRYPTING, size)


def most_bytes(algorithm: str, key: Key) -> int | None:
    """The longest input that RSA can encrypt or wrap with this key, in bytes; None if its size is not known."""
    return None if key.size is None else (key.size + 7) // 8 - PADDING[algorithm]


def block_bytes(algorithm: str, key: Key) -> int | None:
    """The length of what the key makes: of a ciphertext or signature, in bytes; None if the key's size is not known."""
    for name, length in EC_SIGNATURES.values():
        if name == algorithm:
            return length
    if algorithm in aes.MACS:
        return digest_bytes(algorithm)
    return None if key.size is None else (key.size + 7) // 8


def hash_of(algorithm: str) -> str:
    """The name of the hash function of a signature algorithm, as in hashlib: "ES256K" -> "sha256"."""
    return f"sha{algorithm[2:5]}"


def digest_of(algorithm: str, content: bytes) -> bytes:
    """What is sent to be signed: the hash of the content."""
    return hashlib.new(hash_of(algorithm), content).digest()


def digest_bytes(algorithm: str) -> int:
    """The length of that hash."""
    return hashlib.new(hash_of(algorithm)).digest_size


def to_der(signature: bytes) -> bytes:
    """A signature by an EC key, r and s side by side, as openssl and most libraries have it."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def from_der(signature: bytes, length: int) -> bytes:
    """The reverse, for a curve whose signatures have this length. Raises ValueError, OverflowError if it is no such signature."""
    return b"".join(number.to_bytes(length // 2) for number in decode_dss_signature(signature))
