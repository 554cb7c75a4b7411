"""JSON Web Tokens: signing with RS256, verification of RS256 and PS256.

Source: RFC 7515 (JWS), RFC 7518 (algorithms).
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH),
}


class InvalidTokenError(ValueError):
    """Not a token, or not signed by a known key."""


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Bytes of base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from None


def sign(claims: Mapping[str, Any], key: RSAPrivateKey, key_id: str) -> str:
    """A token with these claims, signed with RS256."""
    header = {"typ": "JWT", "alg": "RS256", "x5t": key_id, "kid": key_id}
    body = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{encode(signature)}"


def verify(token: str, find_key: Callable[[dict[str, Any]], RSAPublicKey | None]) -> dict[str, Any]:
    """The claims of a token whose signature is valid. `find_key` selects the key by the token's header.

    Issuer, audience and times are not checked. Raises InvalidTokenError.
    """
    try:
        head, claims, signature = token.split(".")
        header = json.loads(decode(head))
        payload = json.loads(decode(claims))
        signed = decode(signature)
    except (ValueError, RecursionError):
        raise InvalidTokenError("The token cannot be read.") from None
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise InvalidTokenError("The token cannot be read.")
    scheme = PADDINGS.get(str(header.get("alg")))
    key = find_key(header)
    if scheme is None or key is None:
        raise InvalidTokenError("No key of ours signed the token.")
    try:
        key.verify(signed, f"{head}.{claims}".encode(), scheme, hashes.SHA256())
    except InvalidSignature:
        raise InvalidTokenError("The signature does not hold.") from None
    return payload
