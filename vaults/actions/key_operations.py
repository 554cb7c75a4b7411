"""Use a key: each function checks the permission, has the vault do it and records that it was done.

Inputs and results are in no record. Decrypting, unwrapping and releasing count as revealed values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.views.decorators.debug import sensitive_variables

from vaults.actions.reveals import VALUES_READ, keep_within_limit
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.keyvault.aes import NO_PARAMETERS, AesParameters
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.key_operations import KeyResult
from vaults.models import Vault
from vaults.permissions import Action

ACTIONS: Final = {
    KeyOperation.ENCRYPT: Action.KEY_ENCRYPT,
    KeyOperation.DECRYPT: Action.KEY_DECRYPT,
    KeyOperation.SIGN: Action.KEY_SIGN,
    KeyOperation.VERIFY: Action.KEY_VERIFY,
    KeyOperation.WRAP: Action.KEY_WRAP,
    KeyOperation.UNWRAP: Action.KEY_UNWRAP,
}


@sensitive_variables("value", "parameters", "result")
def use_key(
    actor: Actor,
    vault: Vault,
    name: str,
    version: str,
    operation: KeyOperation,
    algorithm: str,
    value: bytes,
    parameters: AesParameters = NO_PARAMETERS,
) -> KeyResult:
    """Encrypt, decrypt, wrap or unwrap `value`, or sign it: then it is a digest. Raises RevealsSpent."""
    with _using(actor, ACTIONS[operation], vault, name, version, algorithm) as doing:
        result = doing.client.cryptography.transform(operation, name, version, algorithm, value, parameters)
        doing.event.version = result.version or doing.event.version
    return result


@sensitive_variables("digest", "signature")
def verify_signature(
    actor: Actor, vault: Vault, name: str, version: str, algorithm: str, digest: bytes, signature: bytes
) -> bool:
    """True if the signature is the key's. The record does not have the answer."""
    with _using(actor, Action.KEY_VERIFY, vault, name, version, algorithm) as doing:
        return doing.client.cryptography.verify(name, version, algorithm, digest, signature)


@sensitive_variables("target", "nonce")
def release_key(
    actor: Actor, vault: Vault, name: str, version: str, target: str, encryption: str, nonce: str = ""
) -> str:
    """The JWS with the encrypted key. Raises RevealsSpent."""
    with _using(actor, Action.KEY_RELEASE, vault, name, version, encryption) as doing:
        return doing.client.cryptography.release(name, version, target, encryption, nonce)


@sensitive_variables("result")
def secure_wrap(actor: Actor, vault: Vault, name: str, version: str, algorithm: str) -> KeyResult:
    """A new key of the vault's making, wrapped."""
    with _using(actor, Action.KEY_SECURE_WRAP, vault, name, version, algorithm) as doing:
        result = doing.client.cryptography.secure_wrap(name, version, algorithm)
        doing.event.version = result.version or doing.event.version
    return result


@sensitive_variables("value", "target", "result")
def secure_unwrap(
    actor: Actor, vault: Vault, name: str, version: str, algorithm: str, value: bytes, target: str
) -> KeyResult:
    """Raises RevealsSpent."""
    with _using(actor, Action.KEY_SECURE_UNWRAP, vault, name, version, algorithm) as doing:
        result = doing.client.cryptography.secure_unwrap(name, version, algorithm, value, target)
        doing.event.version = result.version or doing.event.version
    return result


@sensitive_variables("found")
def random_bytes(actor: Actor, vault: Vault, count: int) -> bytes:
    """Raises BadRequest if the vault is no Managed HSM."""
    with act(actor, Action.RANDOM_BYTES, vault, count=count) as doing:
        found = doing.client.cryptography.random_bytes(count)
        doing.decide()  # the right may have ended while Azure was slow
    return found


@contextmanager
def _using(actor: Actor, action: Action, vault: Vault, name: str, version: str, algorithm: str) -> Iterator[Doing]:
    with act(actor, action, vault, name=name, version=version, algorithm=algorithm) as doing:
        if action in VALUES_READ:
            keep_within_limit(actor, vault)
        yield doing
        doing.decide()  # the right may have ended while Azure was slow
