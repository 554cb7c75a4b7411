"""The algorithms of AES keys (oct-HSM), and what they need beside the input. Key Vault REST: JsonWebKeyEncryptionAlgorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

KEY_TYPE: Final = "oct-HSM"
#: In bits.
SIZES: Final = (256, 192, 128)
#: In bytes: a block, and so the IV of CBC; the IV and the tag that Key Vault makes with GCM; what key wrap works in.
BLOCK, GCM_IV, TAG, WRAP_UNIT = 16, 12, 16, 8
#: HMAC with SHA-2.
MACS: Final = ("HS256", "HS384", "HS512")
ENCRYPTING, WRAPPING = ("GCM", "CBCPAD", "CBC"), ("KW",)
_PARTS: Final = {"GCM": ("iv", "tag"), "CBC": ("iv",), "CBCPAD": ("iv",)}


@dataclass(frozen=True, slots=True)
class AesParameters:
    """What an algorithm needs, or makes, beside input and result; b"" for what it does not have.

    `aad`: authenticated, but not encrypted.
    """

    iv: bytes = field(default=b"", repr=False)
    tag: bytes = field(default=b"", repr=False)
    aad: bytes = field(default=b"", repr=False)


NO_PARAMETERS: Final = AesParameters()


def algorithms(modes: Sequence[str], size: int | None) -> Sequence[str]:
    """The algorithms with these modes for a key of this size in bits; for every size if it is not known."""
    return [f"A{bits}{mode}" for mode in modes for bits in SIZES if size in (bits, None)]


def mode_of(algorithm: str) -> str:
    """ "A256CBC" -> "CBC"; "" for the algorithms of other keys."""
    mode = algorithm[4:]
    return mode if mode in (*ENCRYPTING, *WRAPPING) else ""


def parts_of(algorithm: str) -> Sequence[str]:
    """What comes with a ciphertext of this algorithm and is needed to decrypt it: "iv", "tag"."""
    return _PARTS.get(mode_of(algorithm), ())


def iv_bytes(algorithm: str) -> int:
    """The length of its IV."""
    return GCM_IV if mode_of(algorithm) == "GCM" else BLOCK
