"""The built-in roles of Azure that matter to Key Vault. Source: Azure built-in roles for Security."""

from dataclasses import dataclass

PREFIX = "Microsoft.KeyVault/vaults/"


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition: what it allows on the management plane and on the data of vaults."""

    id: str
    name: str
    description: str
    data_actions: tuple[str, ...]
    actions: tuple[str, ...] = (f"{PREFIX}read",)
    not_actions: tuple[str, ...] = ()


def _data(*names: str) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{name}" for name in names)


ROLES = (
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Perform all data plane operations on a key vault and all objects in it.",
        _data("*"),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Read metadata of key vaults and their certificates, keys and secrets. Cannot read secret values.",
        _data("*/read", "secrets/readMetadata/action"),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "Perform any action on the secrets of a key vault, except manage permissions.",
        _data("secrets/*"),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Read secret contents.",
        _data("secrets/getSecret/action", "secrets/readMetadata/action"),
    ),
    Role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        "Perform any action on the keys of a key vault, except manage permissions.",
        _data("keys/*", "keyrotationpolicies/*"),
    ),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Perform cryptographic operations using keys.",
        _data(
            "keys/read",
            "keys/update/action",
            "keys/backup/action",
            "keys/encrypt/action",
            "keys/decrypt/action",
            "keys/wrap/action",
            "keys/unwrap/action",
            "keys/sign/action",
            "keys/verify/action",
        ),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Read metadata of keys and perform wrap/unwrap operations.",
        _data("keys/read", "keys/wrap/action", "keys/unwrap/action"),
    ),
    Role(
        "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
        "Key Vault Crypto Service Release User",
        "Release keys.",
        _data("keys/release/action"),
    ),
    Role(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        "Perform any action on the certificates of a key vault, except manage permissions.",
        _data("certificatecas/*", "certificates/*", "certificatecontacts/write"),
    ),
    Role(
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
        "Key Vault Certificate User",
        "Read certificate contents.",
        _data("certificates/read", "secrets/getSecret/action", "secrets/readMetadata/action", "keys/read"),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Manage key vaults, but not access to them and not their content.",
        (),
        ("Microsoft.KeyVault/*",),
        ("Microsoft.KeyVault/locations/deletedVaults/purge/action",),
    ),
    Role(
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        "Key Vault Purge Operator",
        "Purge deleted key vaults.",
        (),
        (
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/locations/operationResults/read",
        ),
    ),
    Role(
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        "Key Vault Data Access Administrator",
        "Manage access to key vaults by assigning the Key Vault roles.",
        (),
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            f"{PREFIX}read",
        ),
    ),
    Role(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        "Full access to manage all resources, including the ability to assign roles.",
        (),
        ("*",),
    ),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Full access to manage all resources, but not to assign roles.",
        (),
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
        ),
    ),
    Role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Reader",
        "View all resources, but does not allow you to make any changes.",
        (),
        ("*/read",),
    ),
)


def find_role(identifier: str) -> Role | None:
    """A role by its id or name."""
    return next((role for role in ROLES if identifier.lower() in (role.id, role.name.lower())), None)
