"""The age format once more, from its specification (https://age-encryption.org/v1) and not from the library that the portal uses.

What the portal writes must be readable here, and the portal must read what is written here.
"""

import base64
import hashlib
import hmac
import os
import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INTRO = b"age-encryption.org/v1\n"
CHUNK = 64 * 1024
HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt (?P<salt>\S{22}) (?P<work>\d+)\n(?P<body>\S{43})\n--- (?P<mac>\S{43})\n"
)


def write(content: bytes, password: str, work: int = 10) -> bytes:
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapped = ChaCha20Poly1305(_wrap_key(password, salt, work)).encrypt(bytes(12), file_key, None)
    header = b"%b-> scrypt %b %d\n%b\n---" % (INTRO, _base64(salt), work, _base64(wrapped))
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
    sealed = [cipher.encrypt(_count(n, n == len(chunks) - 1), each, None) for n, each in enumerate(chunks)]
    return header + b" " + _base64(mac) + b"\n" + nonce + b"".join(sealed)


def read(file: bytes, password: str) -> bytes:
    header = HEADER.match(file)
    assert header, file[:100]
    wrap_key = _wrap_key(password, _bytes(header["salt"]), int(header["work"]))
    file_key = ChaCha20Poly1305(wrap_key).decrypt(bytes(12), _bytes(header["body"]), None)
    signed = file[: file.index(b"\n---") + 4]
    assert hmac.digest(_derived(file_key, b"", b"header"), signed, "sha256") == _bytes(header["mac"])
    nonce, payload = file[header.end() :][:16], file[header.end() + 16 :]
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    chunks = [payload[at : at + CHUNK + 16] for at in range(0, len(payload), CHUNK + 16)]
    return b"".join(cipher.decrypt(_count(n, n == len(chunks) - 1), each, None) for n, each in enumerate(chunks))


def armored(file: bytes) -> bytes:
    text = base64.b64encode(file)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN AGE ENCRYPTED FILE-----", *lines, b"-----END AGE ENCRYPTED FILE-----", b""])


def _wrap_key(password: str, salt: bytes, work: int) -> bytes:
    label = b"age-encryption.org/v1/scrypt" + salt
    return hashlib.scrypt(password.encode(), salt=label, n=2**work, r=8, p=1, dklen=32, maxmem=2**31 - 1)


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt or None, purpose).derive(key)


def _count(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
