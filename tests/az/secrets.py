"""What az does with secrets."""

import base64
from pathlib import Path

from tests.az.cli import Az


def secrets(az: Az, vault: str) -> None:
    at = ("--vault-name", vault)
    one = (*at, "--name", "az-secret")
    ends = ("--expires", "2030-01-01T00:00:00Z")
    first = az(
        "keyvault", "secret", "set", *one, "--value", "grüße", "--description", "text/plain", "--tags", "a=b", *ends
    )
    assert (first["value"], first["contentType"], first["tags"]["a"]) == ("grüße", "text/plain", "b")
    assert first["attributes"]["expires"] == "2030-01-01T00:00:00+00:00"
    assert first["id"].startswith(f"https://{vault}.vault.localhost:")
    content = az.file("content.bin", bytes(range(256)))
    second = az("keyvault", "secret", "set", *one, "--file", content, "--encoding", "base64")
    assert base64.b64decode(second["value"]) == bytes(range(256))

    assert az("keyvault", "secret", "show", *one)["id"] == second["id"]
    assert az("keyvault", "secret", "show", "--id", first["id"])["value"] == "grüße"
    versions = az("keyvault", "secret", "list-versions", *one)
    assert {each["id"] for each in versions} == {first["id"], second["id"]}
    assert len(az("keyvault", "secret", "list", *at, "--maxresults", "3")) == 3
    assert "az-secret" in {each["name"] for each in az("keyvault", "secret", "list", *at)}
    changed = az("keyvault", "secret", "set-attributes", *one, "--tags", "file-encoding=base64", "--enabled", "false")
    assert changed["attributes"]["enabled"] is False
    assert "SecretDisabled" in az.refused("keyvault", "secret", "show", *one)
    az("keyvault", "secret", "set-attributes", *one, "--enabled", "true")
    copy = az.file("copy.bin")
    az("keyvault", "secret", "download", *one, "--file", copy)
    assert Path(copy).read_bytes() == bytes(range(256))

    blob = az.file("secret.backup")
    az("keyvault", "secret", "backup", *one, "--file", blob)
    az("keyvault", "secret", "delete", *one)
    assert az.settled("keyvault", "secret", "show-deleted", *one)["name"] == "az-secret"
    assert "az-secret" in {each["name"] for each in az("keyvault", "secret", "list-deleted", *at)}
    assert "deleted but recoverable" in az.refused("keyvault", "secret", "set", *one, "--value", "x")
    az("keyvault", "secret", "recover", *one)
    az.settled("keyvault", "secret", "delete", *one)
    az.settled("keyvault", "secret", "purge", *one)
    az.settled("keyvault", "secret", "restore", *at, "--file", blob)
    assert len(az("keyvault", "secret", "list-versions", *one)) == 2
