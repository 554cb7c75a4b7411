"""Bytes in the notations that people type."""

import base64
import re

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

TEXT, HEX, BASE64, FILE, DIGEST_HEX, DIGEST_BASE64 = "text", "hex", "base64", "file", "digest-hex", "digest-base64"
_BETWEEN = re.compile(r"[\s:]+")


@sensitive_variables()
def bytes_of(text: str, notation: str) -> bytes:
    """The bytes that a text stands for. Hex may have blanks and colons, base64 either alphabet. Raises ValidationError."""
    if notation == TEXT:
        return text.replace("\r\n", "\n").encode()  # a browser sends every line end as CRLF
    if notation in (HEX, DIGEST_HEX):
        try:
            return bytes.fromhex(_BETWEEN.sub("", text))
        except ValueError:
            raise ValidationError("This is no hex: use pairs of the digits 0 to 9 and a to f.") from None
    plain = re.sub(r"\s+", "", text).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise ValidationError("This is no base64, nor base64url: a sign is wrong, or the end is missing.") from None


@sensitive_variables("content")
def of_length(content: bytes, length: int | None, what: str) -> bytes:
    """The content, if it has the length; None is any. Raises ValidationError."""
    if length is not None and len(content) != length:
        raise ValidationError(f"{what} has {length} bytes; this has {len(content):,}.")
    return content
