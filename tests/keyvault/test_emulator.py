"""The basic operations against the local Key Vault, and the requests that they send."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.keyvault.policies import POLICY, POLICY_JSON
from vaults.azure.clouds import Cloud
from vaults.azure.errors import (
    AuthenticationError,
    AzureError,
    Conflict,
    Forbidden,
    HostileLink,
    MalformedResponse,
    NotFound,
    Throttled,
    TransportError,
)
from vaults.azure.limits import Limits
from vaults.azure.parallel import gather
from vaults.azure.sign_in import ClientSecret, TokenSource
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.keyvault.client import VaultClient
from vaults.keyvault.probes import PERMISSIONS, probe_all
from vaults.keyvault.session import Patience
from vaults.keyvault.x509 import read_certificate, read_signing_request

HOST = "kv-shop-prod.vault.test"
KEY_OPS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
Connect = Callable[..., VaultClient]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator.for_tests()
    yield emulator
    emulator.close()


@pytest.fixture
def connect(emulator: Emulator) -> Connect:
    """Creates clients for one of the emulator's applications, by default the one with all permissions."""
    adapter = EmulatorAdapter(emulator)
    cloud = Cloud(
        name="local",
        label="Local",
        authority="https://login.test",
        scope="https://vault.azure.net/.default",
        vault_suffixes=("vault.test",),
        mount=lambda session: session.mount("https://", adapter),
    )

    def connect(who: Any = ADMIN, secret: str = "", **options: Any) -> VaultClient:
        tokens = TokenSource(cloud, TENANT_ID, who.client_id, ClientSecret(secret or who.client_secret))
        return VaultClient("kv-shop-prod", cloud, tokens, **{"limits": Limits(), **options})

    return connect


@pytest.fixture
def client(connect: Connect) -> VaultClient:
    return connect()


def sent(emulator: Emulator) -> list[tuple[str, str, str, Any]]:
    """Method, path, api-version and body of the requests that the vault received."""
    return [
        (request.method, request.path, request.query["api-version"], request.body)
        for request in emulator.requests
        if request.host == HOST
    ]


# The basic operations


def test_a_secret_is_set_and_deleted(client: VaultClient, emulator: Emulator) -> None:
    made = client.secrets.set("crpsecret", "packtsecretvalue")
    read = client.secrets.get("crpsecret")
    deleted = client.secrets.delete("crpsecret")

    assert sent(emulator) == [
        ("PUT", "/secrets/crpsecret", "7.0", {"value": "packtsecretvalue"}),
        ("GET", "/secrets/crpsecret", "7.0", None),
        ("DELETE", "/secrets/crpsecret", "7.0", None),
    ]
    assert (read.value, read.properties) == ("packtsecretvalue", made)
    assert deleted.recovery_id == f"https://{HOST}/deletedsecrets/crpsecret"
    assert deleted.deleted_on is not None
    with pytest.raises(Conflict) as caught:
        client.secrets.set("crpsecret", "packtsecretvalue")
    assert caught.value.inner_code == "ObjectIsDeletedButRecoverable"


def test_a_key_is_made_and_deleted(client: VaultClient, emulator: Emulator) -> None:
    made = client.keys.create(
        "CreateSoftKeyTest",
        kty="RSA",
        key_size=2048,
        key_ops=KEY_OPS,
        tags={"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
    )
    client.keys.delete("CreateSoftKeyTest")

    assert sent(emulator) == [
        (
            "POST",
            "/keys/CreateSoftKeyTest/create",
            "7.0",
            {
                "kty": "RSA",
                "key_size": 2048,
                "key_ops": KEY_OPS,
                "tags": {"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
            },
        ),
        ("DELETE", "/keys/CreateSoftKeyTest", "7.0", None),
    ]
    assert made.properties.tags["test name "] == "CreateGetDeleteKeyTest"
    assert (made.key_type, made.key_ops, made.jwk["e"]) == ("RSA", tuple(KEY_OPS), "AQAB")


def test_a_certificate_is_made(client: VaultClient, emulator: Emulator) -> None:
    pending = client.certificates.create("selfSignedCert01", POLICY)

    assert sent(emulator) == [("POST", "/certificates/selfSignedCert01/create", "7.0", {"policy": POLICY_JSON})]
    assert pending.is_pending
    assert client.exchanges[0].status == 202
    assert read_signing_request(pending.csr).subject == "CN=*.microsoft.com"

    emulator.clock.advance(60)
    done = client.certificates.operation("selfSignedCert01")
    assert (done.status, done.request_id) == ("completed", pending.request_id)

    certificate = client.certificates.get("selfSignedCert01")
    facts = read_certificate(certificate.cer)
    assert facts.sha1 == certificate.properties.x5t
    assert [name.value for name in facts.sans] == ["onedrive.microsoft.com", "xbox.microsoft.com"]
    assert (facts.key_type, facts.key_size) == ("RSA", 2048)
    assert client.certificates.get_policy("selfSignedCert01").subject == "CN=*.microsoft.com"


# The rest of each noun's life


def test_a_secrets_life(client: VaultClient, emulator: Emulator) -> None:
    first = client.secrets.set("life", "one", tags={"a": "b"}, content_type="text/plain")
    emulator.clock.advance(5)
    second = client.secrets.set("life", "two")
    assert [version.version for version in client.secrets.versions("life")] == [second.version, first.version]

    updated = client.secrets.update("life", first.version, enabled=False, tags={})
    assert (updated.enabled, updated.tags, updated.content_type) == (False, {}, "text/plain")
    with pytest.raises(Forbidden):
        client.secrets.get("life", first.version)

    client.secrets.delete("life")
    assert "life" in [deleted.properties.name for deleted in client.secrets.list_deleted()]
    assert client.secrets.get_deleted("life").properties.name == "life"
    assert client.secrets.recover("life").name == "life"
    assert client.secrets.get("life").value == "two"
    client.secrets.delete("life")
    client.secrets.purge("life")
    with pytest.raises(NotFound):
        client.secrets.get_deleted("life")


def test_a_keys_life(client: VaultClient) -> None:
    made = client.keys.create("life", kty="EC", crv="P-256")
    updated = client.keys.update("life", made.properties.version, key_ops=["sign"], enabled=False)
    assert (updated.key_ops, updated.properties.enabled) == (("sign",), False)
    assert client.keys.get("life").jwk["crv"] == "P-256"
    assert "life" in [key.name for key in client.keys.list()]
    client.keys.delete("life")
    assert client.keys.recover("life").name == "life"
    client.keys.delete("life")
    client.keys.purge("life")
    assert "life" not in [key.properties.name for key in client.keys.list_deleted()]


def test_a_certificates_life(client: VaultClient, emulator: Emulator) -> None:
    client.certificates.create("life", POLICY, tags={"a": "b"})
    assert "life" in [item.name for item in client.certificates.list(include_pending=True)]
    assert client.certificates.cancel_operation("life").cancellation_requested
    client.certificates.delete_operation("life")
    with pytest.raises(NotFound):
        client.certificates.operation("life")

    client.certificates.create("life", POLICY)
    emulator.clock.advance(60)
    version = client.certificates.get("life").properties.version
    assert client.certificates.update("life", version, tags={"c": "d"}).properties.tags == {"c": "d"}
    assert client.secrets.get("life").properties.managed
    with pytest.raises(Forbidden):
        client.secrets.delete("life")
    client.certificates.delete("life")
    assert client.certificates.recover("life").name == "life"


def test_a_long_list_with_empty_pages(client: VaultClient, emulator: Emulator) -> None:
    for number in range(60):
        client.secrets.set(f"many-{number:02}", "x")
    emulator.empty_pages(2)
    names = [item.name for item in client.secrets.list() if item.name.startswith("many-")]
    assert sorted(names) == [f"many-{number:02}" for number in range(60)]


# Permissions


def test_the_probes_find_what_is_granted(connect: Connect, emulator: Emulator) -> None:
    verdicts = {result.permission: result.verdict for result in probe_all(connect(DEPLOY))}
    verdicts.pop("certificates/managecontacts")  # the local vault has no contacts
    granted = {f"{kind}/{verb}" for kind in ("secrets", "keys", "certificates") for verb in ("get", "list")}
    assert {permission for permission, verdict in verdicts.items() if verdict == "allowed"} == granted
    assert "probably" not in verdicts.values()
    for permission in ("keys/create", "keys/import", "certificates/import"):
        assert verdicts[permission] == "unknown"


def test_the_probes_change_nothing(client: VaultClient) -> None:
    def inventory() -> list[Any]:
        return [*client.secrets.list(), *client.keys.list(), *client.certificates.list(include_pending=True)]

    before = inventory()
    results = probe_all(client)
    assert [result.permission for result in results] == list(PERMISSIONS)
    assert not any(result.unexpected or result.verdict == "denied" for result in results)
    assert inventory() == before


def test_a_refusal_names_the_permission(client: VaultClient, emulator: Emulator) -> None:
    emulator.deny("secrets/delete")
    with pytest.raises(Forbidden) as caught:
        client.secrets.delete("anything")
    assert caught.value.permission == "secrets/delete"
    assert "does not have secrets delete permission" in caught.value.message


# Trouble


@pytest.mark.parametrize(("secret", "reason"), [("wrong", "wrong_secret"), ("old", "expired_secret")])
def test_a_bad_client_secret(connect: Connect, emulator: Emulator, secret: str, reason: str) -> None:
    emulator.add_client_secret(ADMIN.client_id, "old", days=-1)
    with pytest.raises(AuthenticationError) as caught:
        connect(secret=secret).secrets.list_page()
    assert caught.value.reason == reason


def test_an_expired_token_is_renewed(client: VaultClient, emulator: Emulator) -> None:
    client.secrets.list_page()
    emulator.clock.advance(2 * 3600)
    client.secrets.list_page()
    assert [exchange.status for exchange in client.exchanges] == [200, 401, 200]


def test_throttling_is_waited_for(connect: Connect, emulator: Emulator) -> None:
    pauses: list[float] = []
    emulator.throttle(2)
    connect(sleep=pauses.append).secrets.list_page()
    assert len(pauses) == 2

    emulator.throttle(1, retry_after="30")
    with pytest.raises(Throttled) as caught:
        connect(sleep=pauses.append).secrets.list_page()
    assert (caught.value.retry_after, len(pauses)) == (30, 2)


def test_a_lost_answer_makes_no_second_version(client: VaultClient, emulator: Emulator) -> None:
    emulator.lose_answer()
    with pytest.raises(TransportError) as caught:
        client.secrets.set("lost", "x")
    assert caught.value.maybe_done
    assert len(client.secrets.versions("lost")) == 1


def test_a_dead_vault_is_left_alone(connect: Connect, emulator: Emulator) -> None:
    client = connect(patience=Patience(tries=1))
    emulator.stop_answering()
    reasons = []
    for _ in range(6):
        with pytest.raises(TransportError) as caught:
            client.secrets.list_page()
        reasons.append(caught.value.reason)
    assert reasons == ["timeout"] * 5 + ["resting"]


def test_a_hostile_link_is_not_followed(client: VaultClient, emulator: Emulator) -> None:
    emulator.rewrite(lambda answer: {**answer, "nextLink": "https://evil.test/secrets?$skiptoken=x"})
    with pytest.raises(HostileLink):
        list(client.secrets.list())
    assert all(request.host.endswith((".vault.test", "login.test")) for request in emulator.requests)


def test_a_redirect_is_not_followed(client: VaultClient, emulator: Emulator) -> None:
    emulator.answer_next(302, "", {"Location": "https://evil.test/"})
    with pytest.raises(MalformedResponse, match="redirect"):
        client.secrets.list_page()


def test_an_endless_answer_is_cut_off(connect: Connect, emulator: Emulator) -> None:
    emulator.answer_next(200, itertools.repeat(b" " * 65536), {})
    with pytest.raises(MalformedResponse, match="larger than 4 MB"):
        connect().secrets.list_page()

    def drip() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield b" " * 65536

    emulator.answer_next(200, drip(), {})
    with pytest.raises(TransportError) as caught:
        connect(patience=Patience(seconds=0.3, tries=1)).secrets.list_page()
    assert caught.value.reason == "timeout"


def test_html_in_place_of_json(client: VaultClient, emulator: Emulator) -> None:
    emulator.answer_next(400, b"<html>Bad Request</html>", {"Content-Type": "text/html"})
    with pytest.raises(AzureError, match="Bad Request") as caught:
        client.secrets.list_page()
    assert caught.value.status == 400


def test_calls_side_by_side_ask_for_one_token(client: VaultClient, emulator: Emulator) -> None:
    gather(*[client.secrets.list_page] * 8)
    assert len([request for request in emulator.requests if request.path.endswith("/token")]) == 1
