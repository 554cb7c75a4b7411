"""How a missing permission is granted: the smallest change, and the command that makes it."""

from dataclasses import dataclass

from vaults import clients
from vaults.keyvault.clouds import AZURE_CLOUDS
from vaults.models import Vault

#: The built-in role with the fewest rights that holds an access-policy permission's data action.
BUILT_IN_ROLES: dict[str, str] = {
    "secrets/get": "Key Vault Secrets User",
    "secrets/list": "Key Vault Reader",
    "keys/get": "Key Vault Reader",
    "keys/list": "Key Vault Reader",
    "keys/update": "Key Vault Crypto User",
    "keys/backup": "Key Vault Crypto User",
    "keys/encrypt": "Key Vault Crypto User",
    "keys/decrypt": "Key Vault Crypto User",
    "keys/sign": "Key Vault Crypto User",
    "keys/verify": "Key Vault Crypto User",
    "keys/wrapKey": "Key Vault Crypto Service Encryption User",
    "keys/unwrapKey": "Key Vault Crypto Service Encryption User",
    "keys/release": "Key Vault Crypto Service Release User",
    "certificates/get": "Key Vault Reader",
    "certificates/list": "Key Vault Reader",
}
OFFICERS = {
    "secrets": "Key Vault Secrets Officer",
    "keys": "Key Vault Crypto Officer",
    "certificates": "Key Vault Certificates Officer",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    todo: list[str]
    command: str


def built_in_role(permission: str) -> str:
    """The smallest built-in role that covers a permission such as "secrets/set"."""
    return BUILT_IN_ROLES.get(permission) or OFFICERS[permission.partition("/")[0]]


def grant_remedy(vault: Vault, permission: str, *, rbac: bool) -> Remedy:
    """What to do, and with which command, so that the vault's service principal gets the permission."""
    kind, _, verb = permission.partition("/")
    client_id = vault.connection.client_id
    name = clients.vault_name(vault.connection, vault.name)
    if vault.connection.cloud not in AZURE_CLOUDS:
        return Remedy(
            [f"Grant {permission} to the service principal on {name}. On the local Key Vault:"],
            f".venv/bin/python manage.py emulator grant {client_id} {permission} --vault {name}",
        )
    if rbac:
        role = built_in_role(permission)
        return Remedy(
            [f"The vault uses Azure roles. Assign “{role}” to the service principal; it takes some minutes to spread."],
            f'az role assignment create --assignee {client_id} --role "{role}" '
            f"--scope $(az keyvault show --name {name} --query id --output tsv)",
        )
    flag = {"secrets": "secret", "keys": "key", "certificates": "certificate"}[kind]
    return Remedy(
        [
            f"The vault uses access policies. Add {permission} to the policy of the service principal.",
            f"The command sets the whole list of {flag} permissions: name the ones it has, too.",
        ],
        f"az keyvault set-policy --name {name} --spn {client_id} --{flag}-permissions {verb} …",
    )
