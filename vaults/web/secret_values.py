"""A revealed value for its page, with hints at invisible characters and at what a copy would lose."""

import base64
import binascii
import json
import re
from typing import Any

from vaults.keyvault.types import Secret
from vaults.secret_comparison import line_ends
from vaults.templatetags.kvportal import UNSEEN

BOM = "\ufeff"
#: Characters that look like a space, and the invisible hyphen.
LOOKALIKES = re.compile("[\xa0\xad\u2000-\u200a\u202f\u205f\u3000]")


def shown(secret: Secret) -> dict[str, Any]:
    """Template context: the value, its size in bytes, hints at invisible characters, and whether it is binary.

    `exact`: the value as JSON, for scripts, if HTML can't hold it because of a NUL; else "".
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
    """Hints at invisible content that breaks a comparison, a shell script or a sign-in. (values.js has similar rules.)"""
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
    """The first four invisible characters, other than NUL, spaces and line ends: "U+200B, U+00A0"."""
    marks = {*UNSEEN.findall(text), *LOOKALIKES.findall(text)} - {"\0"}
    names = [f"U+{ord(mark):04X}" for mark in sorted(marks, key=text.index)]
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def is_binary(secret: Secret) -> bool:
    """True for a PFX, which Key Vault returns as base64 text."""
    if secret.properties.content_type != "application/x-pkcs12":
        return False
    try:
        return bool(base64.b64decode(secret.value, validate=True))
    except (binascii.Error, ValueError):
        return False
