"""A revealed value as a page shows it: what is in it, and what nobody would see or a copy would lose."""

import base64
import binascii
import json
import re
from typing import Any

from vaults.keyvault.types import Secret
from vaults.templatetags.kvportal import UNSEEN

BOM = "\ufeff"
#: Blanks that look like a space and are none, and the hyphen that is not seen.
LOOKALIKES = re.compile("[\xa0\xad\u2000-\u200a\u202f\u205f\u3000]")


def shown(secret: Secret) -> dict[str, Any]:
    """The value, its size in bytes, hints at what is not seen in it, and whether it is binary.

    `exact` is the value as JSON, for scripts, where the page can't hold it as it is: HTML has no NUL.
    """
    value = secret.value
    return {
        "value": value,
        "exact": json.dumps(value) if "\0" in value else "",
        "version": secret.properties.version,
        "size": len(value.encode()),
        "hints": hints(value),
        "is_binary": is_binary(secret),
    }


def hints(value: str) -> list[str]:
    """What is in a value without being seen, and breaks a comparison, a shell script or a sign-in. (As values.js does.)"""
    if not value:
        return ["empty"]
    text = value.removeprefix(BOM)
    found = []
    if nuls := text.count("\0"):
        found.append(f"{nuls} NUL character{'s' if nuls > 1 else ''}, shown as ⟨NUL⟩; a copy may end there")
    if text != value:
        found.append("starts with a byte order mark (BOM)")
    if unseen := unseen_characters(text):
        found.append(f"unseen characters: {unseen}")
    if "\r" in text:
        found.append(f"line ends are {line_ends(text)}")
    if text != text.lstrip():
        found.append("starts with blank space")
    if text.endswith(("\n", "\r")):
        found.append("ends in a line end")
    elif text != text.rstrip():
        found.append("ends in blank space")
    return found


def unseen_characters(text: str) -> str:
    """The first few characters that nobody sees, other than NUL, blanks and line ends: "U+200B, U+00A0"."""
    marks = {*UNSEEN.findall(text), *LOOKALIKES.findall(text)} - {"\0"}
    names = [f"U+{ord(mark):04X}" for mark in sorted(marks, key=text.index)]
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def line_ends(value: str) -> str:
    windows = value.count("\r\n")
    kinds = [
        name
        for name, count in (
            ("CRLF", windows),
            ("LF", value.count("\n") - windows),
            ("CR", value.count("\r") - windows),
        )
        if count
    ]
    return " and ".join(kinds)


def is_binary(secret: Secret) -> bool:
    """A PFX travels as base64 text."""
    if secret.properties.content_type != "application/x-pkcs12":
        return False
    try:
        return bool(base64.b64decode(secret.value, validate=True))
    except (binascii.Error, ValueError):
        return False
