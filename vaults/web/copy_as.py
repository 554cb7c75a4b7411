"""References to a secret, to be copied: how other tools ask for it. None has the value.

Sources: Azure CLI reference, az keyvault secret show. App Service, "Use Key Vault references" (SecretUri, version optional).
Secrets Store CSI driver, provider for Azure: SecretProviderClass. External Secrets Operator, "Azure Key Vault" (azurekv,
environmentType, remoteRef.key with the prefix secret/). Azure Resource Manager, "Use Azure Key Vault to pass a secret as a
parameter during Bicep deployment": getSecret stands in a module's params only. Terraform, provider azurerm: data source and
ephemeral resource azurerm_key_vault_secret, both with name, key_vault_id and version. Text from the vault is quoted for each.
"""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from vaults.keyvault.types import SecretProperties
from vaults.models import Vault

#: The names of Azure's own clouds in the Secrets Store CSI driver. It knows no others.
CSI_CLOUDS: Final = {"azure": "AzurePublicCloud", "china": "AzureChinaCloud", "usgov": "AzureUSGovernmentCloud"}
#: The same in the External Secrets Operator.
ESO_CLOUDS: Final = {"azure": "PublicCloud", "china": "ChinaCloud", "usgov": "USGovernmentCloud"}
#: Longest name of a Kubernetes object that is used as a label, too.
_LONGEST_LABEL: Final = 63


@dataclass(frozen=True, slots=True)
class Reference:
    """`note`: a sentence about its use, or ""."""

    label: str
    text: str
    note: str = ""


def references_to(vault: Vault, shown: SecretProperties) -> dict[str, Sequence[Reference]]:
    """Those to whichever version is current ("current"), and to the shown one ("pinned") if its id is known."""
    found = {"current": references(vault, shown.name)}
    return found | ({"pinned": references(vault, shown.name, shown.version)} if shown.version else {})


def references(vault: Vault, name: str, version: str = "") -> Sequence[Reference]:
    """References to a version of a secret; without a version, to whichever is current when it is asked for."""
    address = "/".join(
        [f"https://{vault.host}", "secrets", quote(name, safe=""), *([quote(version, safe="")] if version else [])]
    )
    show = f"az keyvault secret show --id {shlex.quote(address)} --query value --output tsv"
    return [
        Reference("az", show, "It prints the value."),
        Reference(
            "Line of a shell", f'export {_variable(name)}="$({show})"', "For a script: the value is read when it runs."
        ),
        Reference(
            "App Service and Functions",
            f"@Microsoft.KeyVault(SecretUri={address})",
            "As the value of an app setting; the app's identity needs the right to get secrets. "
            + ("The version stays." if version else "A new version is taken up within 24 hours."),
        ),
        *_kubernetes(vault, name, version),
        Reference(
            "Bicep",
            _bicep(vault, name, version),
            "For a parameter of a module that is marked @secure(). The vault must allow template deployments; if it is in "
            "another resource group, its resource needs scope: resourceGroup(…).",
        ),
        Reference(
            "Terraform",
            _terraform(name, version),
            "Terraform keeps the value in its state. From Terraform 1.10 on, write ephemeral in place of data, and it does not.",
        ),
    ]


def _kubernetes(vault: Vault, name: str, version: str) -> Sequence[Reference]:
    """None for a cloud that the two do not know."""
    if vault.cloud not in CSI_CLOUDS:
        return ()
    return (
        Reference(
            "Kubernetes, mounted", _csi(vault, name, version), "For the Secrets Store CSI driver, which mounts it."
        ),
        Reference(
            "Kubernetes, as a Secret",
            _external_secret(vault, name, version),
            "For the External Secrets Operator, which copies the value into a Secret of the cluster.",
        ),
    )


def _variable(name: str) -> str:
    """A name for an environment variable."""
    plain = re.sub(r"[^0-9A-Za-z]", "_", name).upper()
    return f"_{plain}" if plain[:1].isdigit() or not plain else plain


def _label(name: str) -> str:
    """A name for a Kubernetes object."""
    return re.sub(r"[^0-9a-z]+", "-", name.lower())[:_LONGEST_LABEL].strip("-") or "secret"


def _yaml(text: str) -> str:
    """A quoted string of YAML, which takes those of JSON."""
    return json.dumps(text)


def _csi(vault: Vault, name: str, version: str) -> str:
    # `objects` is a text that holds YAML, so its strings are quoted in it, on one line each.
    pinned = [f"          objectVersion: {_yaml(version)}"] if version else []
    return "\n".join(
        [
            "apiVersion: secrets-store.csi.x-k8s.io/v1",
            "kind: SecretProviderClass",
            "metadata:",
            f"  name: {_yaml(_label(name))}",
            "spec:",
            "  provider: azure",
            "  parameters:",
            f"    keyvaultName: {_yaml(vault.name)}",
            f"    cloudName: {_yaml(CSI_CLOUDS[vault.cloud])}",
            f"    tenantId: {_yaml(str(vault.connection.tenant_id))}",
            '    clientID: "ID of the identity that reads it"',
            "    objects: |",
            "      array:",
            "        - |",
            f"          objectName: {_yaml(name)}",
            "          objectType: secret",
            *pinned,
        ]
    )


def _external_secret(vault: Vault, name: str, version: str) -> str:
    pinned = [f"        version: {_yaml(version)}"] if version else []
    return "\n".join(
        [
            "apiVersion: external-secrets.io/v1",
            "kind: SecretStore",
            "metadata:",
            f"  name: {_yaml(_label(vault.name))}",
            "spec:",
            "  provider:",
            "    azurekv:",
            f"      vaultUrl: {_yaml(f'https://{vault.host}')}",
            f"      environmentType: {ESO_CLOUDS[vault.cloud]}",
            "      authType: WorkloadIdentity",
            "      serviceAccountRef:",
            '        name: "service account of the identity that reads it"',
            "---",
            "apiVersion: external-secrets.io/v1",
            "kind: ExternalSecret",
            "metadata:",
            f"  name: {_yaml(_label(name))}",
            "spec:",
            "  refreshInterval: 1h",
            "  secretStoreRef:",
            "    kind: SecretStore",
            f"    name: {_yaml(_label(vault.name))}",
            "  data:",
            f"    - secretKey: {_yaml(_label(name))}",
            "      remoteRef:",
            f"        key: {_yaml(f'secret/{name}')}",
            *pinned,
        ]
    )


def _bicep(vault: Vault, name: str, version: str) -> str:
    pinned = f", {_bicep_text(version)}" if version else ""
    return "\n".join(
        [
            "resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {",
            f"  name: {_bicep_text(vault.name)}",
            "}",
            "",
            f"// in the module's params: secret: vault.getSecret({_bicep_text(name)}{pinned})",
        ]
    )


def _bicep_text(text: str) -> str:
    marks = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "$": "\\$"}
    return "'" + "".join(marks.get(mark, mark) for mark in text) + "'"


def _terraform(name: str, version: str) -> str:
    pinned = [f"  version      = {_hcl(version)}"] if version else []
    label = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "secret"
    return "\n".join(
        [
            f'data "azurerm_key_vault_secret" "{"_" if label[0].isdigit() else ""}{label}" {{',
            f"  name         = {_hcl(name)}",
            *pinned,
            "  key_vault_id = var.key_vault_id",
            "}",
        ]
    )


def _hcl(text: str) -> str:
    """A quoted string of HCL: as in JSON, without templates."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
