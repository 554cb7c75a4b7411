"""Names and identifiers of Key Vault objects: checks and parsing.

Key Vault REST: About keys, secrets and certificates, "Object identifiers".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from vaults.azure.errors import InvalidIdentifier
from vaults.azure.pasted import bare, strip_invisible

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


_SEPARATED = r"(?:[0-9a-fA-F]{{2}}[:\s-]?){{{0}}}"
_THUMBPRINT, _SHA256 = re.compile(_SEPARATED.format(20)), re.compile(_SEPARATED.format(32))
#: What openssl, Windows and people write before it.
_BEFORE = re.compile(
    r"(?:sha-?(?:1|256)[ -]?)?(?:(?:finger|thumb)print)?(?: \(sha-?(?:1|256)\))? ?[=:] ?", re.IGNORECASE
)
_X5T = re.compile(r"[0-9a-zA-Z_+/-]{27}=?")
_ALONE = re.compile(r"[0-9a-fA-F]{32}")


def thumbprint_in(text: str) -> str:
    """The SHA-1 thumbprint that this text is, in upper-case hex; "" if it is none. Tools write it with colons or blanks too."""
    return _hex_in(text, _THUMBPRINT)


def sha256_in(text: str) -> str:
    """The same for a SHA-256 thumbprint."""
    return _hex_in(text, _SHA256)


def _hex_in(text: str, form: re.Pattern[str]) -> str:
    text = bare(text[:200])
    text = bare(_BEFORE.sub("", text, count=1)) if _BEFORE.match(text) else text
    return re.sub(r"[:\s-]", "", text).upper() if form.fullmatch(text) else ""


def x5t_in(text: str) -> str:
    """The SHA-1 thumbprint, in upper-case hex, that this text would be as the `x5t` of Key Vault, which is base64; else "".

    A name can look like one.
    """
    text = strip_invisible(text[:200]).strip(" \t\r\n\"',;")  # it may begin or end with a "_"
    if not _X5T.fullmatch(text):
        return ""
    return base64.urlsafe_b64decode(text.rstrip("=").replace("+", "-").replace("/", "_") + "=").hex().upper()


def version_in(text: str) -> str:
    """The version that this text is, in lower case as Key Vault writes it; "" if it is none."""
    text = bare(text[:200])
    return text.lower() if _ALONE.fullmatch(text) else ""
