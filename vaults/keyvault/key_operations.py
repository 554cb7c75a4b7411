"""Operations with a key: encrypt, decrypt, sign, verify, wrap, unwrap, release; and random bytes. Key Vault REST: Keys.

Nothing here is changed in the vault. Inputs and results are kept out of every error, log and `repr`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vaults.azure.errors import MalformedResponse
from vaults.azure.json_values import Json
from vaults.azure.members import Members
from vaults.keyvault.aes import NO_PARAMETERS, AesParameters, parts_of
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.bundles import parsed
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.session import VaultSession

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyResult:
    """What an operation made, and the version of the key that made it ("" if the vault did not say).

    `parameters`: the IV and the tag that came with a ciphertext.
    """

    value: bytes = field(repr=False)
    version: str
    parameters: AesParameters = NO_PARAMETERS


class CryptographyClient:
    """The key operations of one vault. Each has a permission of its own name. `version`: "" is the current one."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    def transform(
        self,
        operation: KeyOperation,
        name: str,
        version: str,
        algorithm: str,
        value: bytes,
        parameters: AesParameters = NO_PARAMETERS,
    ) -> KeyResult:
        """Encrypt, decrypt, wrap or unwrap bytes, or sign a digest. Permission: the operation's name.

        (Encrypt, Decrypt, Wrap Key, Unwrap Key, Sign)
        """
        given = {"iv": parameters.iv, "tag": parameters.tag, "aad": parameters.aad}
        body = {"alg": algorithm, "value": _encoded(value)}
        body |= {member: _encoded(content) for member, content in given.items() if content}
        parts = parts_of(algorithm) if operation == KeyOperation.ENCRYPT else ()
        # Only a plaintext may be empty, and what authenticated encryption makes of an empty one.
        read = _result if operation == KeyOperation.DECRYPT or "tag" in parts else _made
        return self._send(operation, lambda data: read(data, parts), name, version, **body)

    def verify(self, name: str, version: str, algorithm: str, digest: bytes, signature: bytes) -> bool:
        """True if the signature is the key's for this digest. Permission: verify. (Verify)"""
        body = {"alg": algorithm, "digest": _encoded(digest), "value": _encoded(signature)}
        return self._send(KeyOperation.VERIFY, _verdict, name, version, **body)

    def release(self, name: str, version: str, target: str, encryption: str, nonce: str = "") -> str:
        """The key, encrypted for the environment whose attestation token is `target`, as a signed JWS. Permission: release.

        Only for exportable keys whose release policy the token meets. (Release)
        """
        body = {"target": target, "enc": encryption} | ({"nonce": nonce} if nonce else {})
        return self._send("release", _text, name, version, **body)

    def secure_wrap(self, name: str, version: str, algorithm: str) -> KeyResult:
        """A new key that the vault makes, wrapped by this one. Permission: wrapKey. (Secure Wrap Key, since 2026-04-01)"""
        return self._send("securewrapkey", _made, name, version, alg=algorithm)

    def secure_unwrap(self, name: str, version: str, algorithm: str, value: bytes, target: str) -> KeyResult:
        """Unwrap a key for the environment whose attestation token is `target`. Permission: unwrapKey.

        (Secure Unwrap Key, since 2026-04-01)
        """
        body = {"alg": algorithm, "value": _encoded(value), "target": target}
        return self._send("secureunwrapkey", _made, name, version, **body)

    def random_bytes(self, count: int) -> bytes:
        """1 to 128 random bytes. Only a Managed HSM has this; a vault answers with BadRequest. (Get Random Bytes)"""

        def all_of(data: Json) -> bytes:
            if len(found := _value(data)) != count:
                raise MalformedResponse(f'The member "value" of the answer has {len(found)} bytes, and not {count}.')
            return found

        return self._session.send(OPERATIONS["GetRandomBytes"], all_of, json={"count": count})

    def _send(self, operation: str, read: Callable[[Json], T], name: str, version: str, **body: Any) -> T:
        return self._session.send(OPERATIONS[operation], read, name=name, version=version, json=body)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _value(data: Json, member: str = "value") -> bytes:
    members = Members(data)
    found = members.data(member)
    if not isinstance(members.raw(member), str) or members.odd:
        raise MalformedResponse(f'The member "{member}" of the answer is missing, or no base64url.')
    return found


def _result(data: Json, parts: Sequence[str] = ()) -> KeyResult:
    """`parts`: what the answer must have beside the value, because without it the value could never be decrypted."""
    made_by = parsed(Members(data).text("kid"))
    made = AesParameters(**{part: _value(data, part) for part in parts})
    return KeyResult(_value(data), made_by.version if made_by else "", made)


def _made(data: Json, parts: Sequence[str] = ()) -> KeyResult:
    result = _result(data, parts)
    if not result.value:
        raise MalformedResponse('The member "value" of the answer is empty.')
    return result


def _verdict(data: Json) -> bool:
    verdict = Members(data).flag("value")
    if verdict is None:
        raise MalformedResponse('The member "value" of the answer is neither true nor false.')
    return verdict


def _text(data: Json) -> str:
    text = Members(data).text("value")
    if not text:
        raise MalformedResponse('The member "value" of the answer is missing, or no text.')
    return text
