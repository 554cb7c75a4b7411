"""Probes: verdicts from refusals, and no request that could change anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.azure.fake import FakeAzure, body
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.probes import PERMISSIONS, ProbeResult, probe, probe_all
from vaults.keyvault.session import Patience


@pytest.fixture
def client(make_client: Callable[..., VaultClient]) -> VaultClient:
    return make_client(patience=Patience(tries=1))


def refused(code: str, inner: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": "No.", "innererror": {"code": inner} if inner else None}}


@pytest.mark.parametrize(
    ("permission", "status", "answer", "verdict"),
    [
        ("secrets/list", 200, {"value": []}, "allowed"),
        ("secrets/list", 403, refused("Forbidden", "AccessDenied"), "denied"),
        ("secrets/get", 404, refused("SecretNotFound"), "allowed"),
        ("secrets/get", 404, {}, "unknown"),
        ("secrets/get", 404, refused("NotFound"), "unknown"),
        ("keys/restore", 400, {}, "unknown"),
        ("secrets/get", 403, refused("Forbidden", "ForbiddenByPolicy"), "denied"),
        ("secrets/get", 403, refused("Forbidden", "ForbiddenByRbac"), "denied"),
        ("secrets/get", 403, refused("Forbidden", "ForbiddenByFirewall"), "unknown"),
        ("secrets/get", 403, refused("Forbidden", "ForbiddenByConnection"), "unknown"),
        ("secrets/get", 401, refused("Unauthorized"), "unknown"),
        ("secrets/get", 429, refused("Throttled"), "unknown"),
        ("secrets/get", 503, {}, "unknown"),
        ("secrets/set", 404, refused("SecretNotFound"), "probably"),
        ("keys/restore", 400, refused("BadParameter"), "probably"),
        ("keys/rotate", 404, refused("KeyNotFound"), "allowed"),
        ("certificates/managecontacts", 404, refused("ContactsNotFound"), "allowed"),
        ("certificates/create", 400, refused("BadParameter"), "probably"),
    ],
)
def test_an_answer_makes_a_verdict(
    client: VaultClient, azure: FakeAzure, permission: str, status: int, answer: Any, verdict: str
) -> None:
    azure.answer(status, answer)
    result = probe(client, permission)
    assert (result.permission, result.verdict, result.status) == (permission, verdict, status)
    assert result.path == azure.vault_requests[0].path_url.split("?")[0]


def test_no_answer_is_no_verdict(client: VaultClient, azure: FakeAzure) -> None:
    azure.answers.append(requests.ConnectionError())
    assert probe(client, "secrets/get").verdict == "unknown"


@pytest.mark.parametrize("permission", ["keys/create", "keys/import", "certificates/import", "no/such"])
def test_what_could_succeed_is_not_asked(client: VaultClient, azure: FakeAzure, permission: str) -> None:
    assert probe(client, permission).verdict == "unknown"
    assert azure.requests == []


def answer_all(azure: FakeAzure) -> None:
    """An empty vault whose caller has all permissions: lists are empty, and no item exists."""

    def answer(request: requests.PreparedRequest) -> tuple[int, Any]:
        listing = request.method == "GET" and "probe-" not in str(request.url)
        return (200, {"value": []}) if listing else (404, refused("SecretNotFound"))

    azure.answer_by(answer)


def test_all_permissions_are_probed_under_fresh_names(client: VaultClient, azure: FakeAzure) -> None:
    answer_all(azure)

    results = probe_all(client)

    assert [result.permission for result in results] == list(PERMISSIONS)
    names = re.findall("probe-[0-9a-f]{32}", " ".join(str(request.url) for request in azure.vault_requests))
    assert len(names) == len(set(names)) > 20
    for request in azure.vault_requests:
        if request.method != "GET" and "probe-" not in str(request.url):
            assert body(request) == {"value": "AAAA"}
    probed = {each.permission for each in OPERATIONS.values() if each.probe}
    unknown = {result.permission for result in results if result.verdict == "unknown"}
    assert unknown == (set(PERMISSIONS) - probed) | {
        "secrets/restore",
        "keys/restore",
        "certificates/restore",
    }


def test_an_unexpected_success_stops_the_probing(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer_by(lambda _: (200, {"value": []}))

    results = probe_all(client, ["secrets/list", "secrets/delete", "secrets/get", "secrets/purge", "keys/get"])

    unexpected = [result.permission for result in results if result.unexpected]
    assert "secrets/delete" in unexpected
    assert results[-1] == ProbeResult("keys/get", "unknown", reason=results[-1].reason)
    assert "Not asked" in results[-1].reason
    assert len(azure.vault_requests) == 4
