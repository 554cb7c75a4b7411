"""Operations for confidential computing: release, attestation, secure wrap and unwrap; and random bytes.

Source: Key Vault REST, Release, Get Key Attestation (7.6), Secure Wrap/Unwrap Key (2026-04-01), Get Random Bytes. There is
no attestation service here: any text is accepted as an attestation.
"""

import json
import secrets
from typing import Any

from vaults.emulator.dataplane import crypto, keys
from vaults.emulator.dataplane.call import Call
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import bad_parameter
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import KEY

WRAPPED_KEY_BYTES = 32


def release_key(call: Call) -> Response:
    """Release: a signed object with the key, for exportable keys with a release policy."""
    _check_target(call)
    entry, version = crypto.usable_version(call, "release")
    if not version.data["exportable"]:
        raise bad_parameter("AKV.SKR.1003: The key is not exportable.")
    body = keys.bundle(call, entry, version)
    body["key"]["key_hsm"] = jwt.encode(secrets.token_bytes(256))
    claims = {
        "request": {name: call.body.get(name) for name in ("api-version", "enc", "nonce")},
        "response": {"key": body},
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    head, payload = (jwt.encode(json.dumps(part).encode()) for part in parts)
    return json_response(200, {"value": f"{head}.{payload}.{jwt.encode(secrets.token_bytes(256))}"})


def get_attestation(call: Call) -> Response:
    """Get Key Attestation: only keys in hardware have one."""
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name, call.version)
        version = table.version(entry, call.version)
    if not version.data["kty"].endswith("-HSM"):
        raise bad_parameter("Key attestation is only available for HSM-backed keys.")
    body = keys.bundle(call, entry, version)
    blob = jwt.encode(b"emulated attestation")
    body["attributes"]["attestation"] = {
        "certificatePemFile": blob,
        "privateKeyAttestation": blob,
        "publicKeyAttestation": blob,
        "version": "1.0",
    }
    return json_response(200, body)


def secure_wrap_key(call: Call) -> Response:
    """Secure Wrap Key: a new AES key, returned only in wrapped form."""
    algorithm = crypto.read_algorithm(call)
    entry, version, key = crypto.usable_key(call, "wrapKey")
    pair, scheme = crypto.rsa_encryption(algorithm, key)
    wrapped = pair.public_key().encrypt(secrets.token_bytes(WRAPPED_KEY_BYTES), scheme)
    return _operation_result(call, entry.name, version.version, algorithm, wrapped)


def secure_unwrap_key(call: Call) -> Response:
    algorithm = crypto.read_algorithm(call)
    _check_target(call)
    wrapped = crypto.read_bytes(call, "value")
    entry, version, key = crypto.usable_key(call, "unwrapKey")
    pair, scheme = crypto.rsa_encryption(algorithm, key)
    try:
        plain = pair.decrypt(wrapped, scheme)
    except ValueError:
        raise bad_parameter("The parameter is incorrect.\r\n") from None
    return _operation_result(call, entry.name, version.version, algorithm, plain)


def random_bytes(call: Call) -> Response:
    """Get Random Bytes exists for Managed HSM only; a vault has no such operation."""
    raise bad_parameter(f"Random bytes are not available from the vault {call.vault.name}: it is no Managed HSM.")


def _check_target(call: Call) -> None:
    if not rules.text(call.body, "target"):
        raise bad_parameter("AKV.SKR.1001: Target environment attestation statement cannot be verified.")


def _operation_result(call: Call, name: str, version: str, algorithm: str, value: bytes) -> Response:
    body: dict[str, Any] = {
        "kid": call.url("keys", name, version),
        "alg": algorithm,
        "value": jwt.encode(value),
    }
    return json_response(200, body)
