"""Private keys as JSON Web Keys, both ways. RFC 7517, RFC 7518 section 6. (Imports nothing of the portal: see key_reader.)"""

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vaults.forms.certificate_reader import RSA_SIZES, Refused

CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
#: As RFC 8812 calls P-256K.
OTHER_NAMES = {"secp256k1": "P-256K"}
#: Members that say nothing about the key itself (RFC 7517, section 4, and what libraries add): they are not sent.
ABOUT = frozenset({"kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256", "ext", "iat", "nbf", "exp"})
RSA_REQUIRED, RSA_OTHER = ("n", "e", "d"), ("p", "q", "dp", "dq", "qi")
EC_REQUIRED = ("crv", "x", "y", "d")
INCONSISTENT = "The numbers of the key don't belong together: it is damaged."


def rejoined(content: bytes) -> str:
    """As base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def jwk_of(key: Any) -> dict[str, str]:
    """An RSA or EC private key with all its members."""
    if isinstance(key, rsa.RSAPrivateKey):
        private = key.private_numbers()
        numbers = {
            "n": private.public_numbers.n,
            "e": private.public_numbers.e,
            "d": private.d,
            "p": private.p,
            "q": private.q,
            "dp": private.dmp1,
            "dq": private.dmq1,
            "qi": private.iqmp,
        }
        return {"kty": "RSA"} | {name: _encoded(number) for name, number in numbers.items()}
    size = (key.curve.key_size + 7) // 8
    point, d = key.public_key().public_numbers(), key.private_numbers().private_value
    curve = next(name for name, known in CURVES.items() if known.name == key.curve.name)
    coordinates = {"x": point.x, "y": point.y, "d": d}
    return {"kty": "EC", "crv": curve} | {name: _encoded(number, size) for name, number in coordinates.items()}


def _encoded(number: int, size: int = 0) -> str:
    return rejoined(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def private_key_of(jwk: Mapping[str, Any]) -> Any:
    """The RSA or EC private key of a JWK. Raises Refused, which quotes only the names of standard members."""
    kty = str(jwk.get("kty") or "").removesuffix("-HSM")
    if kty == "RSA":
        _refuse_odd_members(jwk, RSA_REQUIRED, RSA_OTHER if any(name in jwk for name in RSA_OTHER) else ())
        return _rsa(jwk)
    if kty == "EC":
        _refuse_odd_members(jwk, EC_REQUIRED, ())
        return _ec(jwk)
    raise Refused(
        {
            "": "The member kty is missing, so this is no JWK.",
            "oct": "This is a symmetric key. Into a vault only RSA and EC keys can be imported.",
            "OKP": "The key is of the type OKP, such as Ed25519. Key Vault takes only RSA and EC keys.",
        }.get(kty, "The member kty names another type. Key Vault takes only RSA and EC keys.")
    )


def _refuse_odd_members(jwk: Mapping[str, Any], required: tuple[str, ...], further: tuple[str, ...]) -> None:
    """Raises Refused for a missing, an empty or a foreign member."""
    if "oth" in jwk:
        raise Refused("The key has more than two primes. Key Vault takes RSA keys of two primes only.")
    if "d" not in jwk and not any(name in jwk for name in further):
        raise Refused("This is a public key: the member d is missing. An import needs the private key.")
    for name in (*required, *further):
        text_member(jwk, name)
    if set(jwk) - ABOUT - {*required, *further}:
        raise Refused(
            f"It has members that a JWK of this type does not have. Besides kty, leave in {', '.join((*required, *further))}."
        )


def text_member(jwk: Mapping[str, Any], name: str) -> str:
    """Raises Refused unless it is a text that is not empty."""
    if name not in jwk:
        raise Refused(f"The member {name} is missing.")
    if not isinstance(jwk[name], str):
        raise Refused(f"The member {name} is no text.")
    if not jwk[name]:
        raise Refused(f"The member {name} is empty.")
    return str(jwk[name])


def _number(jwk: Mapping[str, Any], name: str) -> int:
    text = jwk[name].rstrip("=")
    with suppress(ValueError):
        if re.fullmatch(r"[A-Za-z0-9_-]+", text):
            return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    raise Refused(f"The member {name} is not base64url.")


def _rsa(jwk: Mapping[str, Any]) -> rsa.RSAPrivateKey:
    n, e, d = (_number(jwk, name) for name in RSA_REQUIRED)
    if n.bit_length() not in RSA_SIZES:
        raise Refused(
            f"The key is RSA with {n.bit_length()} bits. Key Vault takes RSA keys of 2048, 3072 and 4096 bits."
        )
    if not (2 < e < n and 2 < d < n):
        raise Refused(INCONSISTENT)
    try:
        if "p" in jwk:
            p, q, dp, dq, qi = (_number(jwk, name) for name in RSA_OTHER)
            if p * q != n:
                raise Refused("n is not p times q: the members of the key don't belong together.")
        else:
            p, q = rsa.rsa_recover_prime_factors(n, e, d)
            dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n)).private_key()
    except (ValueError, OverflowError, ZeroDivisionError):
        raise Refused(INCONSISTENT) from None


def _ec(jwk: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    name = OTHER_NAMES.get(jwk["crv"], jwk["crv"])
    if name not in CURVES:
        quoted = f" {name}" if re.fullmatch(r"[A-Za-z0-9-]{1,20}", name) else " another one"
        raise Refused(f"The key's curve is{quoted}. Key Vault takes EC keys on P-256, P-384, P-521 and P-256K.")
    x, y, d = (_number(jwk, member) for member in ("x", "y", "d"))
    try:
        return ec.EllipticCurvePrivateNumbers(d, ec.EllipticCurvePublicNumbers(x, y, CURVES[name])).private_key()
    except (ValueError, OverflowError):
        raise Refused("x, y and d don't belong together, or are not on the curve: the key is damaged.") from None
