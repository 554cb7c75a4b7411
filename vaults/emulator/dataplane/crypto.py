"""Operations with keys. Source: Key Vault REST, encrypt, decrypt, wrapKey, unwrapKey, sign, verify.

Keys and results are real. Algorithms of AES keys: `symmetric`.
"""

import hmac
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from vaults.emulator.dataplane import symmetric
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.keys import AES
from vaults.emulator.state import keymaterial
from vaults.emulator.state.entries import Entry, Version
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import VaultError, bad_parameter, disabled
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import KEY

AFTER_HOURS = ("decrypt", "unwrapKey", "verify", "release")  # operations that are allowed outside the dates of a key
HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
EC_ALGORITHMS = {"ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521"}
PKCS1_PADDING = 11  # bytes, RFC 8017 9.2
RSA_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "RSNULL")


def encrypt(call: Call) -> Response:
    return _seal(call, "encrypt")


def wrap_key(call: Call) -> Response:
    return _seal(call, "wrapKey")


def decrypt(call: Call) -> Response:
    return _open(call, "decrypt")


def unwrap_key(call: Call) -> Response:
    return _open(call, "unwrapKey")


def sign(call: Call) -> Response:
    """Sign a digest; its length is determined by the algorithm."""
    algorithm = read_algorithm(call)
    entry, version, key = _any_key(call, "sign")
    digest = read_bytes(call, "value")
    _check_digest(algorithm, digest, key)
    if isinstance(key, bytes):
        signature = symmetric.mac(key, algorithm, digest)
    elif isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(digest, *_rsa_signature(algorithm))
    else:
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(_prehashed(algorithm))))
        size = (key.curve.key_size + 7) // 8
        signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return json_response(200, {"kid": _kid(call, entry, version), "value": jwt.encode(signature)})


def verify(call: Call) -> Response:
    """Verify a signature: an invalid one is no error."""
    algorithm = read_algorithm(call)
    _, _, key = _any_key(call, "verify")
    digest, signature = read_bytes(call, "digest"), read_bytes(call, "value")
    _check_digest(algorithm, digest, key)
    if isinstance(key, bytes):
        matches = hmac.compare_digest(symmetric.mac(key, algorithm, digest), signature)
        return json_response(200, {"value": matches})
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(signature, digest, *_rsa_signature(algorithm))
        else:
            half = len(signature) // 2
            parts = (int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
            key.public_key().verify(utils.encode_dss_signature(*parts), digest, ec.ECDSA(_prehashed(algorithm)))
    except InvalidSignature:
        return json_response(200, {"value": False})
    return json_response(200, {"value": True})


def usable_key(call: Call, operation: str) -> tuple[Entry, Version, keymaterial.PrivateKey]:
    """The key pair, like `usable_version`. Raises the vault's 400 for an AES key."""
    entry, version, key = _any_key(call, operation)
    if isinstance(key, bytes):
        raise _incompatible(read_algorithm(call))
    return entry, version, key


def _any_key(call: Call, operation: str) -> tuple[Entry, Version, keymaterial.PrivateKey | bytes]:
    entry, version = usable_version(call, operation)
    return entry, version, version.material if version.data["kty"] == AES else keymaterial.load(version.material)


def usable_version(call: Call, operation: str) -> tuple[Entry, Version]:
    """The version of the key, if it is enabled, within its dates and has the operation. Raises the vault's 403 or 404."""
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name, call.version)
        version = table.version(entry, call.version)
    if not version.enabled:
        raise disabled(KEY, operation)
    if operation not in AFTER_HOURS:
        if version.expires_on is not None and version.expires_on <= call.now:
            raise _outside_dates(operation, "an expired key", "KeyExpired")
        if version.not_before is not None and version.not_before > call.now:
            raise _outside_dates(operation, "a not yet valid key", "KeyNotYetValid")
    if operation != "release" and operation not in version.data["key_ops"]:
        message = f"Operation {operation} is not permitted on this key."
        raise VaultError(403, "Forbidden", message, "KeyOperationForbidden")
    return entry, version


def read_bytes(call: Call, member: str) -> bytes:
    """A base64url member of the body."""
    text = rules.text(call.body, member)
    try:
        if text is None:
            raise ValueError(member)
        return jwt.decode(text)
    except ValueError:
        raise rules.invalid_property(member) from None


def read_algorithm(call: Call) -> str:
    algorithm = rules.text(call.body, "alg")
    if not algorithm:
        raise rules.invalid_property("alg")
    return algorithm


def rsa_encryption(algorithm: str, key: keymaterial.PrivateKey) -> tuple[rsa.RSAPrivateKey, padding.AsymmetricPadding]:
    """The RSA key and the padding of an encryption algorithm. Raises the vault's 400."""
    known: dict[str, padding.AsymmetricPadding] = {
        "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
        "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 - RFC 7518 says so
        "RSA1_5": padding.PKCS1v15(),
    }
    chosen = known.get(algorithm)
    if chosen is None or not isinstance(key, rsa.RSAPrivateKey):
        raise _incompatible(algorithm)
    return key, chosen


def _seal(call: Call, operation: str) -> Response:
    """Encrypt or wrap."""
    entry, version, key = _any_key(call, operation)
    plain, algorithm = read_bytes(call, "value"), read_algorithm(call)
    if isinstance(key, bytes):
        if not symmetric.fits(key, algorithm, operation):
            raise _incompatible(algorithm)
        return _answer_of_aes(call, entry, version, lambda: symmetric.seal(key, algorithm, plain, _parameters(call)))
    pair, scheme = rsa_encryption(algorithm, key)
    return _answer(call, entry, version, lambda: pair.public_key().encrypt(plain, scheme))


def _open(call: Call, operation: str) -> Response:
    """Decrypt or unwrap."""
    entry, version, key = _any_key(call, operation)
    cipher, algorithm = read_bytes(call, "value"), read_algorithm(call)
    if isinstance(key, bytes):
        if not symmetric.fits(key, algorithm, operation):
            raise _incompatible(algorithm)
        return _answer_of_aes(call, entry, version, lambda: symmetric.unseal(key, algorithm, cipher, _parameters(call)))
    pair, scheme = rsa_encryption(algorithm, key)
    return _answer(call, entry, version, lambda: pair.decrypt(cipher, scheme))


def _answer(call: Call, entry: Entry, version: Version, work: Callable[[], bytes]) -> Response:
    try:
        result = work()
    except ValueError:
        raise bad_parameter("The parameter is incorrect.\r\n") from None
    return json_response(200, {"kid": _kid(call, entry, version), "value": jwt.encode(result)})


def _parameters(call: Call) -> dict[str, bytes]:
    return {name: read_bytes(call, name) for name in ("iv", "aad", "tag") if rules.text(call.body, name)}


def _answer_of_aes(call: Call, entry: Entry, version: Version, work: Callable[[], dict[str, bytes]]) -> Response:
    """As recorded, with the algorithm, and the members that the algorithm has."""
    try:
        made = work()
    except (ValueError, InvalidTag, InvalidUnwrap):
        raise bad_parameter("The parameter is incorrect.\r\n") from None
    members = {name: jwt.encode(value) for name, value in made.items()}
    return json_response(200, {"alg": read_algorithm(call), "kid": _kid(call, entry, version), **members})


def _incompatible(algorithm: str) -> VaultError:
    return bad_parameter(f"Key and encryption algorithm are incompatible. The algorithm is '{algorithm}'.")


def _kid(call: Call, entry: Entry, version: Version) -> str:
    return call.url("keys", entry.name, version.version)


def _outside_dates(operation: str, what: str, inner: str) -> VaultError:
    return VaultError(403, "Forbidden", f"Operation {operation} is not allowed on {what}.", inner)


def _check_digest(algorithm: str, digest: bytes, key: keymaterial.PrivateKey | bytes) -> None:
    """Raise the vault's 400 unless algorithm, key and length of the digest match."""
    if isinstance(key, rsa.RSAPrivateKey):
        fits = algorithm in RSA_SIGNATURES
    elif isinstance(key, bytes):
        fits = algorithm in symmetric.MACS
    else:
        fits = EC_ALGORITHMS.get(algorithm) == keymaterial.curve_name(key)
    if not fits:
        raise bad_parameter(f"Key and signing algorithm are incompatible. The signing algorithm is '{algorithm}'.")
    if isinstance(key, rsa.RSAPrivateKey) and algorithm == "RSNULL":
        most = key.key_size // 8 - PKCS1_PADDING
        if len(digest) > most:
            raise bad_parameter(f"Invalid length of 'value': {len(digest)} bytes. RSNULL takes at most {most} bytes.")
        return
    expected = _hash(algorithm).digest_size
    if len(digest) != expected:
        raise bad_parameter(
            f"Invalid length of 'value': {len(digest)} bytes. {algorithm} requires {expected} bytes, encoded "
            "with base64url."
        )


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    return HASHES[algorithm[2:5]]


def _prehashed(algorithm: str) -> utils.Prehashed:
    return utils.Prehashed(_hash(algorithm))


def _rsa_signature(algorithm: str) -> tuple[padding.AsymmetricPadding, Any]:
    if algorithm == "RSNULL":
        return padding.PKCS1v15(), utils.NoDigestInfo()
    if algorithm.startswith("PS"):
        digest = _hash(algorithm)
        return padding.PSS(padding.MGF1(digest), digest.digest_size), _prehashed(algorithm)
    return padding.PKCS1v15(), _prehashed(algorithm)
