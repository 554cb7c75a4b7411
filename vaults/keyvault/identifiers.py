"""Names and identifiers of Key Vault objects: checks and parsing.

Key Vault REST: About keys, secrets and certificates, "Object identifiers".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from vaults.azure.errors import InvalidIdentifier
from vaults.azure.pasted import strip_invisible

COLLECTIONS = frozenset(
    f"{deleted}{kind}" for deleted in ("", "deleted") for kind in ("secrets", "keys", "certificates")
)
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
#: A version as accepted in a response: shown as it is, but used in a request only if it is a real version (`paths`).
_VERSION = re.compile(r"[0-9a-zA-Z]{1,64}")


@dataclass(frozen=True, slots=True)
class Identifier:
    """The parts of an identifier. `suffix` is "pending" or "policy" if a certificate's id ends so, else ""."""

    host: str
    collection: str
    name: str
    version: str = ""
    suffix: str = ""


def check_name(name: str) -> str:
    """The name, if it is safe in a path: a slash or a dot could lead to another path. Raises InvalidIdentifier."""
    if not _NAME.fullmatch(name):
        raise InvalidIdentifier("A name has 1 to 127 letters, digits and hyphens.")
    return name


def parse(url: str) -> Identifier:
    """Parse `https://host[:port]/collection/name[/version | /pending | /policy]`.

    Raises InvalidIdentifier for anything else. It does not check that the cloud allows the host.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidIdentifier("This is not an identifier of Key Vault.") from None
    collection, *names = parts.path.strip("/").split("/")
    if parts.scheme != "https" or "@" in parts.netloc or collection not in COLLECTIONS or len(names) > 2:
        raise InvalidIdentifier("This is not an identifier of Key Vault.")
    name, tail = (*names, "", "")[:2]
    suffix = tail if collection == "certificates" and tail in ("pending", "policy") else ""
    if tail and not _VERSION.fullmatch(tail):
        raise InvalidIdentifier("A version has letters and digits only.")
    return Identifier(parts.netloc.lower(), collection, check_name(name), "" if suffix else tail, suffix)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(name: str) -> str:
    """The name of an item without case. Key Vault's names are ASCII; other letters stay, so that each database folds alike."""
    return name.translate(_LOWER)


_THUMBPRINT = re.compile(r"(?:[0-9a-fA-F]{2}[:\s-]?){20}")


def thumbprint_in(text: str) -> str:
    """The SHA-1 thumbprint that this text is, in upper-case hex; "" if it is none. Tools write it with colons or blanks too."""
    text = strip_invisible(text[:200]).strip()
    return re.sub(r"[:\s-]", "", text).upper() if _THUMBPRINT.fullmatch(text) else ""
