"""How to grant missing permissions: the smallest change, and the command for it."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.text import get_text_list

from vaults import az_clouds, clients
from vaults.models import Vault

#: The access-policy permissions that the built-in roles include; roles with the fewest rights first.
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "Key Vault Reader": (
        "secrets/list", "keys/get", "keys/list", "keys/getrotationpolicy",
        "certificates/get", "certificates/list", "certificates/getissuers", "certificates/listissuers",
    ),
    "Key Vault Crypto Service Release User": ("keys/release",),
    "Key Vault Crypto Service Encryption User": ("keys/get", "keys/list", "keys/wrapKey", "keys/unwrapKey"),
    "Key Vault Secrets User": ("secrets/get", "secrets/list"),
    "Key Vault Crypto User": (
        "keys/get", "keys/list", "keys/update", "keys/backup", "keys/encrypt", "keys/decrypt", "keys/wrapKey",
        "keys/unwrapKey", "keys/sign", "keys/verify",
    ),
    "Key Vault Secrets Officer": ("secrets/*",),
    "Key Vault Crypto Officer": ("keys/*",),
    "Key Vault Certificates Officer": ("certificates/*",),
}  # fmt: skip


#: Hints before a grant is repeated; the local vault has no such delay.
SPREADING = (
    "If it has the role already: a role assigned lately takes up to 10 minutes to spread, through a group longer; and a "
    "condition on the role may leave this name out."
)
SAVED_LATELY = "If the policy has it already: a policy changed lately takes a minute or so to count."


SIGN_IN = (
    "az works in one cloud at a time: the command switches it to this vault's, where you must have signed in (az login). "
    "`az cloud set --name AzureCloud` switches back."
)


@dataclass(frozen=True, slots=True)
class Remedy:
    todo: list[str]
    command: str


def built_in_role(permission: str) -> str:
    """The smallest built-in role that includes a permission such as "secrets/set"."""
    return next(role for role in ROLES if _covers(role, permission))


def built_in_roles(permissions: Sequence[str]) -> list[str]:
    """The smallest roles that include the permissions together, without redundant ones."""
    chosen = set(map(built_in_role, permissions))
    for role in ROLES:
        others = chosen - {role}
        if all(any(_covers(other, permission) for other in others) for permission in permissions):
            chosen = others
    return [role for role in ROLES if role in chosen]


def _covers(role: str, permission: str) -> bool:
    return any(fnmatchcase(permission, pattern) for pattern in ROLES[role])


def grant_remedy(vault: Vault, *permissions: str, rbac: bool) -> Remedy:
    """The steps, and the one command, that give the permissions to the vault's service principal."""
    name = vault.name
    if data_dir := clients.local_data_dir(vault.connection):
        return _local_grant(data_dir, vault.connection.client_id, name, permissions)
    if rbac:
        remedy = _role_assignments(vault.connection.client_id, name, built_in_roles(permissions))
    else:
        remedy = _access_policy(vault.connection.client_id, name, permissions)
    sign_in = [SIGN_IN] if az_clouds.switch(vault.connection) else []
    return Remedy([*remedy.todo, *sign_in], az_clouds.in_cloud(vault.connection, remedy.command))


def _local_grant(data_dir: Path, client_id: str, name: str, permissions: Sequence[str]) -> Remedy:
    return Remedy(
        [
            f"Grant {get_text_list(list(permissions), 'and')} to the service principal on {name}. On the local Key Vault:"
        ],
        f"{_manage(data_dir)} emulator grant {shlex.quote(client_id)} {' '.join(permissions)}"
        f" --vault {shlex.quote(name)}",
    )


def _manage(data_dir: Path) -> str:
    """The manage.py command for a data directory, as typed in the project's folder."""
    python = Path(sys.executable)
    if python.is_relative_to(settings.BASE_DIR):
        python = python.relative_to(settings.BASE_DIR)
    usual = data_dir.resolve() == (settings.BASE_DIR / "var").resolve()
    where = "" if usual else f"KVPORTAL_DATA_DIR={shlex.quote(str(data_dir))} "
    return f"{where}{shlex.quote(str(python))} manage.py"


def _role_assignments(client_id: str, name: str, roles: Sequence[str]) -> Remedy:
    """One line for one role; several roles share the look-up of their scope."""
    quoted = get_text_list([f"“{role}”" for role in roles], "and")
    todo = f"The vault uses Azure roles. Assign {quoted} to the service principal."
    scope = f"$(az keyvault show --name {shlex.quote(name)} --query id --output tsv)"
    create = f"az role assignment create --assignee {shlex.quote(client_id)}"
    if len(roles) == 1:
        return Remedy([todo, SPREADING], f'{create} --role "{roles[0]}" --scope "{scope}"')
    lines = [f"scope={scope}", *(f'{create} --role "{role}" --scope "$scope"' for role in roles)]
    return Remedy([todo, SPREADING], " &&\n".join(lines))


def _access_policy(client_id: str, name: str, permissions: Sequence[str]) -> Remedy:
    """`set-policy` replaces all permissions of a kind, so the command includes those that the policy already has."""
    verbs: dict[str, list[str]] = {}
    for permission in permissions:
        kind, _, verb = permission.partition("/")
        verbs.setdefault(kind, []).append(verb)
    vault = shlex.quote(name)
    options = [
        f"--{kind.removesuffix('s')}-permissions {' '.join(of_kind)} "
        f"$(az keyvault show --name {vault} --query \"properties.accessPolicies[?objectId=='$oid'].permissions.{kind}[]\""
        " --output tsv)"
        for kind, of_kind in verbs.items()
    ]
    return Remedy(
        [
            f"The vault uses access policies. Add {get_text_list(list(permissions), 'and')} to the policy "
            "of the service principal.",
            "The command is for bash or zsh, and keeps the permissions that the policy has.",
            SAVED_LATELY,
        ],
        f"oid=$(az ad sp show --id {shlex.quote(client_id)} --query id --output tsv) &&\n"
        + " \\\n  ".join([f"az keyvault set-policy --name {vault} --spn {shlex.quote(client_id)}", *options]),
    )
