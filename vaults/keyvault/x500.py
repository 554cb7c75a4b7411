"""X.500 names as Azure writes them: `CN="Contoso, Ltd.", S=Texas, C=US`.

Key Vault runs on Windows, whose format differs from RFC 4514: `S` for a state, `E` for an e-mail address, quotes instead of
backslashes, ", " between the parts, `OID.` before a type without a name. Microsoft: MS-OSCO, "Subject name".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography import x509

_LABELS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "T",
    "2.5.4.13": "Description",
    "2.5.4.17": "PostalCode",
    "2.5.4.18": "POBox",
    "2.5.4.20": "Phone",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}
_ATTRIBUTE = re.compile(r'([^=]+)=(?:"((?:[^"]|"")*)"|([^,+]*))(?:, | \+ |$)')
_BACKSLASH = "\\"
_NEEDS_QUOTES = re.compile(r'[,+="\n<>#;]|^[ \t-\r]|[ \t-\r]$|^$')


def write(name: x509.Name) -> str:
    """A name as text, its parts in the reverse of their order in the certificate."""
    return ", ".join(" + ".join(_write_attribute(attribute) for attribute in part) for part in reversed(name.rdns))


def common_name(text: str) -> str:
    """The first common name of a name in this format; else the whole text."""
    for attribute in _ATTRIBUTE.finditer(text):
        label, quoted, plain = attribute.groups()
        if label == "CN":
            return plain if quoted is None else quoted.replace('""', '"')
    return text


def join(parts: Iterable[tuple[str, str]]) -> str:
    """A name as text from labels and values, for a policy.

    A backslash is quoted too: without quotes the separator after it could be taken for a part of the value.
    """
    return ", ".join(
        f"{label}={_quoted(value) if _BACKSLASH in value else _write_value(value)}" for label, value in parts
    )


def _write_attribute(attribute: x509.NameAttribute[str | bytes]) -> str:
    oid = attribute.oid.dotted_string
    return f"{_LABELS.get(oid, f'OID.{oid}')}={_write_value(attribute.value)}"


def _write_value(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"#{value.hex().upper()}"
    return _quoted(value) if _NEEDS_QUOTES.search(value) else value


def _quoted(value: str) -> str:
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
