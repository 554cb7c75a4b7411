"""Odd requests to Resource Manager, the token issuer and the control page: refused in words, never a failure."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.emulator.caller import VAULT, Caller, refusal
from tests.emulator.manager import GUID, Manager
from tests.emulator.odd import NOT_JSON, ODD_VALUES
from tests.emulator.side_by_side import side_by_side
from tests.emulator.wishes import wish
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.control.context import Context
from vaults.emulator.control.dispatch import Control
from vaults.emulator.control.verbs import VERBS
from vaults.emulator.serve.home import Home
from vaults.emulator.state import people
from vaults.emulator.wire import jwt
from vaults.emulator.wire.http import Request

PROPERTIES = (
    "tenantId", "sku", "accessPolicies", "enabledForDeployment", "enableSoftDelete", "softDeleteRetentionInDays",
    "enableRbacAuthorization", "enablePurgeProtection", "createMode", "networkAcls", "publicNetworkAccess", "vaultUri",
)  # fmt: skip
POLICY = ("tenantId", "objectId", "permissions")
RULES = ("bypass", "defaultAction", "ipRules", "virtualNetworkRules")


@pytest.fixture
def manager(caller_for: Callable[..., Caller]) -> Manager:
    return Manager(caller_for())


@pytest.fixture
def vault_id(emulator: Emulator) -> str:
    return emulator.vault(VAULT).resource_id


def bodies() -> Iterator[str]:
    """A usual request with one member that is odd."""
    usual = wish(networkAcls={"defaultAction": "Allow", "ipRules": []})
    for odd in ODD_VALUES:
        for place, members in (
            (usual, ("location", "tags", "properties")),
            (usual["properties"], PROPERTIES),
            (usual["properties"]["accessPolicies"][0], POLICY),
            (usual["properties"]["networkAcls"], RULES),
        ):
            for member in members:
                kept = place.get(member)
                place[member] = "ODD"
                yield json.dumps(usual).replace('"ODD"', odd)
                if kept is None:
                    del place[member]
                else:
                    place[member] = kept


@pytest.mark.slow
def test_odd_members_to_resource_manager(manager: Manager, vault_id: str) -> None:
    new_id = vault_id.replace(VAULT, "kv-odd")
    others = (
        ("POST", f"{'/'.join(vault_id.split('/')[:3])}/providers/Microsoft.KeyVault/checkNameAvailability"),
        ("PUT", f"{vault_id}/providers/Microsoft.Authorization/roleAssignments/{GUID}"),
        ("PUT", f"{vault_id}/accessPolicies/add"),
    )
    for number, body in enumerate(bodies()):
        targets = (("PUT", new_id), ("PATCH", vault_id), others[number % len(others)])
        for method, path in targets:
            address = f"https://management.test{path}?api-version=2023-07-01"
            answer = manager.session.request(method, address, data=body.encode())
            assert answer.status_code < 500, (method, path, body)
    assert manager.call("GET", vault_id).status_code == 200


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_refused_by_resource_manager(manager: Manager, vault_id: str, body: bytes) -> None:
    answer = manager.session.put(f"https://management.test{vault_id}?api-version=2023-07-01", data=body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["/subscriptions/%00", "/subscriptions/%ff/resourceGroups", "/providers", "/tenants/a"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE", "ODD"])
def test_odd_addresses_of_resource_manager(manager: Manager, method: str, path: str) -> None:
    assert manager.call(method, path).status_code in (400, 403, 404)


@pytest.mark.sweep
@pytest.mark.parametrize("tenant", [TENANT_ID, "common", "%00"])
@pytest.mark.parametrize("end", ["v2.0/token", "token", "v2.0/authorize", "v2.0/logout"])
def test_odd_forms_to_the_issuer(emulator: Emulator, admin: Caller, tenant: str, end: str) -> None:
    with emulator.store.writing() as db:
        people.add_redirect_uri(db, ADMIN.client_id, "https://a.example/")
    names = ("grant_type", "client_id", "client_secret", "client_assertion", "code", "scope", "redirect_uri",
             "response_type", "response_mode", "person", "code_verifier", "resource")  # fmt: skip
    usual = {
        "client_id": ADMIN.client_id,
        "client_secret": ADMIN.client_secret,
        "grant_type": "authorization_code",
        "redirect_uri": "https://a.example/",
        "response_type": "code",
        "scope": "openid",
    }
    url = f"https://login.test/{tenant}/oauth2/{end}"
    for name in names:
        for odd in ("", "\0", "é\ud7ff", "x" * 10_000, "a b", "0", "..", "%", "eyJhbGciOiJub25lIn0.e30."):
            form = usual | {name: odd}
            answer = admin.session.post(url, data=form, allow_redirects=False)
            assert answer.status_code < 500, (form, answer.text)
    for body in (b"\xff\xfe", b"&&&==", b"a" * 100_000, b"client_id=%ff%00&client_id=b"):
        assert admin.session.post(url, data=body).status_code < 500


def test_odd_words_for_every_verb(emulator: Emulator, tmp_path: Any) -> None:
    home = Home(tmp_path, 39100)
    home.write_credentials({"tenant_id": TENANT_ID, "subscription_id": "", "principals": {}})
    control = Control(Context(emulator, home), "token")
    odd_words = (
        "",
        "\0",
        "é",
        "x" * 3000,
        "-1",
        "nan",
        "1e999",
        "../../etc/passwd",
        "'; DROP TABLE vault; --",
        "*",
        "[",
    )
    for verb in VERBS:
        if verb.name == "reset":
            continue
        for field in verb.fields:
            for odd in odd_words:
                given = {
                    each.name: VAULT if each.name == "vault" else DEPLOY.name for each in verb.fields if each.required
                }
                given[field.name] = odd
                headers = {"authorization": "Bearer token"}
                content = json.dumps(given).encode()
                request = Request("POST", "login.test", f"/control/{verb.name}", {}, headers, content)
                answer = control.answer(request)
                assert answer.status in (200, 400), (verb.name, given)
    with emulator.store.reading() as db:
        assert db.execute("SELECT count(*) FROM vault").fetchone()[0] >= 3


def test_many_managers_at_once(emulator: Emulator, caller_for: Callable[..., Caller], vault_id: str) -> None:
    """Twenty writers to one vault's policies, and twenty who make the same vault: each is told, one makes it."""
    managers = [Manager(caller_for()) for _ in range(20)]
    names = list("abcdefghijklmnopqrst")
    statuses: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        entry = {
            "tenantId": TENANT_ID,
            "objectId": f"0b1ec700-0000-4000-8000-{number:012d}",
            "permissions": {"secrets": ["get"]},
        }
        body = {"properties": {"accessPolicies": [entry]}}
        assert managers[number].call("PUT", f"{vault_id}/accessPolicies/add", body).status_code == 200
        made = managers[number].call(
            "PUT", vault_id.replace(VAULT, "kv-race"), wish() | {"tags": {"by": names[number]}}
        )
        with lock:
            statuses.append(made.status_code)

    assert side_by_side(20, work) == []
    assert set(statuses) == {200}
    policies = managers[0].call("GET", vault_id).json()["properties"]["accessPolicies"]
    assert len(policies) >= 20
    listed = managers[0].call("GET", f"{vault_id.rpartition('/')[0]}").json()["value"]
    assert [vault["name"] for vault in listed].count("kv-race") == 1


def test_one_code_is_redeemed_by_one_of_many(emulator: Emulator, admin: Caller) -> None:
    with emulator.store.writing() as db:
        people.add_redirect_uri(db, ADMIN.client_id, "https://a.example/")
        people.add_person(db, people.Person("o-1", TENANT_ID, "Olga Brandt", "olga@shop.example"))
    request = {"client_id": ADMIN.client_id, "redirect_uri": "https://a.example/", "response_type": "code"}
    form = request | {"scope": "openid", "person": "o-1"}
    base = f"https://login.test/{TENANT_ID}/oauth2/v2.0"
    back = admin.session.post(f"{base}/authorize", data=form, allow_redirects=False).headers["Location"]
    redeem = {
        "grant_type": "authorization_code",
        "client_id": ADMIN.client_id,
        "client_secret": ADMIN.client_secret,
        "redirect_uri": "https://a.example/",
        "code": back.partition("code=")[2],
    }
    callers = [Caller(emulator) for _ in range(10)]
    answers: list[requests.Response] = []
    assert side_by_side(10, lambda n: answers.append(callers[n].session.post(f"{base}/token", data=redeem))) == []
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9


@pytest.mark.parametrize("value", [None, 5, [], {}, True])
def test_odd_members_of_an_imported_key(admin: Caller, value: Any) -> None:
    for kty, members in (("RSA", "ned"), ("EC", "xyd")):
        key = {"kty": kty, "crv": "P-256"} | dict.fromkeys(members, "AQAB")
        for member in members:
            assert admin.put("keys/k", {"key": key | {member: value}}).status_code == 400


@pytest.mark.parametrize(
    "after", ["P999999999999999999D", "P" + "9" * 5000 + "D", "P99999999W", "P1200Y", "PT999999999999S"]
)
def test_durations_beyond_all_time(admin: Caller, after: str) -> None:
    admin.post("keys/k/create", {"kty": "EC"})
    actions = [{"trigger": {"timeAfterCreate": after}, "action": {"type": "Rotate"}}]
    assert admin.put("keys/k/rotationpolicy", {"lifetimeActions": actions}).status_code == 400
    assert admin.put("keys/k/rotationpolicy", {"attributes": {"expiryTime": after}}).status_code == 400


def test_too_much_to_sign_without_a_digest(admin: Caller) -> None:
    admin.post("keys/k/create", {"kty": "RSA"})
    for size, status in ((245, 200), (246, 400), (1000, 400)):
        body = {"alg": "RSNULL", "value": jwt.encode(bytes(size))}
        assert admin.post("keys/k/sign", body).status_code == status
        assert (
            admin.post("keys/k/verify", {"alg": "RSNULL", "digest": body["value"], "value": "AAAA"}).status_code
            == status
        )


@pytest.mark.parametrize("names", [[1], [None], ["get", {}]])
def test_odd_permissions_of_storage_accounts(emulator: Emulator, admin: Caller, names: list[Any]) -> None:
    manager, vault_id = Manager(admin), emulator.vault(VAULT).resource_id
    entry = {"tenantId": TENANT_ID, "objectId": DEPLOY.object_id, "permissions": {"storage": names}}
    for kind in ("add", "replace", "remove"):
        answer = manager.call("PUT", f"{vault_id}/accessPolicies/{kind}", {"properties": {"accessPolicies": [entry]}})
        assert answer.status_code == 400


@pytest.mark.parametrize("location", ["西欧", "x\r\nX-Evil: 1", "x" * 200])
def test_locations_that_could_not_stand_in_a_header(emulator: Emulator, admin: Caller, location: str) -> None:
    made = emulator.vault(VAULT).resource_id.replace(VAULT, "kv-odd")
    body = {"location": location, "properties": {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}}}
    assert refusal(Manager(admin).call("PUT", made, body))[1] == "LocationNotAvailableForResourceType"


def test_letters_that_become_ascii_name_no_vault(emulator: Emulator, admin: Caller) -> None:
    respelled = emulator.vault(VAULT).resource_id.replace(VAULT, f"\N{KELVIN SIGN}{VAULT[1:]}")
    body = {"location": "westeurope", "properties": {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}}}
    assert Manager(admin).call("GET", respelled).status_code == 404
    assert refusal(Manager(admin).call("PUT", respelled, body))[1] == "VaultNameNotValid"
