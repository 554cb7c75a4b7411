"""What az does with keys. It asks for them in a preview API version."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.az.cli import Az
from vaults.emulator.state import keymaterial
from vaults.emulator.wire import jwt

PLAIN = base64.b64encode(b"plain").decode()
DIGEST = base64.b64encode(hashlib.sha256(b"message").digest()).decode()
POLICY = {
    "lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}],
    "attributes": {"expiryTime": "P2Y"},
}


def keys(az: Az, vault: str) -> None:
    at = ("--vault-name", vault)
    one = (*at, "--name", "az-key")
    first = az("keyvault", "key", "create", *one, "--kty", "RSA", "--size", "3072", "--tags", "a=b")
    assert (first["key"]["kty"], first["tags"]) == ("RSA", {"a": "b"})
    curve = az("keyvault", "key", "create", *at, "--name", "az-curve", "--kty", "EC", "--curve", "P-384")
    assert curve["key"]["crv"] == "P-384"
    hardware = az("keyvault", "key", "create", *at, "--name", "az-hardware", "--protection", "hsm")
    assert hardware["key"]["kty"] == "RSA-HSM"
    changed = az("keyvault", "key", "set-attributes", *one, "--expires", "2030-01-01T00:00:00Z")
    assert changed["attributes"]["expires"] == "2030-01-01T00:00:00+00:00"
    assert len(az("keyvault", "key", "list", *at, "--maxresults", "2")) == 2

    pem = az.file("key.pem")
    az("keyvault", "key", "download", *one, "--file", pem, "--encoding", "PEM")
    public = serialization.load_pem_public_key(Path(pem).read_bytes())
    assert isinstance(public, RSAPublicKey)
    shown = az("keyvault", "key", "show", *one)
    assert public.public_numbers().n == int.from_bytes(base64.b64decode(shown["key"]["n"]), "big")
    private = keymaterial.pooled_key("RSA", 2048, "imported by az")
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    given = az.file("private.pem", private.private_bytes(*encoding))
    imported = az("keyvault", "key", "import", *at, "--name", "az-imported", "--pem-file", given)
    assert base64.b64decode(imported["key"]["n"]) == jwt.decode(keymaterial.public_jwk(private)["n"])
    work(az, one)
    versions_and_policies(az, one)
    after_deletion(az, at, one)


def work(az: Az, one: tuple[str, ...]) -> None:
    """Encryption and signatures, there and back."""
    oaep = ("--algorithm", "RSA-OAEP-256", "--data-type", "base64")
    cipher = az("keyvault", "key", "encrypt", *one, *oaep, "--value", PLAIN)["result"]
    assert az("keyvault", "key", "decrypt", *one, *oaep, "--value", cipher)["result"] == PLAIN
    digest = ("--algorithm", "PS256", "--digest", DIGEST)
    signature = az("keyvault", "key", "sign", *one, *digest)["signature"]
    assert az("keyvault", "key", "verify", *one, *digest, "--signature", signature)["isValid"] is True
    wrong = base64.b64encode(bytes(384)).decode()
    assert az("keyvault", "key", "verify", *one, *digest, "--signature", wrong)["isValid"] is False


def versions_and_policies(az: Az, one: tuple[str, ...]) -> None:
    shown = az("keyvault", "key", "rotation-policy", "show", *one)
    assert [each["action"] for each in shown["lifetimeActions"]] == ["Notify"]
    policy = az.file("policy.json", json.dumps(POLICY))
    kept = az("keyvault", "key", "rotation-policy", "update", *one, "--value", policy)
    assert (kept["expiresIn"], kept["lifetimeActions"][0]["timeAfterCreate"]) == ("P2Y", "P90D")
    rotated = az("keyvault", "key", "rotate", *one)
    versions = {each["kid"] for each in az("keyvault", "key", "list-versions", *one)}
    assert rotated["key"]["kid"] in versions
    assert len(versions) == 2
    assert az("keyvault", "key", "get-policy-template")["version"] == "1.0.0"


def after_deletion(az: Az, at: tuple[str, ...], one: tuple[str, ...]) -> None:
    blob = az.file("key.backup")
    az("keyvault", "key", "backup", *one, "--file", blob)
    az("keyvault", "key", "delete", *one)
    az.settled("keyvault", "key", "show-deleted", *one)
    assert "az-key" in {each["name"] for each in az("keyvault", "key", "list-deleted", *at)}
    az("keyvault", "key", "recover", *one)
    az.settled("keyvault", "key", "delete", *one)
    az.settled("keyvault", "key", "purge", *one)
    az.settled("keyvault", "key", "restore", *at, "--file", blob)
    assert len(az("keyvault", "key", "list-versions", *one)) == 2
