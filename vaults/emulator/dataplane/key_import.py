"""Import Key. The body is a JSON Web Key with its private members (RFC 7518, section 6). Source: Key Vault REST."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from vaults.emulator.dataplane import key_transfer, keys, release_policy
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.keymaterial import CURVES, RSA_SIZES, PrivateKey, curve_name
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import bad_parameter
from vaults.emulator.wire.http import Response

INVALID = 'The property "key" must be a valid JsonWebKey object.'


def import_key(call: Call) -> Response:
    requested = call.body.get("key")
    if not isinstance(requested, dict):
        raise bad_parameter(INVALID)
    kty = str(requested.get("kty") or "")
    family = kty.removesuffix("-HSM")
    if family not in ("RSA", "EC"):
        raise bad_parameter(INVALID)
    if rules.flag(call.body, "Hsm"):
        kty = f"{family}-HSM"
    keys.check_sku(call, kty)
    try:
        key = _transferred(call, requested, kty) if requested.get("key_hsm") else _private_key(requested, family)
    except (ValueError, TypeError, KeyError, InvalidUnwrap, RecursionError):
        raise bad_parameter(INVALID) from None
    data: dict[str, Any] = {"kty": kty, "key_ops": keys.read_key_ops(requested, family), "imported": True}
    curve = rules.text(requested, "crv")
    if family == "RSA" and curve is not None:
        data["crv"] = curve  # it has no meaning there, but a recorded response has it
    return keys.add_key(call, key, data | release_policy.read(call))


def _private_key(requested: dict[str, Any], family: str) -> PrivateKey:
    return _rsa(requested) if family == "RSA" else _ec(requested)


def _transferred(call: Call, requested: dict[str, Any], kty: str) -> PrivateKey:
    """The key in a key transfer blob, if it is of the type that the request names, in hardware."""
    key = key_transfer.unwrap(call, requested["key_hsm"])
    if isinstance(key, rsa.RSAPrivateKey):
        fits = kty == "RSA-HSM" and key.key_size in RSA_SIZES
    else:
        fits = kty == "EC-HSM" and requested["crv"] == curve_name(key)
    if not fits:
        raise ValueError("another key than the request names")
    return key


def _rsa(requested: dict[str, Any]) -> PrivateKey:
    n, e, d = (_number(requested, member) for member in ("n", "e", "d"))
    if requested.get("p") and requested.get("q"):
        p, q = _number(requested, "p"), _number(requested, "q")
    else:
        p, q = rsa.rsa_recover_prime_factors(n, e, d)
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(e, n),
    )
    key = numbers.private_key()
    if key.key_size not in RSA_SIZES:
        raise ValueError("not a size that vaults hold")
    return key


def _ec(requested: dict[str, Any]) -> PrivateKey:
    curve = CURVES[str(requested["crv"])]
    x, y, d = (_number(requested, member) for member in ("x", "y", "d"))
    return ec.EllipticCurvePrivateNumbers(d, ec.EllipticCurvePublicNumbers(x, y, curve)).private_key()


def _number(requested: dict[str, Any], member: str) -> int:
    """A number in a JSON Web Key. Raises KeyError, TypeError or ValueError."""
    text = requested[member]
    if not isinstance(text, str):
        raise TypeError("not a text")
    return int.from_bytes(jwt.decode(text), "big")
