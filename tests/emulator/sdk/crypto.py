"""A journey through every method of CryptographyClient.

The client does with the public half of a key whatever it can do alone. Without permission to get the key it asks
the vault for everything: that is how the vault's own cryptography is reached.
"""

import hashlib
import os
from typing import Any

from azure.core.rest import HttpRequest
from azure.keyvault.keys import KeyVaultKey
from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.emulator.sdk.watched import Watched

ENCRYPTION = (EncryptionAlgorithm.rsa_oaep, EncryptionAlgorithm.rsa_oaep_256, EncryptionAlgorithm.rsa1_5)
WRAPPING = (KeyWrapAlgorithm.rsa_oaep, KeyWrapAlgorithm.rsa_oaep_256, KeyWrapAlgorithm.rsa1_5)
RSA_SIGNATURES = tuple(SignatureAlgorithm(f"{kind}{size}") for kind in ("RS", "PS") for size in (256, 384, 512))
EC_SIGNATURES = {
    "P-256": SignatureAlgorithm.es256,
    "P-384": SignatureAlgorithm.es384,
    "P-521": SignatureAlgorithm.es512,
    "P-256K": SignatureAlgorithm.es256_k,
}


async def rsa(call: Watched) -> None:
    """Everything that an RSA key does."""
    for encryption in ENCRYPTION:
        cipher = (await call("encrypt", encryption, b"plain")).ciphertext
        assert (await call("decrypt", encryption, cipher)).plaintext == b"plain"
    key = os.urandom(32)
    for wrapping in WRAPPING:
        wrapped = (await call("wrap_key", wrapping, key)).encrypted_key
        assert (await call("unwrap_key", wrapping, wrapped)).key == key
    await signatures(call, *RSA_SIGNATURES)
    await call.is_refused("decrypt", EncryptionAlgorithm.rsa_oaep, b"\0" * 256, status=400)


async def signatures(call: Watched, *algorithms: SignatureAlgorithm) -> None:
    for algorithm in algorithms:
        digest = hashlib.new(f"sha{algorithm.value[2:5]}", b"text").digest()
        signature = (await call("sign", algorithm, digest)).signature
        assert (await call("verify", algorithm, digest, signature)).is_valid is True
        assert (await call("verify", algorithm, digest[::-1], signature)).is_valid is False


async def standing_alone(call: Watched, key: KeyVaultKey) -> None:
    """What needs the public half here, and what the async client has no counterpart of."""
    alone = await call("from_jwk", key.key)
    assert alone.key_id == key.id
    if hasattr(call.client, "create_rsa_private_key"):
        await _python_keys(call)
    address = f"/keys/{key.name}/{key.properties.version}?api-version={call.api_version}"
    answer: Any = await call("send_request", HttpRequest("GET", address))
    assert answer.json()["key"]["kid"] == key.id
    await call("close")


async def _python_keys(call: Watched) -> None:
    """The key as one of the cryptography library's, whose private half stays in the vault."""
    private = await call("create_rsa_private_key")
    public = await call("create_rsa_public_key")
    assert private.decrypt(public.encrypt(b"plain", padding.PKCS1v15()), padding.PKCS1v15()) == b"plain"
    signature = private.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    public.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())
