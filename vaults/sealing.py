"""Encryption at rest: AES-256-GCM, each text bound to its table, row and field.

The key ring comes from `KVPORTAL_SEALING_KEYS` (or the file named by `KVPORTAL_SEALING_KEYS_FILE`): `id:key` pairs separated
by commas or line ends, each key 32 bytes in base64. The first key seals; all of them unseal. The format of a sealed text is
`key id:base64(nonce + ciphertext)`. Table, row, field, key id and the facts it depends on are its associated data, so a text
that is moved to another row, altered, or used for another purpose is refused.
"""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32
#: Fewest different bytes in a random key: it has 30 on average, and 14 if 32 hexadecimal digits were used as bytes.
FEWEST_BYTES = 10


class SealBroken(Exception):
    """A sealed text was moved or altered, or its key is not in the ring."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a sealed text is bound to.

    `row`: the primary key, known before the row is inserted (a UUID). `facts`: other columns that the text depends on; if
    one of them changes, the text can't be opened any more.
    """

    table: str
    row: str
    field: str
    facts: tuple[str, ...] = ()

    def bound_to(self, key_id: str) -> bytes:
        place = ":".join((self.table, self.row, self.field, key_id))
        return (f"{place}:{json.dumps(self.facts)}" if self.facts else place).encode()


@dataclass(frozen=True, slots=True)
class KeyRing:
    keys: dict[str, AESGCM]

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))


def parse_key_ring(text: str) -> KeyRing:
    """Raises ImproperlyConfigured with a reason that names no key material."""
    keys: dict[str, AESGCM] = {}
    for number, entry in enumerate(text.replace("\n", ",").split(","), start=1):
        if not entry.strip():
            continue
        key_id, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key_id.isalnum() or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(f"KVPORTAL_SEALING_KEYS: entry {number} is not id:base64 of 32 bytes")
        if key_id in keys:
            raise ImproperlyConfigured(f"KVPORTAL_SEALING_KEYS: duplicate id {key_id}")
        if not keys and _can_be_guessed(key):  # a later key only opens, so it may be a weak one
            raise ImproperlyConfigured(
                f"KVPORTAL_SEALING_KEYS: the key {key_id} can be guessed, so nothing may be sealed with it; put one of "
                f"{KEY_BYTES} random bytes in front of it, start, and run `manage.py reseal`"
            )
        keys[key_id] = AESGCM(key)
    if not keys:
        raise ImproperlyConfigured("KVPORTAL_SEALING_KEYS holds no key")
    return KeyRing(keys)


def _can_be_guessed(key: bytes) -> bool:
    return len(set(key)) < FEWEST_BYTES or key in (key + key)[1:-1]


@lru_cache(maxsize=2)
def _parsed(text: str) -> KeyRing:
    return parse_key_ring(text)


def key_ring() -> KeyRing:
    return _parsed(settings.SEALING_KEYS)


def seal(text: str, place: Place) -> str:
    ring = key_ring()
    nonce = os.urandom(NONCE_BYTES)
    sealed = ring.keys[ring.current].encrypt(nonce, text.encode(), place.bound_to(ring.current))
    return f"{ring.current}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, place: Place) -> str:
    """Raises SealBroken; its message never contains the sealed text."""
    key_id, _, encoded = sealed.partition(":")
    key = key_ring().keys.get(key_id)
    if key is None:
        raise SealBroken(f"{place.table}.{place.field} is sealed with a key that is not in the ring")
    try:
        blob = base64.b64decode(encoded, validate=True)
        return key.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], place.bound_to(key_id)).decode()
    except (binascii.Error, InvalidTag, ValueError):
        raise SealBroken(f"{place.table}.{place.field} can't be opened: altered, moved, or another key") from None


def is_current(sealed: str) -> bool:
    return sealed.startswith(f"{key_ring().current}:")
