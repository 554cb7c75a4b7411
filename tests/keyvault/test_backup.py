"""Backup and restore: the requests that are sent, and the parsing of the responses."""

import base64
from typing import Any

import pytest

from tests.azure.fake import VAULT, VERSION, FakeAzure, body, response
from vaults.azure.errors import BadRequest, Conflict, MalformedResponse
from vaults.azure.transport import MAX_ANSWER_BYTES
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import LARGEST_BLOB

COLLECTIONS = ["secrets", "keys", "certificates"]
BLOB = b")AzureKeyVaultSecretBackupV1.microsoft.com\xff\xfe"
TEXT = base64.urlsafe_b64encode(BLOB).decode().rstrip("=")


def items(client: VaultClient, collection: str) -> Any:
    return getattr(client, collection)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_backup_has_no_body_and_gives_the_blob(collection: str, client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"value": TEXT})
    assert items(client, collection).backup("web") == BLOB
    [request] = azure.vault_requests
    assert (request.method, request.url) == ("POST", f"{VAULT}/{collection}/web/backup?api-version=7.0")
    assert request.body is None


@pytest.mark.parametrize(
    "answer", [{}, {"value": None}, {"value": 7}, {"value": "no blob!"}, {"value": "A"}, {"value": ""}]
)
def test_an_answer_without_a_blob(answer: Any, client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, answer)
    with pytest.raises(MalformedResponse):
        client.secrets.backup("web")


def test_a_backup_may_be_larger_than_other_answers(client: VaultClient, azure: FakeAzure) -> None:
    blob = BLOB + bytes(LARGEST_BLOB - len(BLOB))
    azure.answer(200, {"value": base64.urlsafe_b64encode(blob).decode()})
    assert client.secrets.backup("web") == blob
    azure.answers.append(response(200, text=" " * (MAX_ANSWER_BYTES + 1)))
    with pytest.raises(MalformedResponse, match="larger than 4 MB"):
        client.secrets.get("web")
    azure.answers.append(response(200, text=" " * 12_000_000))
    with pytest.raises(MalformedResponse, match="larger than 10 MB"):
        client.secrets.backup("web")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_restore_names_no_item_and_gives_the_one_that_came_back(
    collection: str, client: VaultClient, azure: FakeAzure
) -> None:
    identifier = f"{VAULT}/{collection}/web/{VERSION}"
    found = {"key": {"kid": identifier, "kty": "EC"}} if collection == "keys" else {"id": identifier}
    azure.answer(200, {**found, "attributes": {"enabled": True}, "tags": {"a": "b"}})
    restored = items(client, collection).restore(BLOB)
    assert (restored.name, restored.version, restored.tags) == ("web", VERSION, {"a": "b"})
    [request] = azure.vault_requests
    assert (request.method, request.url) == ("POST", f"{VAULT}/{collection}/restore?api-version=7.0")
    assert body(request) == {"value": TEXT}


@pytest.mark.parametrize(("status", "error"), [(400, BadRequest), (409, Conflict)])
def test_a_refused_restore_quotes_nothing(
    status: int, error: type[Exception], client: VaultClient, azure: FakeAzure
) -> None:
    azure.answer(status, {"error": {"code": "Malformed backup blob", "message": f"You sent {TEXT}."}})
    with pytest.raises(error) as caught:
        client.secrets.restore(BLOB)
    assert TEXT not in repr(vars(caught.value))
    assert len(azure.vault_requests) == 1
