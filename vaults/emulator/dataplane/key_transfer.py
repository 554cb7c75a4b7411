"""Key transfer blobs: a key that comes from another HSM, encrypted to a key exchange key of this vault.

Source: Azure Key Vault, "Bring your own key specification": JSON with `header` {kid, alg, enc} and `ciphertext`, in PKCS #11's
CKM_RSA_AES_KEY_WRAP: an AES key in RSA-OAEP with SHA-1, then the key as PKCS#8 in AES key wrap with padding (RFC 5649).
"""

import json
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from vaults.emulator.dataplane.call import Call
from vaults.emulator.state import keymaterial
from vaults.emulator.wire import jwt
from vaults.emulator.wire.kinds import KEY

MECHANISM = "CKM_RSA_AES_KEY_WRAP"


def unwrap(call: Call, blob: Any) -> keymaterial.PrivateKey:
    """The key in a blob (base64url of the JSON). Raises ValueError, TypeError, KeyError, InvalidUnwrap; VaultError for 404."""
    transfer = json.loads(jwt.decode(blob.rstrip("=")) if isinstance(blob, str) else b"")
    header = transfer["header"]
    if header["enc"] != MECHANISM:
        raise ValueError("another mechanism")
    exchange_key = _exchange_key(call, header["kid"])
    wrapped = jwt.decode(transfer["ciphertext"].rstrip("="))
    size = exchange_key.key_size // 8
    aes = exchange_key.decrypt(
        wrapped[:size],
        padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 as specified
    )
    key = serialization.load_der_private_key(keywrap.aes_key_unwrap_with_padding(aes, wrapped[size:]), None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("neither RSA nor EC")
    return key


def _exchange_key(call: Call, kid: str) -> rsa.RSAPrivateKey:
    """The RSA key in hardware whose only operation is `import`, in the same vault."""
    _, collection, name, version_id = urlsplit(kid).path.split("/")
    if collection != "keys" or not kid.startswith(call.url("keys", name, version_id)):
        raise ValueError("a key of another vault")
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        version = table.version(table.live(name, version_id), version_id)
    key = keymaterial.load(version.material)
    if version.data["key_ops"] != ["import"] or not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("no key exchange key")
    return key
