"""Keys: generation, storage, and the public half of a pair as a JSON Web Key (RFC 7517). An AES key is its bytes."""

from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vaults.emulator.wire import jwt

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NewKey = Callable[[str, int, str], PrivateKey]  # key type, RSA size, EC curve

CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
RSA_SIZES = (2048, 3072, 4096)
AES_SIZES = (128, 192, 256)


def fresh_key(kty: str, size: int, curve: str) -> PrivateKey:
    """A new key: `size` is for RSA, `curve` for EC."""
    if kty == "EC":
        return ec.generate_private_key(CURVES[curve])
    return rsa.generate_private_key(65537, size)


@cache
def pooled_key(kty: str, size: int, curve: str) -> PrivateKey:
    """The same key for the same arguments: generating RSA keys would make tests slow."""
    return fresh_key(kty, size, curve)


def dump(key: PrivateKey | bytes) -> bytes:
    """A private key, or an AES key, as the store keeps it."""
    if isinstance(key, bytes):
        return key
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load(material: bytes) -> PrivateKey:
    """A key that `dump` wrote. RSA keys are not validated again: it would take 40 ms each time."""
    key = serialization.load_der_private_key(material, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("The store holds a key that is neither RSA nor EC.")
    return key


def curve_name(key: ec.EllipticCurvePrivateKey) -> str:
    return next(name for name, curve in CURVES.items() if curve.name == key.curve.name)


def public_jwk(key: PrivateKey | bytes) -> dict[str, str]:
    """The public members of a key: n and e, or crv, x and y; an AES key has none."""
    if isinstance(key, bytes):
        return {}
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"n": encode_number(public.n), "e": encode_number(public.e)}
    point = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    return {
        "crv": curve_name(key),
        "x": jwt.encode(point.x.to_bytes(size, "big")),
        "y": jwt.encode(point.y.to_bytes(size, "big")),
    }


def encode_number(number: int) -> str:
    return jwt.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
