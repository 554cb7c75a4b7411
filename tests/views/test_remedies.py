"""A refusal of Azure names what is missing, for whom, and the smallest step that grants it; access policies and roles."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.clouds import AZURE_CLOUDS
from vaults.keyvault.operations import OPERATIONS
from vaults.models import Connection, Vault
from vaults.remedies import built_in_role, grant_remedy

SECRETS = "/vaults/kv-shop-prod/secrets/"


def refusal(message: str, inner_code: str) -> dict[str, Any]:
    return {"error": {"code": "Forbidden", "message": message, "innererror": {"code": inner_code}}}


@pytest.fixture
def azure_vault(world: World, emulator: Emulator, settings: Settings) -> Vault:
    """The vault as one of Azure's public cloud."""
    public = next(iter(AZURE_CLOUDS))
    settings.CLOUDS = {public: settings.CLOUDS["local"]}
    Connection.objects.update(cloud=public)
    return Vault.objects.select_related("connection").get(pk=world.vault.pk)


def test_access_policies(olga: Client, azure_vault: Vault, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    shown = text_of(olga.get(SECRETS))
    assert "Azure refused: secrets/list is missing" in shown
    assert (
        f"({ADMIN.client_id}), object ID {ADMIN.object_id}, lacks the permission secrets/list on kv-shop-prod" in shown
    )
    assert f"az keyvault set-policy --name kv-shop-prod --spn {ADMIN.client_id} --secret-permissions list" in shown


def test_roles(olga: Client, azure_vault: Vault, emulator: Emulator) -> None:
    message = "Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/readMetadata'"
    emulator.answer_next(403, refusal(message, "ForbiddenByRbac"))
    shown = text_of(olga.get(SECRETS))
    assert "secrets/list is missing" in shown
    assert "Key Vault Reader" in shown
    assert f"az role assignment create --assignee {ADMIN.client_id}" in shown


@pytest.mark.parametrize("stored", ["KV-Shop-Prod", "https://kv-shop-prod.vault.test/", "kv-shop-prod.vault.test:443"])
def test_the_command_names_the_vault_as_azure_does(stored: str, azure_vault: Vault) -> None:
    azure_vault.name = stored
    for rbac in (True, False):
        assert "--name kv-shop-prod " in grant_remedy(azure_vault, "secrets/set", rbac=rbac).command


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
