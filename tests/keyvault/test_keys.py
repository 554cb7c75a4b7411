"""Keys: the requests that are sent, and the parsing of the responses."""

from __future__ import annotations

from typing import Any

from tests.azure.fake import VAULT, VERSION, FakeAzure, body
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import Key

KID = f"{VAULT}/keys/CreateSoftKeyTest/{VERSION}"


def key_bundle(**more: Any) -> dict[str, Any]:
    jwk = {"kid": KID, "kty": "RSA", "key_ops": ["sign"], "n": "AQAB", "e": "AQAB", "d": "never"}
    return {"key": jwk, "attributes": {"enabled": True, "exportable": False}, "tags": {"a": "b"}, **more}


def test_create_sends_only_what_was_filled_in(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, key_bundle())
    operations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]

    made = client.keys.create(
        "CreateSoftKeyTest",
        kty="RSA",
        key_size=2048,
        key_ops=operations,
        tags={"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
    )

    request = azure.vault_requests[0]
    assert (request.method, request.url) == ("POST", f"{VAULT}/keys/CreateSoftKeyTest/create?api-version=7.0")
    assert body(request) == {
        "kty": "RSA",
        "key_size": 2048,
        "key_ops": operations,
        "tags": {"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
    }
    assert (made.properties.id, made.properties.name, made.properties.version) == (
        KID,
        "CreateSoftKeyTest",
        VERSION,
    )


def test_an_import_sends_the_key_and_what_was_filled_in(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, key_bundle())
    jwk = {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "d": "AQ"}
    made = client.keys.import_key("CreateSoftKeyTest", jwk, hsm=False)
    request = azure.vault_requests[0]
    assert (request.method, request.url) == ("PUT", f"{VAULT}/keys/CreateSoftKeyTest?api-version=7.0")
    assert body(request) == {"key": jwk, "Hsm": False}
    assert (made.properties.version, "d" in made.jwk) == (VERSION, False)

    azure.answer(200, key_bundle())
    transfer = {"kty": "RSA-HSM", "key_hsm": "AAAA"}
    client.keys.import_key("k", transfer, hsm=True, key_ops=["sign"], enabled=False, exportable=True, tags={"a": "b"})
    assert body(azure.vault_requests[1]) == {
        "key": {**transfer, "key_ops": ["sign"]},
        "Hsm": True,
        "attributes": {"enabled": False, "exportable": True},
        "tags": {"a": "b"},
    }


def test_private_parts_are_left_behind(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, key_bundle(managed=True))
    key = client.keys.get("CreateSoftKeyTest")
    assert isinstance(key, Key)
    assert (key.key_type, key.key_ops) == ("RSA", ("sign",))
    assert key.jwk == {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    assert (key.properties.managed, key.properties.exportable) == (True, False)


def test_a_curve_and_no_operations(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"key": {"kid": KID, "kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}})
    key = client.keys.create("CreateSoftKeyTest", kty="EC", crv="P-256", key_ops=[])
    assert body(azure.vault_requests[0]) == {"kty": "EC", "crv": "P-256", "key_ops": []}
    assert (key.key_ops, key.jwk["crv"]) == ((), "P-256")


def test_update_changes_operations_and_attributes(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, key_bundle())
    client.keys.update("CreateSoftKeyTest", VERSION, key_ops=("verify",), enabled=True, tags={})
    request = azure.vault_requests[0]
    assert (request.method, request.path_url) == (
        "PATCH",
        f"/keys/CreateSoftKeyTest/{VERSION}?api-version=7.0",
    )
    assert body(request) == {"key_ops": ["verify"], "attributes": {"enabled": True}, "tags": {}}


def test_a_list_item_has_its_id_in_kid(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"value": [{"kid": f"{VAULT}/keys/one", "attributes": {}, "managed": True}]})
    (item,) = client.keys.list()
    assert (item.name, item.version, item.managed) == ("one", "", True)


def test_deleted_keys(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, key_bundle(recoveryId=f"{VAULT}/deletedkeys/CreateSoftKeyTest", deletedDate=1))
    azure.answer(200, {"value": [{"kid": f"{VAULT}/keys/one", "recoveryId": f"{VAULT}/deletedkeys/one"}]})
    azure.answer(200, key_bundle())
    azure.answer(204, text="")
    assert client.keys.delete("CreateSoftKeyTest").properties.version == VERSION
    assert [deleted.properties.name for deleted in client.keys.list_deleted()] == ["one"]
    assert client.keys.recover("CreateSoftKeyTest").name == "CreateSoftKeyTest"
    client.keys.purge("CreateSoftKeyTest")
    assert azure.vault_requests[-1].path_url == "/deletedkeys/CreateSoftKeyTest?api-version=7.0"
