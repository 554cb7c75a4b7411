"""Vaults made, changed and removed by way of Resource Manager, and who may reach them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.caller import VAULT, Caller, refusal
from tests.emulator.manager import Manager
from tests.emulator.wishes import wish
from vaults.emulator import DEPLOY, Emulator

LOCATION = "/providers/Microsoft.KeyVault/locations/westeurope"


@pytest.fixture
def manager(caller_for: Callable[..., Caller]) -> Manager:
    return Manager(caller_for())


@pytest.fixture
def subscription(emulator: Emulator) -> str:
    return f"/subscriptions/{emulator.vault(VAULT).subscription}"


@pytest.fixture
def vault_id(emulator: Emulator) -> str:
    return emulator.vault(VAULT).resource_id


@pytest.fixture
def new_id(subscription: str) -> str:
    return f"{subscription}/resourceGroups/rg-new/providers/Microsoft.KeyVault/vaults/kv-new"


def test_a_vault_is_made_and_works(
    emulator: Emulator, manager: Manager, new_id: str, caller_for: Callable[..., Caller]
) -> None:
    answer = manager.call("PUT", new_id, wish(softDeleteRetentionInDays=7, enabledForDeployment=True))
    assert answer.status_code == 200
    made = answer.json()
    assert made["properties"]["provisioningState"] == "RegisteringDns"
    assert made["properties"]["vaultUri"] == "https://kv-new.vault.test"
    found = manager.call("GET", new_id).json()
    assert (found["location"], found["tags"]) == ("West Europe", {"a": "b"})  # as given
    properties = found["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["sku"]["name"] == "Standard"
    assert properties["softDeleteRetentionInDays"] == 7
    assert properties["enabledForDeployment"] is True
    assert "enableRbacAuthorization" not in properties  # as recorded: nobody has set it
    assert "networkAcls" not in properties
    caller = caller_for(vault="kv-new")
    answer = caller.put("secrets/a", {"value": "1"})
    assert answer.json()["attributes"]["recoverableDays"] == 7
    assert answer.headers["x-ms-keyvault-region"] == "westeurope"
    assert caller.post("keys/a/create", {"kty": "RSA-HSM"}).status_code == 403


def test_a_put_replaces_and_a_patch_keeps(manager: Manager, new_id: str) -> None:
    manager.call("PUT", new_id, wish(publicNetworkAccess="enabled"))
    patched = manager.call("PATCH", new_id, {"tags": {"c": "d"}, "properties": {"sku": {"name": "premium"}}}).json()
    assert patched["tags"] == {"c": "d"}
    assert patched["properties"]["sku"]["name"] == "premium"
    assert len(patched["properties"]["accessPolicies"]) == 1
    replaced = manager.call("PUT", new_id, wish(accessPolicies=[]) | {"tags": None}).json()
    assert replaced["tags"] == {}
    assert replaced["properties"]["accessPolicies"] == []
    assert manager.call("PATCH", new_id, {}).json()["tags"] == {}


def test_a_vault_is_called_as_it_was_first_written(manager: Manager, new_id: str, subscription: str) -> None:
    written = new_id.replace("kv-new", "KvNew1")
    made = manager.call("PUT", written, wish()).json()
    assert (made["id"], made["name"], made["properties"]["vaultUri"]) == (
        written,
        "KvNew1",
        "https://KvNew1.vault.test",
    )
    manager.call("PATCH", written.lower(), {"tags": {"c": "d"}})
    found = manager.call("GET", written.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).json()
    assert (found["id"], found["name"], found["tags"]) == (written, "KvNew1", {"c": "d"})
    assert found["properties"]["vaultUri"] == "https://kvnew1.vault.test/"
    manager.call("DELETE", written.lower())
    deleted = manager.call("GET", f"{subscription}{LOCATION}/deletedVaults/kvnew1").json()
    assert (deleted["name"], deleted["properties"]["vaultId"]) == ("KvNew1", written)
    assert deleted["id"] == f"{subscription}{LOCATION}/deletedVaults/KvNew1"


@pytest.mark.parametrize(
    ("version", "flags", "retention"),
    [
        ("2023-02-01", 1, None),
        ("2023-07-01", 1, 90),
        ("2024-11-01", 1, 90),
        ("2025-05-01", 3, 90),
        ("2026-02-01", 3, 90),
    ],
)
def test_newer_versions_return_properties_that_were_never_set(
    manager: Manager, new_id: str, version: str, flags: int, retention: int | None
) -> None:
    manager.call("PUT", new_id, wish())
    properties = manager.call("GET", new_id, **{"api-version": version}).json()["properties"]
    assert [properties[name] for name in properties if name.startswith("enabledFor")] == [False] * flags
    assert properties.get("softDeleteRetentionInDays") == retention


def test_subnets_are_shown_in_lower_case(manager: Manager, new_id: str) -> None:
    subnet = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/S"
    made = manager.call("PUT", new_id, wish(networkAcls={"virtualNetworkRules": [{"id": subnet}]})).json()
    assert made["properties"]["networkAcls"]["virtualNetworkRules"] == [{"id": subnet.lower()}]


def test_new_vaults_decide_by_roles_from_2026_on(manager: Manager, new_id: str) -> None:
    made = manager.call("PUT", new_id, wish(), **{"api-version": "2026-02-01"}).json()
    assert made["properties"]["enableRbacAuthorization"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"properties": wish()["properties"]}, "LocationRequired"),
        ({"location": "x", "properties": []}, "InvalidRequestContent"),
        (wish(tenantId="nobody"), "BadRequest"),
        (wish(sku=None), "BadRequest"),
        (wish(sku={"name": "golden"}), "BadRequest"),
        (wish(softDeleteRetentionInDays=6), "BadRequest"),
        (wish(softDeleteRetentionInDays="9"), "BadRequest"),
        (wish(enablePurgeProtection=False), "BadRequest"),
        (wish(enableSoftDelete=False), "BadRequest"),
        (wish(enabledForDeployment="yes"), "BadRequest"),
        (wish(publicNetworkAccess="sometimes"), "BadRequest"),
        (wish(networkAcls=[]), "BadRequest"),
        (wish(networkAcls={"defaultAction": 7}), "BadRequest"),
        (wish(networkAcls={"ipRules": [{"value": "1.2.3"}]}), "BadRequest"),
        (wish(networkAcls={"ipRules": "1.2.3.4"}), "BadRequest"),
        (wish(accessPolicies=[7]), "BadRequest"),
        (wish() | {"tags": ["a"]}, "BadRequest"),
    ],
)
def test_wishes_that_are_refused(manager: Manager, new_id: str, body: dict[str, Any], code: str) -> None:
    assert refusal(manager.call("PUT", new_id, body)) == (400, code, None)
    assert manager.call("GET", new_id).status_code == 404


@pytest.mark.parametrize("name", ["ab", "1abc", "kv--x", "kv-", "a" * 25, "kv-\N{KELVIN SIGN}"])
def test_names_that_no_vault_may_have(manager: Manager, new_id: str, subscription: str, name: str) -> None:
    assert refusal(manager.call("PUT", new_id.replace("kv-new", name), wish()))[1] == "VaultNameNotValid"
    check = {"name": name, "type": "Microsoft.KeyVault/vaults"}
    answer = manager.call("POST", f"{subscription}/providers/Microsoft.KeyVault/checkNameAvailability", check)
    assert answer.json()["reason"] == "AccountNameInvalid"


def test_what_cannot_be_undone(manager: Manager, vault_id: str) -> None:
    for properties in (
        {"softDeleteRetentionInDays": 7},
        {"enablePurgeProtection": False},
        {"tenantId": "11111111-2222-4333-8444-555555555555"},
    ):
        assert refusal(manager.call("PATCH", vault_id, {"properties": properties}))[0] == 400
    protected = manager.call("PATCH", vault_id, {"properties": {"enablePurgeProtection": True}}).json()
    assert protected["properties"]["enablePurgeProtection"] is True
    assert manager.call("PATCH", vault_id, {"properties": {"enablePurgeProtection": None}}).status_code == 200
    assert refusal(manager.call("PATCH", vault_id, {"properties": {"enablePurgeProtection": False}}))[0] == 400


def test_a_life_after_deletion(
    manager: Manager, emulator: Emulator, admin: Caller, vault_id: str, subscription: str
) -> None:
    admin.put("secrets/a", {"value": "1"})
    assert manager.call("DELETE", vault_id).status_code == 200
    assert manager.call("DELETE", vault_id).status_code == 204
    assert manager.call("GET", vault_id).status_code == 404
    assert admin.get("secrets/a").status_code == 404
    [deleted] = manager.call("GET", f"{subscription}/providers/Microsoft.KeyVault/deletedVaults").json()["value"]
    assert deleted == manager.call("GET", f"{subscription}{LOCATION}/deletedVaults/{VAULT}").json()
    assert deleted["id"] == f"{subscription}{LOCATION}/deletedVaults/{VAULT}"
    assert deleted["properties"]["vaultId"] == vault_id
    assert refusal(manager.call("PUT", vault_id, wish())) == (409, "ConflictError", None)
    wanted = {"tags": {"a": "b"}, "properties": {"createMode": "recover", "sku": {"name": "standard"}}}
    recovered = manager.call("PUT", vault_id, wanted)
    assert (recovered.json()["name"], recovered.json()["tags"]) == (VAULT, {"a": "b"})
    assert recovered.json()["properties"]["sku"]["name"] == "premium"  # as recorded: only the tags are the request's
    assert refusal(manager.call("PUT", vault_id, wanted)) == (400, "SoftDeletedVaultDoesNotExist", None)
    assert admin.get("secrets/a").json()["value"] == "1"

    manager.call("DELETE", vault_id)
    emulator.service.settle_seconds = 5
    purge = manager.call("POST", f"{subscription}{LOCATION}/deletedVaults/{VAULT}/purge")
    assert (purge.status_code, purge.headers["Retry-After"]) == (202, "5")
    assert manager.session.get(purge.headers["Location"]).json()["status"] == "NotStarted"
    emulator.clock.advance(6)
    assert manager.session.get(purge.headers["Location"]).json()["status"] == "Succeeded"
    assert manager.call("GET", f"{subscription}{LOCATION}/deletedVaults/{VAULT}").status_code == 404
    recover = {"properties": {"createMode": "recover"}}
    assert refusal(manager.call("PUT", vault_id, recover)) == (400, "SoftDeletedVaultDoesNotExist", None)
    manager.call("PUT", vault_id, wish())
    assert admin.get("secrets/a").status_code == 404


def test_a_deleted_vault_vanishes_after_its_retention(
    manager: Manager, emulator: Emulator, vault_id: str, subscription: str, caller_for: Callable[..., Caller]
) -> None:
    manager.call("DELETE", vault_id)
    emulator.clock.advance(91 * 86400)
    path = f"{subscription}/providers/Microsoft.KeyVault/deletedVaults"
    answer = Manager(caller_for(vault="kv-shop-stage")).call("GET", path)
    assert answer.json()["value"] == []


def test_a_protected_vault_is_not_purged(manager: Manager, vault_id: str, subscription: str) -> None:
    manager.call("PATCH", vault_id, {"properties": {"enablePurgeProtection": True}})
    manager.call("DELETE", vault_id)
    purge = manager.call("POST", f"{subscription}{LOCATION}/deletedVaults/{VAULT}/purge")
    assert refusal(purge) == (405, "MethodNotAllowed", None)


def test_names_in_use(manager: Manager, vault_id: str, subscription: str) -> None:
    elsewhere = vault_id.replace("rg-shop", "rg-other")
    assert refusal(manager.call("PUT", elsewhere, wish())) == (409, "VaultAlreadyExists", None)
    path = f"{subscription}/providers/Microsoft.KeyVault/checkNameAvailability"
    check = {"name": VAULT, "type": "Microsoft.KeyVault/vaults"}
    answer = manager.call("POST", path, check, **{"api-version": "2022-07-01"}).json()
    assert answer["reason"] == "AlreadyExists"
    assert "globaly unique" in answer["message"]
    assert "globally unique" in manager.call("POST", path, check, **{"api-version": "2023-07-01"}).json()["message"]
    assert manager.call("POST", path, check | {"name": "kv-free"}).json() == {"nameAvailable": True}
    assert manager.call("POST", path, {"name": 7}).status_code == 400


def test_only_who_has_the_role(manager: Manager, emulator: Emulator, caller_for: Any, vault_id: str) -> None:
    deploy = Manager(caller_for(), DEPLOY)
    subscription = "/".join(vault_id.split("/")[:3])
    purge = f"{subscription}{LOCATION}/deletedVaults/{VAULT}/purge"
    for method, path in (("PUT", vault_id), ("PATCH", vault_id), ("DELETE", vault_id), ("POST", purge)):
        assert refusal(deploy.call(method, path, wish())) == (403, "AuthorizationFailed", None)
    emulator.assign_role("Key Vault Contributor", principal=DEPLOY.name)
    assert deploy.call("DELETE", vault_id).status_code == 200
    assert refusal(deploy.call("POST", purge)) == (403, "AuthorizationFailed", None)
    emulator.assign_role("Key Vault Purge Operator", principal=DEPLOY.name)
    assert deploy.call("POST", purge).status_code == 202
    assert deploy.call("GET", f"{subscription}{LOCATION}/operationResults/rubbish").status_code == 404


def test_operations_of_the_provider(manager: Manager) -> None:
    names = {item["name"] for item in manager.call("GET", "/providers/Microsoft.KeyVault/operations").json()["value"]}
    assert {"Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/vaults/secrets/getSecret/action"} <= names


def test_the_firewall(manager: Manager, admin: Caller, vault_id: str) -> None:
    rules = {"defaultAction": "deny", "ipRules": [{"value": "203.0.113.7"}]}
    shown = manager.call("PATCH", vault_id, {"properties": {"networkAcls": rules}}).json()["properties"]["networkAcls"]
    assert shown == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7/32"}],
        "virtualNetworkRules": [],
    }
    refused = admin.get("secrets")
    assert refusal(refused) == (403, "Forbidden", "ForbiddenByFirewall")
    message = refused.json()["error"]["message"]
    assert message.startswith(
        "Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\n"
    )
    assert message.endswith(f"\r\nVault: {VAULT};location=westeurope")
    without_token = admin.session.get(f"{admin.base}/secrets", headers={"Authorization": ""})
    assert without_token.status_code == 401
    rules["ipRules"] = [{"value": "127.0.0.0/8"}]
    manager.call("PATCH", vault_id, {"properties": {"networkAcls": rules}})
    assert admin.get("secrets").status_code == 200


def test_a_vault_without_public_access(manager: Manager, admin: Caller, vault_id: str) -> None:
    manager.call("PATCH", vault_id, {"properties": {"publicNetworkAccess": "disabled"}})
    assert refusal(admin.get("secrets")) == (403, "Forbidden", "ForbiddenByConnection")
    manager.call("PATCH", vault_id, {"properties": {"publicNetworkAccess": "Enabled"}})
    assert admin.get("secrets").status_code == 200


def test_there_are_no_managed_hsms(
    manager: Manager, emulator: Emulator, caller_for: Any, subscription: str, vault_id: str
) -> None:
    group = vault_id.rpartition("/providers")[0]
    lists = [
        f"{subscription}/providers/Microsoft.KeyVault/managedHSMs",
        f"{subscription}/providers/Microsoft.KeyVault/deletedManagedHSMs",
        f"{group}/providers/Microsoft.KeyVault/managedHSMs",
    ]
    stranger = Manager(caller_for(), DEPLOY)
    for path in lists:
        answer = manager.call("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"value": []})
        assert refusal(stranger.call("GET", path)) == (403, "AuthorizationFailed", None)
    one = manager.call("GET", f"{lists[-1]}/hsm")
    assert refusal(one) == (404, "ResourceNotFound", None)
    assert "'Microsoft.KeyVault/managedHSMs/hsm'" in one.json()["error"]["message"]
    emulator.assign_role("Key Vault Contributor", principal=DEPLOY.name)
    assert stranger.call("GET", lists[0]).json() == {"value": []}


def test_names_of_managed_hsms(manager: Manager, subscription: str) -> None:
    path = f"{subscription}/providers/Microsoft.KeyVault/checkMhsmNameAvailability"
    assert manager.call("POST", path, {"name": "hsm-1"}).json() == {"nameAvailable": True}
    assert manager.call("POST", path, {"name": "1"}).json()["reason"] == "AccountNameInvalid"
    assert manager.call("POST", path, {}).status_code == 400


def test_there_are_no_private_endpoints(manager: Manager, caller_for: Any, vault_id: str) -> None:
    [link] = manager.call("GET", f"{vault_id}/privateLinkResources").json()["value"]
    assert link["id"] == f"{vault_id}/privateLinkResources/vault"
    assert link["properties"]["groupId"] == "vault"
    connections = f"{vault_id}/privateEndpointConnections"
    assert manager.call("GET", connections).json()["value"] == []
    assert refusal(manager.call("GET", f"{connections}/one")) == (404, "ResourceNotFound", None)
    stranger = Manager(caller_for(), DEPLOY)
    for path in (connections, f"{vault_id}/privateLinkResources"):
        assert refusal(stranger.call("GET", path)) == (403, "AuthorizationFailed", None)
