"""An operation with a key as curl, as Python and as openssl. Inputs and results stand in files or as placeholders.

azure-keyvault-keys: CryptographyClient. cryptography: asymmetric RSA, EC. openssl-pkeyutl(1), openssl-dgst(1).
"""

import json
import shlex
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from vaults.keyvault.aes import MACS, mode_of, parts_of
from vaults.keyvault.algorithms import SIGNING, KeyOperation, hash_of
from vaults.models import Vault
from vaults.web.copy_as import Reference

#: By operation: the algorithm's class, the method, its arguments, and the result's attribute.
_SDK: Final = {
    KeyOperation.ENCRYPT: ("EncryptionAlgorithm", "encrypt", "content", "ciphertext"),
    KeyOperation.DECRYPT: ("EncryptionAlgorithm", "decrypt", "content", "plaintext"),
    KeyOperation.WRAP: ("KeyWrapAlgorithm", "wrap_key", "content", "encrypted_key"),
    KeyOperation.UNWRAP: ("KeyWrapAlgorithm", "unwrap_key", "content", "key"),
    KeyOperation.SIGN: ("SignatureAlgorithm", "sign", "digest", "signature"),
    KeyOperation.VERIFY: ("SignatureAlgorithm", "verify", "digest, signature", "is_valid"),
}
#: What comes with an AES ciphertext, as the package calls it.
_SDK_PARTS: Final = {"iv": "iv", "tag": "authentication_tag"}
#: What encrypts, and what verifies, needs the public key only.
_PUBLIC: Final = {KeyOperation.ENCRYPT, KeyOperation.WRAP, *SIGNING}
_AUTHORITIES: Final = {"china": "AZURE_CHINA", "usgov": "AZURE_GOVERNMENT"}
_INPUT, _OUTPUT, _SIGNATURE = "input.bin", "output.bin", "signature.bin"


def samples(vault: Vault, name: str, version: str, operation: KeyOperation, algorithm: str) -> Sequence[Reference]:
    """The same by other means. Without a version, with whichever is current."""
    parts = [f"https://{vault.host}", "keys", quote(name, safe=""), *([quote(version, safe="")] if version else [])]
    key_id, file = "/".join(parts), f"{name}.pub.pem"
    found = [
        Reference("curl", _curl(key_id, vault.connection.api_version, operation, algorithm), _note_of_curl(operation)),
        Reference(
            "Python, in Key Vault",
            _sdk(vault, key_id, operation, algorithm),
            "With the packages azure-keyvault-keys and azure-identity. What needs the public key only, it may do by itself.",
        ),
    ]
    if operation not in _PUBLIC or mode_of(algorithm) or algorithm in MACS:
        return found
    what = "verifies a signature" if operation in SIGNING else "encrypts"
    note = f"It {what} with the public key alone, which the key's page has as {file}."
    return [
        *found,
        Reference("Python, without Key Vault", _offline(file, operation, algorithm), note),
        Reference("openssl", _openssl(file, operation, algorithm), note),
    ]


def _note_of_curl(operation: KeyOperation) -> str:
    digest = " The digest is that of the content, by the algorithm's hash function." if operation in SIGNING else ""
    return f"Bytes stand as base64url without padding.{digest}"


def _curl(key_id: str, api_version: str, operation: KeyOperation, algorithm: str) -> str:
    body = {"alg": algorithm, "value": "BASE64URL"}
    if operation == KeyOperation.SIGN:
        body["value"] = "DIGEST"
    elif operation == KeyOperation.VERIFY:
        body |= {"digest": "DIGEST", "value": "SIGNATURE"}
    elif operation == KeyOperation.DECRYPT:
        body |= {part: part.upper() for part in parts_of(algorithm)}
    elif operation == KeyOperation.ENCRYPT and mode_of(algorithm).startswith("CBC"):
        body["iv"] = "IV"
    address = f"{key_id}/{operation.lower()}?api-version={api_version}"
    return (
        f"curl --request POST {shlex.quote(address)} \\\n"
        '  --header "Authorization: Bearer $TOKEN" --header "Content-Type: application/json" \\\n'
        f"  --data {shlex.quote(json.dumps(body))}"
    )


def _sdk(vault: Vault, key_id: str, operation: KeyOperation, algorithm: str) -> str:
    chosen, method, arguments, result = _SDK[operation]
    authority = _AUTHORITIES.get(vault.cloud)
    parts = parts_of(algorithm)
    if operation == KeyOperation.DECRYPT:
        arguments += "".join(f", {_SDK_PARTS[part]}={part}" for part in parts)
    elif operation == KeyOperation.ENCRYPT and mode_of(algorithm).startswith("CBC"):
        arguments += ", iv=os.urandom(16)"
    credential = f"DefaultAzureCredential({f'authority=AzureAuthorityHosts.{authority}' if authority else ''})"
    return "\n".join(
        [
            *(["import hashlib"] if operation in SIGNING else []),
            *(["import os"] if "os.urandom" in arguments else []),
            "from pathlib import Path",
            "",
            f"from azure.identity import {'AzureAuthorityHosts, ' if authority else ''}DefaultAzureCredential",
            f"from azure.keyvault.keys.crypto import CryptographyClient, {chosen}",
            "",
            f'content = Path("{_INPUT}").read_bytes()',
            *([f"digest = hashlib.{hash_of(algorithm)}(content).digest()"] if operation in SIGNING else []),
            *([f'signature = Path("{_SIGNATURE}").read_bytes()'] if operation == KeyOperation.VERIFY else []),
            *(
                [f'{part} = Path("{part}.bin").read_bytes()' for part in parts]
                if operation == KeyOperation.DECRYPT
                else []
            ),
            f"client = CryptographyClient({json.dumps(key_id)}, {credential})",
            f'result = client.{method}({chosen}("{algorithm}"), {arguments})',
            f"print(result.{result})"
            if operation == KeyOperation.VERIFY
            else f'Path("{_SIGNATURE if operation == KeyOperation.SIGN else _OUTPUT}").write_bytes(result.{result})',
            *(
                [f'Path("{part}.bin").write_bytes(result.{_SDK_PARTS[part]})' for part in parts]
                if operation == KeyOperation.ENCRYPT
                else []
            ),
        ]
    )


def _offline(file: str, operation: KeyOperation, algorithm: str) -> str:
    by_curve = algorithm.startswith("ES")
    used = "ec, utils" if by_curve else "padding"
    return "\n".join(
        [
            "from pathlib import Path",
            "",
            "from cryptography.hazmat.primitives import hashes, serialization",
            f"from cryptography.hazmat.primitives.asymmetric import {used}",
            "",
            f"key = serialization.load_pem_public_key(Path({json.dumps(file)}).read_bytes())",
            f'content = Path("{_INPUT}").read_bytes()',
            *(_verified(algorithm) if operation in SIGNING else _encrypted(algorithm)),
        ]
    )


def _encrypted(algorithm: str) -> Sequence[str]:
    function = "SHA256" if algorithm == "RSA-OAEP-256" else "SHA1"
    scheme = f"padding.OAEP(padding.MGF1(hashes.{function}()), hashes.{function}(), None)"
    return [f'Path("{_OUTPUT}").write_bytes(key.encrypt(content, {_PKCS1 if algorithm == "RSA1_5" else scheme}))']


_PKCS1: Final = "padding.PKCS1v15()"


def _verified(algorithm: str) -> Sequence[str]:
    function = f"hashes.{hash_of(algorithm).upper()}()"
    read = [f'signature = Path("{_SIGNATURE}").read_bytes()']
    if algorithm.startswith("ES"):
        read += [
            "half = len(signature) // 2",
            "r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])",
            "signature = utils.encode_dss_signature(r, s)",
            f"key.verify(signature, content, ec.ECDSA({function}))  # raises InvalidSignature",
        ]
        return read
    pss = f"padding.PSS(padding.MGF1({function}), padding.PSS.DIGEST_LENGTH)"
    scheme = pss if algorithm.startswith("PS") else _PKCS1
    return [*read, f"key.verify(signature, content, {scheme}, {function})  # raises InvalidSignature"]


def _openssl(file: str, operation: KeyOperation, algorithm: str) -> str:
    key = shlex.quote(file)
    if operation in SIGNING:
        pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest "
        options = pss if algorithm.startswith("PS") else ""
        signature = "signature.der" if algorithm.startswith("ES") else _SIGNATURE
        return f"openssl dgst -{hash_of(algorithm)} {options}-verify {key} -signature {signature} {_INPUT}"
    function = "sha256" if algorithm == "RSA-OAEP-256" else "sha1"
    modes = {"RSA1_5": "-pkeyopt rsa_padding_mode:pkcs1"}
    oaep = f"-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:{function} -pkeyopt rsa_mgf1_md:{function}"
    mode = modes.get(algorithm, oaep)
    return f"openssl pkeyutl -encrypt -pubin -inkey {key} {mode} -in {_INPUT} -out {_OUTPUT}"
