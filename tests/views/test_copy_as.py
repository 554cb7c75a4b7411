"""References to a secret for other tools: what they say, and that nothing of a name breaks out of its quotes."""

import json
import re
import shlex

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, signed_in
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Vault
from vaults.permissions import Role
from vaults.web.copy_as import references

V = "/vaults/kv-shop-prod"
VERSION = "0123456789abcdef0123456789abcdef"
HOSTS = {
    "azure": "kv-shop.vault.azure.net",
    "china": "kv-shop.vault.azure.cn",
    "usgov": "kv-shop.vault.usgovcloudapi.net",
}
HOSTILE = [
    "'; rm -rf /; '",
    '"$(id)`id`',
    "a\nb: c",
    "${var.x}%{if}",
    "a'\\${x}\\",
    ")/x",
    "ключ",
    "-leading",
    "1st",
    "\u202e",
    "",
]


def of(vault: Vault, name: str, version: str = "") -> dict[str, str]:
    return {reference.label: reference.text for reference in references(vault, name, version)}


@pytest.fixture
def vault(world: World) -> Vault:
    return world.vault


@pytest.mark.parametrize("cloud", HOSTS)
def test_each_cloud_has_its_addresses(vault: Vault, cloud: str) -> None:
    vault.cloud, vault.host, vault.name = cloud, HOSTS[cloud], "kv-shop"
    current, pinned = of(vault, "api-key"), of(vault, "api-key", VERSION)
    address = f"https://{HOSTS[cloud]}/secrets/api-key"
    assert current["App Service and Functions"] == f"@Microsoft.KeyVault(SecretUri={address})"
    assert pinned["App Service and Functions"] == f"@Microsoft.KeyVault(SecretUri={address}/{VERSION})"
    assert current["az"] == f"az keyvault secret show --id {address} --query value --output tsv"
    assert current["Line of a shell"] == f'export API_KEY="$({current["az"]})"'
    assert f"vault.getSecret('api-key', '{VERSION}')" in pinned["Bicep"]
    assert f'version      = "{VERSION}"' in pinned["Terraform"]
    assert f'objectVersion: "{VERSION}"' in pinned["Kubernetes, mounted"]
    assert f"tenantId: {json.dumps(str(vault.connection.tenant_id))}" in current["Kubernetes, mounted"]
    assert f'version: "{VERSION}"' in pinned["Kubernetes, as a Secret"]
    assert all(VERSION not in text for text in current.values())


@pytest.mark.parametrize(
    ("cloud", "environment"), [("azure", "PublicCloud"), ("china", "ChinaCloud"), ("usgov", "USGovernmentCloud")]
)
def test_the_external_secret_names_store_vault_and_secret(vault: Vault, cloud: str, environment: str) -> None:
    vault.cloud, vault.host, vault.name = cloud, HOSTS[cloud], "kv-shop"
    store, secret = of(vault, "Api-Key")["Kubernetes, as a Secret"].split("\n---\n")
    assert (
        store.count("apiVersion: external-secrets.io/v1\n") == secret.count("apiVersion: external-secrets.io/v1\n") == 1
    )
    assert f'vaultUrl: "https://{HOSTS[cloud]}"\n      environmentType: {environment}\n' in store
    assert '    name: "kv-shop"\n  data:\n    - secretKey: "api-key"\n      remoteRef:\n' in secret
    assert secret.endswith('        key: "secret/Api-Key"')


def test_a_cloud_that_the_driver_does_not_know_has_no_reference_for_it(vault: Vault) -> None:
    assert not [label for label in of(vault, "api") if "Kubernetes" in label]
    assert len(of(vault, "api")) == 5


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_in_its_quotes(vault: Vault, name: str) -> None:
    vault.cloud = "azure"
    found = of(vault, name)
    words = shlex.split(found["az"])
    assert words[:5] == ["az", "keyvault", "secret", "show", "--id"]
    assert words[6:] == ["--query", "value", "--output", "tsv"]
    variable, inner = re.fullmatch(r'export ([A-Z_][A-Z0-9_]*)="\$\((.*)\)"', found["Line of a shell"]).groups()  # type: ignore[union-attr]
    assert variable
    assert inner == found["az"]
    assert not set("'\"`$ \n;") & set(words[5])
    assert re.fullmatch(r"@Microsoft\.KeyVault\(SecretUri=[^\s()]*\)", found["App Service and Functions"])
    [line] = [line for line in found["Kubernetes, mounted"].splitlines() if "objectName" in line]
    assert json.loads(line.partition(": ")[2]) == name
    assert found["Kubernetes, mounted"].count("\n") == of(vault, "plain")["Kubernetes, mounted"].count("\n")
    external = found["Kubernetes, as a Secret"].splitlines()
    assert json.loads(external[-1].partition(": ")[2]) == f"secret/{name}"
    assert len(external) == len(of(vault, "plain")["Kubernetes, as a Secret"].splitlines())
    hcl = found["Terraform"].splitlines()[1].partition(" = ")[2]
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", hcl)
    assert json.loads(hcl.replace("$${", "${").replace("%%{", "%{")) == name
    bicep = found["Bicep"].splitlines()[-1]
    assert re.fullmatch(r"// in the module's params: secret: vault\.getSecret\('(?:[^'\\$]|\\.)*'\)", bicep)


def test_the_page_has_both_and_no_value(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    first = azure.secrets.set("api", "the-hidden-value").version
    emulator.clock.advance(3)
    azure.secrets.set("api", "the-hidden-value")
    for client in (olga, signed_in(world.members[Role.VIEWER])):
        page = client.get(f"{V}/secrets/api/versions/{first}/")
        words = text_of(page)
        assert "Copy as" in words
        assert "/secrets/api)" in words
        assert f"/secrets/api/{first})" in words
        assert "the-hidden-value" not in page.content.decode()


def test_a_revealed_value_is_in_no_reference(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("api", "the-hidden-value")
    page = olga.post(f"{V}/secrets/api/reveal/", {"version": ""})
    assert page.content.decode().count("the-hidden-value") == 1
    assert "Copy as" in text_of(page)
