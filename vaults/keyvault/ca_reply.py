"""The certificates in a CA's reply: PEM, DER, PKCS#7 (P7B) or bare base64, in files or in text pasted from a mail.

A reply is a stranger's text: reading one never raises anything but ReplyRefused, which quotes nothing of it. Everything is
linear in the size of the reply. Formats: RFC 7468 (PEM), RFC 5280 (certificates), RFC 2315 and 5652 (PKCS#7, CMS).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from vaults.keyvault.x509 import readable

MOST_BYTES: Final = 1_000_000
"""Size of a whole reply, all files together."""
MOST_CERTIFICATES: Final = 100
#: The tag that certificates, PKCS#7 and private keys begin with.
SEQUENCE: Final = 0x30

Reason = Literal[
    "archive",
    "cut_off",
    "damaged",
    "empty",
    "keystore",
    "no_certificate",
    "private_key",
    "signing_request",
    "too_large",
    "too_many",
]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
#: The reasons that speak of a private key: they are told before others.
KEYS: Final[tuple[Reason, ...]] = ("private_key", "keystore")


class ReplyRefused(Exception):
    """The reply can't be used. `number`: which block or certificate of it is meant, from 1; 0 if the whole is."""

    def __init__(self, reason: Reason, number: int = 0) -> None:
        self.reason: Reason = reason
        self.number = number
        super().__init__(reason)

    @property
    def may_hold_a_key(self) -> bool:
        """Whether the reply is, or may hold, a private key: it must not be shown again. Not all was read of one too large."""
        return self.reason in (*KEYS, "too_large", "too_many")


def read_reply(parts: Sequence[bytes]) -> list[bytes]:
    """The certificates (DER) of a reply in the order they stand in, duplicates included. `parts`: pasted text and files.

    Raises ReplyRefused. A private key anywhere refuses the whole reply.
    """
    if sum(map(len, parts)) > MOST_BYTES:
        raise ReplyRefused("too_large")
    filled = [part for part in parts if part.strip()]
    if not filled:
        raise ReplyRefused("empty")
    found: list[bytes] = []
    refused: list[ReplyRefused] = []
    for part in filled:
        try:
            found += _read(part)
        except ReplyRefused as reason:
            refused.append(reason)
    _raise_worst(refused)
    if len(found) > MOST_CERTIFICATES:
        raise ReplyRefused("too_many")
    return found


def _raise_worst(refused: Sequence[ReplyRefused]) -> None:
    if refused:
        ranks = (KEYS, ("too_many",))
        raise next((each for rank in ranks for each in refused if each.reason in rank), refused[0])


def _read(part: bytes) -> list[bytes]:
    if part.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        raise ReplyRefused("archive")
    if part.startswith((b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")):
        raise ReplyRefused("keystore")
    if part[0] == SEQUENCE and b"\x00" in part:  # "0" as a character; only DER has zeros
        return _read_der(part, 0)
    return _read_text(_text_of(part))


# DER


def _read_der(content: bytes, number: int) -> list[bytes]:
    """The certificates in DER or BER: one certificate, several in a row, or PKCS#7. What follows them is ignored."""
    found: list[bytes] = []
    while content and content[0] == SEQUENCE and len(found) <= MOST_CERTIFICATES:
        end = _end_of(content)
        if end is not None and end > len(content):
            raise ReplyRefused("cut_off", number)
        one = _of_one(content[:end], number, first=not found)
        if not one:
            break  # what OpenSSL adds to a trusted certificate
        found += one
        content = content[end:].lstrip(b"\r\n") if end else b""
    if not found:
        raise ReplyRefused("damaged", number)
    return found


def _of_one(content: bytes, number: int, *, first: bool) -> list[bytes]:
    _refuse_keys(content)
    certificate = readable(lambda: x509.load_der_x509_certificate(content))
    if certificate is not None:
        return [certificate.public_bytes(Encoding.DER)]
    signed = readable(lambda: pkcs7.load_der_pkcs7_certificates(content))
    if signed is not None:
        return [each.public_bytes(Encoding.DER) for each in signed]
    if readable(lambda: x509.load_der_x509_csr(content)) is not None:
        raise ReplyRefused("signing_request", number)
    if first:
        raise ReplyRefused("damaged", number)
    return []


def _refuse_keys(content: bytes) -> None:
    """Recognise private keys by their first members, so that a damaged one is recognised too.

    PKCS#8, PKCS#1 and SEC 1 begin with a version (0 or 1), a PFX with version 3; an encrypted PKCS#8 is an algorithm and an
    octet string. A certificate, a CSR and PKCS#7 begin with none of these.
    """
    inner = content[_header(content) :]
    if inner.startswith((b"\x02\x01\x00", b"\x02\x01\x01")):
        raise ReplyRefused("private_key")
    if inner.startswith(b"\x02\x01\x03"):
        raise ReplyRefused("keystore")
    end = _end_of(inner) if inner[:1] == b"\x30" else None
    if end is not None and inner[_header(inner) :].startswith(b"\x06") and inner[end : end + 1] in (b"\x04", b""):
        raise ReplyRefused("private_key")


def _header(content: bytes) -> int:
    """The bytes of tag and length."""
    length = content[1] if len(content) > 1 else 0
    return 2 + (length & 0x7F if length > 0x80 else 0)


def _end_of(content: bytes) -> int | None:
    """The length of the first value with its header; None if it is of indefinite length (BER) or no value."""
    if len(content) < 2 or content[1] == 0x80 or content[1] > 0x84:
        return None
    header = _header(content)
    if header == 2:
        return 2 + content[1]
    return header + int.from_bytes(content[2:header], "big") if len(content) >= header else None


# Text

#: What mail programs and web pages put among the characters.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00]")
_SPACE = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_QUOTE = re.compile(r"^[ >|]+", re.MULTILINE)
_KEY_MARK = re.compile(r"BEGIN[A-Z0-9]{0,20}PRIVATEKEY|PuTTYUserKeyFile|\"d\":\"")
#: The dashes before it are not part of the match: a search for runs of dashes would be slow on a text of dashes.
_MARK = re.compile(
    r"(?<=[- \n])(BEGIN|END)[ \n]{1,3}((?:[A-Z0-9#]{1,12}[ \n]{1,3}){0,4}[A-Z0-9#]{1,12})[ \n]{0,3}-{1,10}"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_LABELS = ("CERTIFICATE", "PKCS7", "PKCS #7", "CMS")
#: How base64 of a sequence begins a line, unlike a word or a name.
_START = re.compile(r"M[A-P][A-Za-z0-9+/]{14}")


def _text_of(part: bytes) -> str:
    is_wide = part.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = part.decode("utf-16" if is_wide else "utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _DASH.sub("-", _SPACE.sub(" ", _INVISIBLE.sub("", text)))
    return _QUOTE.sub("", text).replace("=\n", "\n").replace("=3D", "=")


def _read_text(text: str) -> list[bytes]:
    if _KEY_MARK.search("".join(text.split()).replace("-", "")):
        raise ReplyRefused("private_key")
    marks = list(_MARK.finditer(text))
    if not marks:
        return _read_bare(text)
    if len(marks) > 4 * MOST_CERTIFICATES:
        raise ReplyRefused("too_many")
    found: list[bytes] = []
    unusable: list[ReplyRefused] = []
    for number, (label, body) in enumerate(_blocks(text, marks), 1):
        try:
            found += _read_block(label, body, number)
        except ReplyRefused as reason:
            unusable.append(reason)
    _raise_worst(unusable)
    if not found:
        raise ReplyRefused("no_certificate")
    return found


def _blocks(text: str, marks: Sequence[re.Match[str]]) -> Iterator[tuple[str, str | None]]:
    """Label and body of each block; the body is None if its end is missing."""
    for begin, end in zip(marks, [*marks[1:], None], strict=True):
        if begin[1] == "BEGIN":
            closed = end is not None and end[1] == "END"
            yield " ".join(begin[2].split()), text[begin.end() : end.start()] if end and closed else None


def _read_block(label: str, body: str | None, number: int) -> list[bytes]:
    if "REQUEST" in label:
        raise ReplyRefused("signing_request", number)
    if not any(name in label for name in _LABELS):
        return []  # a public key, parameters, a CRL
    if body is None:
        raise ReplyRefused("cut_off", number)
    compact = "".join(line for line in body.split("\n") if ":" not in line)
    compact = "".join(compact.split()).replace("=", "").replace(">", "").strip("-")
    content = _decoded(compact) if _BASE64.fullmatch(compact) else None
    if not content or content[0] != SEQUENCE:
        raise ReplyRefused("damaged", number)
    return _read_der(content, number)


def _decoded(compact: str) -> bytes | None:
    with suppress(ValueError):
        return base64.b64decode(compact + "=" * (-len(compact) % 4))
    return None


def _read_bare(text: str) -> list[bytes]:
    """Base64 without marks, with other text around. The length that DER begins with tells where each value ends."""
    found: list[bytes] = []
    refused: list[ReplyRefused] = []
    for content, is_whole in _bare_values(text):
        try:
            found += _read_bare_value(content, is_whole, len(found) + 1)
        except ReplyRefused as reason:
            refused.append(reason)
        if len(found) + len(refused) > MOST_CERTIFICATES:
            raise ReplyRefused("too_many")
    _raise_worst(refused)
    if not found:
        raise ReplyRefused("no_certificate")
    return found


def _read_bare_value(content: bytes, is_whole: bool, number: int) -> list[bytes]:
    _refuse_keys(content)
    if not is_whole:
        raise ReplyRefused("cut_off", number)
    return _read_der(content, number)


def _bare_values(text: str) -> Iterator[tuple[bytes, bool]]:
    """The values that begin with a line each, and whether they are whole."""
    starts, lines, at = [], [], 0
    for line in text.split("\n"):
        if _START.match(line):
            starts.append(at)
        lines.append("".join(line.split()))
        at += len(lines[-1])
    compact, done = "".join(lines), 0
    for start in starts:
        end = _bare_end(compact, start) if start >= done else None
        if end is None:
            continue
        run = _BASE64.match(compact, start, min(end, len(compact)))
        text_of_value = run[0] if run else ""
        done = start + len(text_of_value)
        is_whole = done == end
        content = _decoded(text_of_value if is_whole else text_of_value[: len(text_of_value) // 4 * 4])
        if content:
            yield content, is_whole


def _bare_end(compact: str, start: int) -> int | None:
    """Where the base64 of the DER value at `start` ends, without padding; None if no value begins there."""
    head = _decoded(compact[start : start + 8]) if _BASE64.fullmatch(compact[start : start + 8]) else None
    if not head or head[0] != SEQUENCE or len(head) < 6:
        return None
    if head[1] == 0x80:  # BER: up to the first character that is no base64
        match = _BASE64.match(compact, start)
        return match.end() if match else None
    size = _end_of(head)
    return start + -(-size * 8 // 6) if size is not None else None
