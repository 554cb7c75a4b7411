"""The public part of a key as a file, in several formats."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from vaults.keyvault.x509 import NotInOpenSSH, public_key_der, public_key_openssh, public_key_pem

Jwk = Mapping[str, str]
UNREADABLE = "the public part can't be read"


@dataclass(frozen=True, slots=True)
class PublicFormat:
    """The key in one format; `why_not`: why it can't be written so, else ""."""

    name: str
    label: str
    ending: str
    content_type: str
    content: str | bytes = b""
    why_not: str = ""


#: By name: label, ending of the file, content type, and what writes a key of this name.
FORMATS: Final[Mapping[str, tuple[str, str, str, Callable[[Jwk, str], str | bytes]]]] = {
    "pem": ("PEM", "pub.pem", "application/x-pem-file", lambda jwk, _: public_key_pem(jwk)),
    "der": ("DER", "pub.der", "application/octet-stream", lambda jwk, _: public_key_der(jwk)),
    "jwk": ("JWK", "jwk.json", "application/jwk+json", lambda jwk, _: json.dumps(dict(jwk), indent=2) + "\n"),
    "openssh": ("OpenSSH", "pub", "text/plain; charset=utf-8", lambda jwk, name: f"{public_key_openssh(jwk)} {name}\n"),
}


def public_format(wanted: str, jwk: Jwk, name: str) -> PublicFormat:
    """The key `name` in the format `wanted`, one of FORMATS."""
    label, ending, content_type, write = FORMATS[wanted]
    try:
        return PublicFormat(wanted, label, ending, content_type, write(jwk, name))
    except NotInOpenSSH:
        return PublicFormat(wanted, label, ending, content_type, why_not="there are no such keys on this curve")
    except ValueError:
        return PublicFormat(wanted, label, ending, content_type, why_not=UNREADABLE)
