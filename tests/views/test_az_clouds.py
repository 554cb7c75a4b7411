"""az works in one cloud at a time, the public one unless told: a command for another cloud says so first, or does nothing."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.conftest import World, move_connections
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
SWITCH = {
    "china": "az cloud set --name AzureChinaCloud &&",
    "usgov": "az cloud set --name AzureUSGovernment &&",
    "stack": "az cloud set --name stack &&",
    "our stack": "az cloud set --name 'our stack' &&",
}


def move_to(cloud: str, settings: Settings, **more: Any) -> None:
    settings.CLOUDS = {cloud: replace(settings.CLOUDS["local"], name=cloud, **more)}
    move_connections(cloud=cloud)


def as_az(page: Any) -> list[str]:
    """The az commands of a page, with what is copied of them."""
    text = page.content.decode()
    shown = re.findall(r'<div class="code as-az">\s*<pre tabindex="0">(.*?)</pre>', text, re.DOTALL)
    return [html.unescape(command) for command in shown]


@pytest.mark.parametrize("cloud", SWITCH)
def test_a_command_by_hand_goes_to_its_cloud(
    cloud: str, olga: Client, azure: VaultClient, emulator: Emulator, settings: Settings
) -> None:
    azure.keys.create("signing", kty="EC")
    move_to(cloud, settings)
    for path in ("secrets/", "keys/signing/", "access/", "secrets/none/"):
        commands = as_az(olga.get(f"{V}/{path}"))
        assert commands
        for command in commands:
            *before, switch, last = command.splitlines()
            assert switch == SWITCH[cloud]
            assert last.startswith(("az keyvault ", "az rest "))
            assert all(line.startswith("# ") for line in before)
            assert bool(before) == (cloud not in ("china", "usgov"))


def test_the_test_of_a_connection_says_its_cloud_too(olga: Client, world: World, settings: Settings) -> None:
    move_to("usgov", settings)
    commands = as_az(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert commands
    assert all(command.startswith("az cloud set --name AzureUSGovernment &&\n") for command in commands)


@pytest.mark.parametrize("model", ["policy", "roles"])
@pytest.mark.parametrize("cloud", SWITCH)
def test_a_grant_goes_to_its_cloud(
    cloud: str, model: str, olga: Client, world: World, emulator: Emulator, settings: Settings
) -> None:
    move_to(cloud, settings)
    page: Any = olga.get(f"{V}/access/grant/", {"need": ["secrets/list", "keys/create"], "model": model})
    command = page.context["grant"].remedy.command
    *before, switch, first = command.splitlines()[: 2 if cloud in ("china", "usgov") else 3]
    assert switch == SWITCH[cloud]
    assert all(line.startswith("# ") for line in before)
    assert first.endswith(("&&", '"'))
    emulator.deny("secrets/list")
    problem = olga.get(f"{V}/secrets/").context["problem"]
    assert SWITCH[cloud] in problem.command
    assert any("az login" in step for step in problem.todo)


@pytest.mark.parametrize("arm_endpoint", ["https://management.test", ""])
def test_a_cloud_of_the_file_has_to_be_made_known_to_az(
    arm_endpoint: str, olga: Client, world: World, settings: Settings
) -> None:
    move_to("stack", settings, arm_endpoint=arm_endpoint)
    note = as_az(olga.get(f"{V}/secrets/"))[0].splitlines()[0]
    assert f"az cloud register --name stack --endpoint-resource-manager {arm_endpoint or '<'}" in note


def test_no_name_in_the_file_gets_out_of_the_comment(olga: Client, world: World, settings: Settings) -> None:
    move_to("x\ny; az group delete", settings, arm_endpoint="https://a\u2028b\naz group delete")
    for command in as_az(olga.get(f"{V}/secrets/")):
        assert not [line for line in command.splitlines() if line.startswith(("y;", "b", "az group"))]


@pytest.mark.parametrize("cloud", ["local", "azure"])
def test_the_public_cloud_and_the_local_vault_need_no_switch(
    cloud: str, olga: Client, world: World, settings: Settings
) -> None:
    move_to(cloud, settings)
    assert "az cloud" not in olga.get(f"{V}/secrets/").content.decode()


def test_a_merge_by_hand_goes_to_its_cloud(
    olga: Client, azure: VaultClient, emulator: Emulator, settings: Settings
) -> None:
    azure.certificates.create("csr", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    move_to("china", settings)
    page = html.unescape(olga.get(f"{V}/certificates/csr/operation/").content.decode())
    assert "az cloud set --name AzureChinaCloud && az keyvault certificate pending merge" in page
