"""A refusal of Azure names what is missing, for whom, and the smallest step that grants it; access policies and roles."""

import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World, move_connections
from vaults.azure.clouds import AZURE_CLOUDS
from vaults.clients import vault_of
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.state.role_definitions import find_role
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.probes import PERMISSIONS
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Vault
from vaults.remedies import ROLES, built_in_role, built_in_roles, grant_remedy

SECRETS = "/vaults/kv-shop-prod/secrets/"


def refusal(message: str, inner_code: str) -> dict[str, Any]:
    return {"error": {"code": "Forbidden", "message": message, "innererror": {"code": inner_code}}}


@pytest.fixture
def azure_vault(world: World, emulator: Emulator, settings: Settings) -> Vault:
    """The vault as one of Azure's public cloud."""
    public = next(iter(AZURE_CLOUDS))
    settings.CLOUDS = {public: settings.CLOUDS["local"]}
    move_connections(cloud=public)
    return Vault.objects.get(pk=world.vault.pk)


def test_access_policies(olga: Client, azure_vault: Vault, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    shown = text_of(olga.get(SECRETS))
    assert "Azure refused: secrets/list is missing" in shown
    assert (
        f"({ADMIN.client_id}), object ID {ADMIN.object_id}, lacks the permission secrets/list on kv-shop-prod" in shown
    )
    assert f"az keyvault set-policy --name kv-shop-prod --spn {ADMIN.client_id}" in shown
    assert "--secret-permissions list $(az keyvault show" in shown


def test_roles(olga: Client, azure_vault: Vault, emulator: Emulator) -> None:
    message = "Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/readMetadata'"
    emulator.answer_next(403, refusal(message, "ForbiddenByRbac"))
    shown = text_of(olga.get(SECRETS))
    assert "secrets/list is missing" in shown
    assert "Key Vault Reader" in shown
    assert f"az role assignment create --assignee {ADMIN.client_id}" in shown


@pytest.mark.parametrize("stored", ["KV-Shop-Prod", "https://kv-shop-prod.vault.test/", "kv-shop-prod.vault.test:443"])
def test_the_command_names_the_vault_as_azure_does(stored: str, azure_vault: Vault) -> None:
    vault = vault_of(azure_vault.connection, stored)
    for rbac in (True, False):
        assert "--name kv-shop-prod " in grant_remedy(vault, "secrets/set", rbac=rbac).command


def test_every_permission_has_its_remedy(azure_vault: Vault) -> None:
    permissions = {operation.permission for operation in OPERATIONS.values() if operation.permission}
    for permission in permissions:
        assert built_in_role(permission).startswith("Key Vault ")
        for rbac in (True, False):
            assert grant_remedy(azure_vault, permission, rbac=rbac).command


@pytest.mark.parametrize(
    "message",
    [
        "The user does not have storage get permission on key vault 'x'.",
        "does not have $(reboot) `id` permission",
        "does not have sécrets gét permission",
        "",
        "oid=00000000-0000-4000-8000-00000000000 does not have",
        "<script>alert(1)</script> does not have secrets <img> permission",
        "x" * 50_000,
    ],
)
def test_odd_words_of_azure_are_no_500(message: str, olga: Client, azure_vault: Vault, emulator: Emulator) -> None:
    emulator.answer_next(403, refusal(message, "ForbiddenByPolicy"))
    page = olga.get(SECRETS)
    assert page.status_code == 403
    assert b"<script>alert" not in page.content
    assert "reboot" not in page.context["problem"].command


def actions_of(permission: str) -> set[str]:
    return {operation.data_action for operation in OPERATIONS.values() if operation.permission == permission}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_the_role_covers_the_permission(permission: str) -> None:
    """Held against the definitions that the local vault enforces. `list` of what is deleted etc. needs no more."""
    role = find_role(built_in_role(permission))
    assert role
    for action in actions_of(permission):
        assert any(fnmatchcase(action.lower(), pattern.lower()) for pattern in role.data_actions), action


@pytest.mark.parametrize(
    ("permissions", "roles"),
    [
        (["secrets/list"], ["Reader"]),
        (["secrets/get", "secrets/list"], ["Secrets User"]),
        (["secrets/get", "secrets/set"], ["Secrets Officer"]),
        (["keys/get", "keys/sign"], ["Crypto User"]),
        (["secrets/list", "keys/get", "certificates/list"], ["Reader"]),
        (["secrets/set", "keys/get", "certificates/get"], ["Reader", "Secrets Officer"]),
        (list(PERMISSIONS), ["Secrets Officer", "Crypto Officer", "Certificates Officer"]),
    ],
)
def test_no_role_more_than_needed(permissions: list[str], roles: list[str], azure_vault: Vault) -> None:
    assert built_in_roles(permissions) == [f"Key Vault {role}" for role in roles]
    command = grant_remedy(azure_vault, *permissions, rbac=True).command
    assert [role for role in ROLES if f'"{role}"' in command] == [f"Key Vault {role}" for role in roles]


#: The id of the vault; a resource group may have blanks in its name in this test, though in no Azure.
SCOPE = "/subscriptions/1/resourceGroups/rg shop/providers/Microsoft.KeyVault/vaults/kv-shop-prod"


def calls_in_bash(command: str, tmp_path: Path) -> list[list[str]]:
    """What a shell makes of the command: the arguments of every call of az, from a stand-in that answers look-ups."""
    log, az = tmp_path / "calls", tmp_path / "az"
    az.write_text(
        f"""#!/bin/sh
printf '%s\\037' "$@" >> {log}; echo >> {log}
case "$*" in
  "ad sp show "*) echo 9c1e0000-0000-4000-8000-000000000001 ;;
  *accessPolicies*secrets*) printf 'get\\nlist\\n' ;;
  "keyvault show "*--query\\ id*) echo "{SCOPE}" ;;
esac
"""
    )
    az.chmod(0o700)
    subprocess.run(["/bin/bash", "-euc", command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    return [line.split("\037")[:-1] for line in log.read_text().splitlines()]


def test_a_shell_assigns_each_role_at_the_vault(azure_vault: Vault, tmp_path: Path) -> None:
    calls = calls_in_bash(grant_remedy(azure_vault, "secrets/set", "keys/sign", rbac=True).command, tmp_path)
    assigned = ["role", "assignment", "create", "--assignee", ADMIN.client_id, "--role"]
    assert calls[1:] == [
        [*assigned, "Key Vault Crypto User", "--scope", SCOPE],
        [*assigned, "Key Vault Secrets Officer", "--scope", SCOPE],
    ]


def test_a_shell_keeps_what_the_policy_has(azure_vault: Vault, tmp_path: Path) -> None:
    remedy = grant_remedy(azure_vault, "secrets/set", "secrets/delete", "keys/sign", rbac=False)
    *lookups, last = calls_in_bash(remedy.command, tmp_path)
    assert last == [
        *("keyvault", "set-policy", "--name", "kv-shop-prod", "--spn", ADMIN.client_id),
        *("--secret-permissions", "set", "delete", "get", "list"),
        *("--key-permissions", "sign"),
    ]
    query = "properties.accessPolicies[?objectId=='9c1e0000-0000-4000-8000-000000000001'].permissions.secrets[]"
    assert query in lookups[1]


def test_the_hint_to_merge_names_the_vault_as_azure_does(olga: Client, world: World, azure: VaultClient) -> None:
    policy = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example.com")
    azure.certificates.create("own-ca", policy)
    page = olga.get("/vaults/kv-shop-prod/certificates/own-ca/operation/").content.decode()
    assert "az keyvault certificate pending merge --vault-name kv-shop-prod --name own-ca" in page
