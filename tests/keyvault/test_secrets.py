"""Secrets: the requests that are sent, and the parsing of the responses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.azure.fake import VAULT, VERSION, FakeAzure, body, secret_bundle
from vaults.azure.errors import HostileLink, InvalidIdentifier, MalformedResponse
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import SecretProperties


def test_set_sends_only_what_was_filled_in(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, secret_bundle(value="packtsecretvalue"))

    made = client.secrets.set("crpsecret", "packtsecretvalue")

    request = azure.vault_requests[0]
    assert (request.method, request.url) == ("PUT", f"{VAULT}/secrets/crpsecret?api-version=7.0")
    assert body(request) == {"value": "packtsecretvalue"}
    assert made == SecretProperties(
        id=f"{VAULT}/secrets/crpsecret/{VERSION}",
        name="crpsecret",
        version=VERSION,
        enabled=True,
        created_on=datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC),
        updated_on=datetime(2020, 9, 13, 12, 26, 41, tzinfo=UTC),
    )


def test_set_sends_all_that_was_filled_in(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, secret_bundle())

    client.secrets.set(
        "crpsecret",
        "v",
        content_type="text/plain",
        enabled=False,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        expires_on=datetime(2027, 1, 1, 0, 0, 0, 999999, tzinfo=UTC),
        tags={"a": "b"},
    )

    assert body(azure.vault_requests[0]) == {
        "value": "v",
        "contentType": "text/plain",
        "tags": {"a": "b"},
        "attributes": {"enabled": False, "nbf": 1767225600, "exp": 1798761600},
    }


def test_get_gives_the_value_and_keeps_it_out_of_the_repr(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, secret_bundle(value="hush-hush", contentType="text/plain", kid="https://k", managed=True))

    secret = client.secrets.get("crpsecret", VERSION)

    assert azure.vault_requests[0].url == f"{VAULT}/secrets/crpsecret/{VERSION}?api-version=7.0"
    assert secret.value == "hush-hush"
    assert "hush-hush" not in repr(secret) + str(secret)
    assert (secret.properties.content_type, secret.properties.managed) == ("text/plain", True)


def test_update_tells_leaving_alone_from_clearing(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, secret_bundle())
    azure.answer(200, secret_bundle())

    client.secrets.update("crpsecret", VERSION, enabled=False)
    client.secrets.update("crpsecret", VERSION, tags={}, expires_on=None)

    first, second = azure.vault_requests
    assert (first.method, first.path_url) == ("PATCH", f"/secrets/crpsecret/{VERSION}?api-version=7.0")
    assert body(first) == {"attributes": {"enabled": False}}
    assert body(second) == {"tags": {}, "attributes": {"exp": None}}


def test_a_list_goes_on_after_an_empty_page(client: VaultClient, azure: FakeAzure) -> None:
    link = f"{VAULT}:443/secrets?api-version=7.0&$skiptoken=a%2Bb/=&maxresults=25"
    azure.answer(200, {"value": [], "nextLink": link})
    azure.answer(200, {"value": [{"id": f"{VAULT}/secrets/one", "attributes": {}}], "nextLink": None})

    assert [item.name for item in client.secrets.list()] == ["one"]
    assert azure.vault_requests[1].path_url == "/secrets?api-version=7.0&$skiptoken=a%2Bb%2F%3D"


def test_versions_come_newest_first(client: VaultClient, azure: FakeAzure) -> None:
    items = [
        {"id": f"{VAULT}/secrets/one/{digit * 32}", "attributes": {"created": created}}
        for digit, created in (("a", 10), ("b", 30), ("c", 20))
    ]
    azure.answer(200, {"value": items[:2], "nextLink": f"{VAULT}/secrets/one/versions?$skiptoken=x"})
    azure.answer(200, {"value": items[2:]})

    assert [item.version[0] for item in client.secrets.versions("one")] == ["b", "c", "a"]


def test_a_link_to_another_host_is_refused(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"value": [], "nextLink": "https://evil.test/secrets?$skiptoken=x"})

    with pytest.raises(HostileLink):
        list(client.secrets.list())
    assert len(azure.vault_requests) == 1


def test_delete_list_recover_and_purge(client: VaultClient, azure: FakeAzure) -> None:
    deleted = {
        **secret_bundle(),
        "recoveryId": f"{VAULT}/deletedsecrets/crpsecret",
        "deletedDate": 1600000000,
        "scheduledPurgeDate": 1607776000,
    }
    azure.answer(200, deleted)
    azure.answer(200, deleted)
    azure.answer(200, {"value": [deleted]})
    azure.answer(200, secret_bundle())
    azure.answer(204, text="")

    gone = client.secrets.delete("crpsecret")
    assert gone.recovery_id == f"{VAULT}/deletedsecrets/crpsecret"
    assert gone.deleted_on == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert client.secrets.get_deleted("crpsecret") == gone
    assert list(client.secrets.list_deleted()) == [gone]
    assert client.secrets.recover("crpsecret").name == "crpsecret"
    client.secrets.purge("crpsecret")

    assert [(request.method, request.path_url.split("?")[0]) for request in azure.vault_requests] == [
        ("DELETE", "/secrets/crpsecret"),
        ("GET", "/deletedsecrets/crpsecret"),
        ("GET", "/deletedsecrets"),
        ("POST", "/deletedsecrets/crpsecret/recover"),
        ("DELETE", "/deletedsecrets/crpsecret"),
    ]


@pytest.mark.parametrize("name", ["", "a/b", "a.b", "..", "a b", "ü", "a?b", "a" * 128, "a\n"])
def test_a_name_that_leads_elsewhere_is_never_sent(client: VaultClient, azure: FakeAzure, name: str) -> None:
    with pytest.raises(InvalidIdentifier):
        client.secrets.get(name)
    assert azure.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        secret_bundle(),
        {"value": "x", "id": "https://evil"},
        {"value": "x", "id": 7},
        {**secret_bundle(value="x"), "value": 7},
    ],
)
def test_an_answer_of_the_wrong_shape_is_refused(client: VaultClient, azure: FakeAzure, answer: object) -> None:
    azure.answer(200, answer)
    with pytest.raises(MalformedResponse):
        client.secrets.get("crpsecret")


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ({"tags": []}, {"tags": "[]"}),
        ({"attributes": {"exp": "soon"}}, {"expires_on": '"soon"'}),
        ({"attributes": {"exp": 10**30}}, {"expires_on": str(10**30)}),
        ({"attributes": {"enabled": 1}}, {"enabled": "1"}),
        (
            {"attributes": "none"},
            dict.fromkeys(("enabled", "not_before", "expires_on", "created_on", "updated_on"), '"none"'),
        ),
        ({"id": 7}, {"id": "7"}),
        ({"id": "https://evil"}, {"id": "https://evil"}),
        (
            {"id": "https://kv-one.vault.test/secrets/other/0123"},
            {"id": "https://kv-one.vault.test/secrets/other/0123"},
        ),
        ({"id": "https://kv-one.vault.test/keys/crpsecret"}, {"id": "https://kv-one.vault.test/keys/crpsecret"}),
        ({"contentType": 5, "managed": "perhaps"}, {"content_type": "5", "managed": '"perhaps"'}),
    ],
)
def test_one_odd_member_spoils_one_field(
    client: VaultClient, azure: FakeAzure, odd: dict[str, object], kept: dict[str, str]
) -> None:
    azure.answer(200, {**secret_bundle(value="x"), **odd})
    secret = client.secrets.get("crpsecret")
    assert (secret.value, secret.properties.odd) == ("x", kept)
    assert (secret.properties.name, secret.properties.id.rpartition("/secrets/")[2][:9]) == ("crpsecret", "crpsecret")


def test_tags_that_are_no_texts_are_spelled(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {**secret_bundle(value="x"), "tags": {"a": 1, "b": None, "c": "d"}})
    assert client.secrets.get("crpsecret").properties.tags == {"a": "1", "b": "", "c": "d"}


def test_an_item_without_identity_is_counted_and_the_others_are_listed(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"value": [secret_bundle(), {"id": None}, None, "x"]})
    page = client.secrets.list_page()
    assert (len(page.items), page.nameless) == (1, 3)
    azure.answer(200, {"value": [{"id": None}, None]})
    with pytest.raises(MalformedResponse):
        client.secrets.list_page()
