"""Operations with keys. Source: Key Vault REST, encrypt, decrypt, wrapKey, unwrapKey, sign, verify.

Keys and results are real. There are only algorithms for RSA and EC, as in a vault without Managed HSM.
"""

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from vaults.emulator.dataplane.call import Call
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
    return _with_public_key(call, "encrypt")


def wrap_key(call: Call) -> Response:
    return _with_public_key(call, "wrapKey")


def decrypt(call: Call) -> Response:
    return _with_private_key(call, "decrypt")


def unwrap_key(call: Call) -> Response:
    return _with_private_key(call, "unwrapKey")


def sign(call: Call) -> Response:
    """Sign a digest; its length is determined by the algorithm."""
    algorithm = read_algorithm(call)
    entry, version, key = usable_key(call, "sign")
    digest = read_bytes(call, "value")
    _check_digest(algorithm, digest, key)
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(digest, *_rsa_signature(algorithm))
    else:
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(_prehashed(algorithm))))
        size = (key.curve.key_size + 7) // 8
        signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return json_response(200, {"kid": _kid(call, entry, version), "value": jwt.encode(signature)})


def verify(call: Call) -> Response:
    """Verify a signature: an invalid one is no error."""
    algorithm = read_algorithm(call)
    _, _, key = usable_key(call, "verify")
    digest, signature = read_bytes(call, "digest"), read_bytes(call, "value")
    _check_digest(algorithm, digest, key)
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
    """The key, if it is enabled, within its dates and has the operation. Raises the vault's 403 or 404."""
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
    return entry, version, keymaterial.load(version.material)


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
        raise bad_parameter(f"Key and encryption algorithm are incompatible. The algorithm is '{algorithm}'.")
    return key, chosen


def _with_public_key(call: Call, operation: str) -> Response:
    entry, version, key = usable_key(call, operation)
    plain = read_bytes(call, "value")
    pair, scheme = rsa_encryption(read_algorithm(call), key)
    return _answer(call, entry, version, lambda: pair.public_key().encrypt(plain, scheme))


def _with_private_key(call: Call, operation: str) -> Response:
    entry, version, key = usable_key(call, operation)
    cipher = read_bytes(call, "value")
    pair, scheme = rsa_encryption(read_algorithm(call), key)
    return _answer(call, entry, version, lambda: pair.decrypt(cipher, scheme))


def _answer(call: Call, entry: Entry, version: Version, work: Callable[[], bytes]) -> Response:
    try:
        result = work()
    except ValueError:
        raise bad_parameter("The parameter is incorrect.\r\n") from None
    return json_response(200, {"kid": _kid(call, entry, version), "value": jwt.encode(result)})


def _kid(call: Call, entry: Entry, version: Version) -> str:
    return call.url("keys", entry.name, version.version)


def _outside_dates(operation: str, what: str, inner: str) -> VaultError:
    return VaultError(403, "Forbidden", f"Operation {operation} is not allowed on {what}.", inner)


def _check_digest(algorithm: str, digest: bytes, key: keymaterial.PrivateKey) -> None:
    """Raise the vault's 400 unless algorithm, key and length of the digest match."""
    if isinstance(key, rsa.RSAPrivateKey):
        fits = algorithm in RSA_SIGNATURES
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
