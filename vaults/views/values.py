"""A revealed value as a page shows it: what is in it, and what would get lost in a copy."""

import base64
import binascii
from typing import Any

from vaults.keyvault.types import Secret


def shown(secret: Secret) -> dict[str, Any]:
    """The value and facts about it: its size in bytes, its line ends, blanks at its end, and whether it is binary."""
    value = secret.value
    return {
        "value": value,
        "version": secret.properties.version,
        "content_type": secret.properties.content_type or "",
        "size": len(value.encode("utf-8", "surrogatepass")),
        "line_ends": line_ends(value),
        "trailing_whitespace": value != value.rstrip(),
        "is_binary": is_binary(secret),
    }


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
