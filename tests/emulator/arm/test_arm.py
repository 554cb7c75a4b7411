import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.caller import VAULT, Caller, refusal
from tests.emulator.manager import GUID, Manager
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.samples.names import TENANT_DOMAIN
from vaults.emulator.state.policies import Identity, access_policies


@pytest.fixture
def manager(caller_for: Callable[..., Caller]) -> Manager:
    return Manager(caller_for())


@pytest.fixture
def vault_id(emulator: Emulator) -> str:
    return emulator.vault(VAULT).resource_id


def test_subscriptions_and_vaults(manager: Manager, vault_id: str) -> None:
    [subscription] = manager.call("GET", "/subscriptions").json()["value"]
    page = manager.call("GET", f"{subscription['id']}/providers/Microsoft.KeyVault/vaults").json()
    assert [vault["name"] for vault in page["value"]] == ["kv-billing-prod", "kv-shop-prod", "kv-shop-stage"]
    assert manager.session.get(page["nextLink"]).json() == {"value": []}
    vault = manager.call("GET", vault_id).json()
    assert vault == page["value"][1]
    assert vault["properties"]["vaultUri"] == f"https://{VAULT}.vault.test/"
    assert vault["properties"]["enableRbacAuthorization"] is False
    assert "enablePurgeProtection" not in vault["properties"]
    assert {entry["objectId"] for entry in vault["properties"]["accessPolicies"]} == {
        ADMIN.object_id,
        DEPLOY.object_id,
    }
    group = vault_id.rpartition("/providers")[0]
    assert len(manager.call("GET", f"{group}/providers/Microsoft.KeyVault/vaults").json()["value"]) == 3
    resources = manager.call("GET", f"{subscription['id']}/resources").json()["value"]
    assert set(resources[0]) == {"id", "name", "type", "location", "tags"}
    assert manager.call("GET", f"{group}/resources").json()["value"] == resources
    assert manager.call("GET", f"{group}-other/resources").json()["value"] == []


def test_many_vaults_come_in_pages(emulator: Emulator, manager: Manager, vault_id: str) -> None:
    for number in range(20):
        emulator.add_vault(f"kv-many-{number:02}")
    path = f"{'/'.join(vault_id.split('/')[:3])}/providers/Microsoft.KeyVault/vaults"
    for top, sizes in (({}, [15, 8, 0]), ({"$top": "10"}, [10, 10, 3, 0])):
        page = manager.call("GET", path, **top).json()
        pages = [page]
        while "nextLink" in page:
            page = manager.session.get(page["nextLink"]).json()
            pages.append(page)
        assert [len(each["value"]) for each in pages] == sizes
        assert len({vault["id"] for each in pages for vault in each["value"]}) == 23
    for query in ({"$skiptoken": "!"}, {"$top": "x"}):
        assert manager.call("GET", path, **query).status_code == 400


def test_who_has_no_role_sees_nothing(caller_for: Callable[..., Caller], vault_id: str) -> None:
    deploy = Manager(caller_for(), DEPLOY)
    assert deploy.call("GET", "/subscriptions").json()["value"] == []
    answer = deploy.call("GET", vault_id)
    assert refusal(answer) == (403, "AuthorizationFailed", None)
    assert answer.json()["error"]["message"].startswith(
        f"The client '{DEPLOY.client_id}' with object id '{DEPLOY.object_id}' does not have authorization to perform "
        f"action 'Microsoft.KeyVault/vaults/read' over scope '{vault_id}'"
    )


def test_authentication_and_api_version(manager: Manager, admin: Caller, vault_id: str) -> None:
    assert refusal(manager.call("GET", f"{vault_id}x")) == (404, "ResourceNotFound", None)
    assert manager.call("GET", "/subscriptions/x/nothing").status_code == 404
    assert manager.session.get(f"https://management.test{vault_id}").status_code == 400
    vault_token = {"Authorization": f"Bearer {admin.token(ADMIN)}"}
    wrong = admin.session.get("https://management.test/subscriptions?api-version=1", headers=vault_token)
    assert wrong.status_code == 401


def policies(*permissions: str, tenant: str = "") -> dict[str, Any]:
    tenant = tenant or "a1b2c3d4-0000-4000-8000-5e9a7d000001"
    entry = {"tenantId": tenant, "objectId": DEPLOY.object_id, "permissions": {"secrets": list(permissions)}}
    return {"properties": {"accessPolicies": [entry]}}


def test_access_policies(manager: Manager, caller_for: Callable[..., Caller], vault_id: str) -> None:
    deploy = caller_for(DEPLOY)
    assert deploy.put("secrets/a", {"value": "1"}).status_code == 403
    answer = manager.call("PUT", f"{vault_id}/accessPolicies/add", policies("set")).json()
    assert answer["id"] == f"{vault_id}/accessPolicies/"
    [entry] = answer["properties"]["accessPolicies"]
    assert entry["permissions"]["secrets"] == ["get", "list", "set"]
    assert entry["permissions"]["keys"] == ["get", "list"]
    assert deploy.put("secrets/a", {"value": "1"}).status_code == 200
    manager.call("PUT", f"{vault_id}/accessPolicies/remove", policies("Get"))
    assert deploy.get("secrets/a").status_code == 403
    manager.call("PUT", f"{vault_id}/accessPolicies/replace", policies("get"))
    assert deploy.get("secrets/a").status_code == 200
    assert deploy.get("keys").status_code == 403
    manager.call("PUT", f"{vault_id}/accessPolicies/remove", policies("get"))
    kept = manager.call("GET", vault_id).json()["properties"]["accessPolicies"]
    assert [entry["objectId"] for entry in kept] == [ADMIN.object_id]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": {"accessPolicies": [{}]}},
        {"properties": {"accessPolicies": [policies("get")["properties"]["accessPolicies"][0] | {"objectId": "me"}]}},
        {
            "properties": {
                "accessPolicies": [policies("get")["properties"]["accessPolicies"][0] | {"applicationId": "x"}]
            }
        },
        policies("fly"),
        policies("get", tenant="other"),
    ],
)
def test_access_policies_that_are_refused(manager: Manager, vault_id: str, body: dict[str, Any]) -> None:
    assert manager.call("PUT", f"{vault_id}/accessPolicies/add", body).status_code == 400


def compound(permission: str, application: str | None, **more: Any) -> dict[str, Any]:
    body = policies(permission)
    [entry] = body["properties"]["accessPolicies"]
    entry |= {"applicationId": application} | more
    return body


def test_an_entry_for_one_application_is_another_than_the_principals_own(
    manager: Manager, caller_for: Callable[..., Caller], vault_id: str
) -> None:
    deploy = caller_for(DEPLOY)
    own = manager.call("PUT", f"{vault_id}/accessPolicies/replace", policies("get")).json()
    answer = manager.call("PUT", f"{vault_id}/accessPolicies/add", compound("set", GUID.upper())).json()
    [entry] = answer["properties"]["accessPolicies"]
    assert (entry["applicationId"], entry["permissions"]) == (GUID, {"secrets": ["set"]})
    shown = manager.call("GET", vault_id).json()["properties"]["accessPolicies"]
    assert shown[1:] == [*own["properties"]["accessPolicies"], entry]
    assert deploy.get("secrets/a").status_code == 404
    denied = deploy.put("secrets/a", {"value": "1"})
    assert refusal(denied) == (403, "Forbidden", "ForbiddenByPolicy")
    assert "on-behalf-of (OBO) flow" in denied.json()["error"]["message"]
    assert "does not have secrets delete permission" in deploy.delete("secrets/a").json()["error"]["message"]

    manager.call("PUT", f"{vault_id}/accessPolicies/add", compound("get", None))
    manager.call("PUT", f"{vault_id}/accessPolicies/remove", policies("set"))
    assert manager.call("GET", vault_id).json()["properties"]["accessPolicies"] == shown
    everything = {"properties": {"accessPolicies": shown}}
    assert manager.call("PATCH", vault_id, everything).json()["properties"]["accessPolicies"] == shown
    back = {"properties": {"accessPolicies": shown[::-1]}}
    assert manager.call("PATCH", vault_id, back).json()["properties"]["accessPolicies"] == shown[::-1]
    manager.call("PUT", f"{vault_id}/accessPolicies/remove", compound("set", GUID))
    kept = manager.call("GET", vault_id).json()["properties"]["accessPolicies"]
    assert GUID not in str(kept)
    assert len(kept) == 2
    assert (
        manager.call("PUT", f"{vault_id}/accessPolicies/add", compound("get", GUID, applicationId=7)).status_code == 400
    )


def test_policies_of_an_earlier_versions_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    Emulator(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("""DROP TABLE access_policy;
            CREATE TABLE access_policy (vault INTEGER NOT NULL, object_id TEXT NOT NULL, permissions TEXT NOT NULL,
                PRIMARY KEY (vault, object_id)) WITHOUT ROWID;
            INSERT INTO access_policy VALUES (1, 'b', '{"keys": ["get"]}'), (1, 'a', '{"secrets": ["get"]}');""")
    emulator = Emulator(path)
    emulator.add_tenant(TENANT_ID, TENANT_DOMAIN)
    vault = emulator.add_vault(VAULT)
    with emulator.store.reading() as db:
        found = access_policies(db, vault)
    assert found == {Identity("a"): {"secrets": ["get"]}, Identity("b"): {"keys": ["get"]}}
    emulator.close()
    with Emulator(path).store.reading() as db:
        assert access_policies(db, vault) == found


def test_a_vault_that_decides_by_roles(manager: Manager, caller_for: Callable[..., Caller], vault_id: str) -> None:
    deploy = caller_for(DEPLOY)
    manager.call("PATCH", vault_id, {"properties": {"enableRbacAuthorization": True}})
    denied = deploy.get("secrets/a")
    assert refusal(denied) == (403, "Forbidden", "ForbiddenByRbac")
    message = denied.json()["error"]["message"]
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n" in message
    assert f"Resource: '{vault_id.lower()}/secrets/a'" in message

    definitions = f"{vault_id}/providers/Microsoft.Authorization/roleDefinitions"
    wanted = {"$filter": "roleName eq 'Key Vault Secrets User'"}
    [role] = manager.call("GET", definitions, **wanted).json()["value"]
    body = {
        "properties": {
            "roleDefinitionId": role["id"],
            "principalId": DEPLOY.object_id,
            "principalType": "ServicePrincipal",
        }
    }
    assignment = f"{vault_id}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
    assert manager.call("PUT", assignment, body).status_code == 201
    assert refusal(manager.call("PUT", assignment, body)) == (409, "RoleAssignmentExists", None)
    assert deploy.get("secrets/a").status_code == 404
    assert deploy.get("secrets").headers["x-ms-keyvault-rbac-assignment-id"] == GUID
    assert deploy.put("secrets/a", {"value": "1"}).status_code == 403
    assert deploy.get("keys").status_code == 403

    mine = Manager(caller_for(), DEPLOY).call("GET", f"{vault_id}/providers/Microsoft.Authorization/permissions")
    assert mine.json()["value"][0]["dataActions"] == role["properties"]["permissions"][0]["dataActions"]
    held = manager.call(
        "GET", assignment.rpartition("/")[0], **{"$filter": f"principalId eq '{DEPLOY.object_id}'"}
    ).json()["value"]
    assert [each["name"] for each in held] == [GUID]
    assert manager.call("DELETE", assignment).status_code == 200
    assert manager.call("DELETE", assignment).status_code == 204
    assert deploy.get("secrets/a").status_code == 403


def test_roles_hold_for_one_object(
    emulator: Emulator, manager: Manager, caller_for: Callable[..., Caller], vault_id: str
) -> None:
    manager.call("PATCH", vault_id, {"properties": {"enableRbacAuthorization": True}})
    role = "/providers/x/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"
    body = {"properties": {"roleDefinitionId": role, "principalId": DEPLOY.object_id}}
    scope = f"{vault_id}/secrets/only"
    manager.call("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{GUID}", body)
    deploy = caller_for(DEPLOY)
    assert deploy.get("secrets/only").status_code == 404
    assert deploy.get("secrets/only-not").status_code == 403
    assert deploy.get("secrets").status_code == 403


def test_roles_and_principals_that_do_not_exist(manager: Manager, vault_id: str) -> None:
    at = f"{vault_id}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
    unknown = {"properties": {"roleDefinitionId": "x/nothing", "principalId": DEPLOY.object_id}}
    assert manager.call("PUT", at, unknown).status_code == 400
    nobody = {"properties": {"roleDefinitionId": "x/4633458b-17de-408a-b874-0445c86b69e6", "principalId": GUID}}
    assert refusal(manager.call("PUT", at, nobody)) == (400, "PrincipalNotFound", None)


def test_a_client_learns_of_the_cloud_before_it_signs_in() -> None:
    emulator = Emulator.for_tests()
    session = Caller(emulator).session
    del session.headers["Authorization"]
    address = "https://management.test/Metadata/endpoints"
    cloud = session.get(address, params={"api-version": "2022-09-01"}).json()
    assert cloud["resourceManager"] == "https://management.test/"
    assert cloud["authentication"]["loginEndpoint"] == "https://login.test/"
    assert cloud["suffixes"]["keyVaultDns"] == "vault.test"
    assert session.get(address, params={"api-version": "2019-05-01"}).json() == [cloud]
    assert refusal(session.get(address)) == (400, "MissingApiVersionParameter", None)
    assert session.post(address, params={"api-version": "2022-09-01"}).status_code == 401


@pytest.mark.parametrize("resource", ["https://management.core.windows.net/", "https://management.azure.com/"])
def test_each_audience_of_the_metadata_is_accepted(caller_for: Callable[..., Caller], resource: str) -> None:
    caller = caller_for()
    headers = {"Authorization": f"Bearer {caller.token(ADMIN, resource)}"}
    answer = caller.session.get("https://management.test/subscriptions?api-version=2022-12-01", headers=headers)
    assert answer.status_code == 200
    assert refusal(caller.session.get(f"{caller.base}/secrets?api-version=7.4", headers=headers))[0] == 401
