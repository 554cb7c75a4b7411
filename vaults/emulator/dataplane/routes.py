"""The data plane's operations: address, permission, data action, first API version.

Key Vault REST: the operation groups Secrets, Keys and Certificates. This table is the whole of what a
vault can be asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vaults.emulator.dataplane import (
    backup,
    certificate_import,
    certificates,
    crypto,
    issuers,
    key_import,
    keys,
    pending,
    release,
    rotation,
    secrets,
)
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.versions import API_VERSIONS
from vaults.emulator.wire.http import Response
from vaults.emulator.wire.router import Router

Operation = Callable[[Call], Response]
Row = tuple[str, str, str, str, Operation] | tuple[str, str, str, str, Operation, str]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `permissions` are alternatives: each of them opens the door."""

    method: str
    template: str
    permissions: tuple[str, ...]
    data_action: str
    operation: Operation
    since: str = API_VERSIONS[0]


def _group(collection: str, *rows: Row) -> Iterator[Route]:
    """Operations below one path, whose permissions are those of one collection."""
    kind = collection.removeprefix("deleted").partition("/")[0]
    for method, path, names, data_action, operation, *since in rows:
        template = f"{collection}/{path}".rstrip("/")
        permissions = tuple(f"{kind}/{name}" for name in names.split(" "))
        yield Route(method, template, permissions, data_action, operation, *since)


def _versioned(verb: str, name: str, data_action: str, operation: Operation, since: str = "") -> Iterator[Row]:
    """Work with a key: with its newest version, or with one that is named."""
    for path in (f"{{name}}/{verb}", f"{{name}}/{{version}}/{verb}"):
        yield ("POST", path, name, data_action, operation, since or API_VERSIONS[0])


ROUTES = (
    *_group(
        "secrets",
        ("GET", "", "list", "secrets/readMetadata/action", secrets.list_secrets),
        ("PUT", "{name}", "set", "secrets/setSecret/action", secrets.set_secret),
        ("GET", "{name}", "get", "secrets/getSecret/action", secrets.get_secret),
        ("PATCH", "{name}", "set", "secrets/update/action", secrets.update_secret),
        ("DELETE", "{name}", "delete", "secrets/delete", secrets.delete_secret),
        ("GET", "{name}/versions", "list", "secrets/readMetadata/action", secrets.list_secret_versions),
        ("GET", "{name}/{version}", "get", "secrets/getSecret/action", secrets.get_secret),
        ("PATCH", "{name}/{version}", "set", "secrets/update/action", secrets.update_secret),
        ("POST", "{name}/backup", "backup", "secrets/backup/action", backup.backup_secret),
        ("POST", "restore", "restore", "secrets/restore/action", backup.restore_secret),
    ),
    *_group(
        "deletedsecrets",
        ("GET", "", "list", "secrets/readMetadata/action", secrets.list_deleted_secrets),
        ("GET", "{name}", "get", "secrets/readMetadata/action", secrets.get_deleted_secret),
        ("DELETE", "{name}", "purge", "secrets/purge/action", secrets.purge_secret),
        ("POST", "{name}/recover", "recover", "secrets/recover/action", secrets.recover_secret),
    ),
    *_group(
        "keys",
        ("GET", "", "list", "keys/read", keys.list_keys),
        ("POST", "{name}/create", "create", "keys/create/action", keys.create_key),
        ("GET", "{name}", "get", "keys/read", keys.get_key),
        ("PATCH", "{name}", "update", "keys/update/action", keys.update_key),
        ("DELETE", "{name}", "delete", "keys/delete", keys.delete_key),
        ("GET", "{name}/versions", "list", "keys/read", keys.list_key_versions),
        (
            "GET",
            "{name}/rotationpolicy",
            "getrotationpolicy",
            "keyrotationpolicies/read",
            rotation.get_rotation_policy,
            "7.3",
        ),
        (
            "PUT",
            "{name}/rotationpolicy",
            "setrotationpolicy",
            "keyrotationpolicies/write",
            rotation.set_rotation_policy,
            "7.3",
        ),
        ("GET", "{name}/attestation", "get", "keys/read", release.get_attestation, "7.6"),
        ("GET", "{name}/{version}/attestation", "get", "keys/read", release.get_attestation, "7.6"),
        ("GET", "{name}/{version}", "get", "keys/read", keys.get_key),
        ("PATCH", "{name}/{version}", "update", "keys/update/action", keys.update_key),
        ("PUT", "{name}", "import", "keys/import/action", key_import.import_key),
        ("POST", "{name}/backup", "backup", "keys/backup/action", backup.backup_key),
        ("POST", "restore", "restore", "keys/restore/action", backup.restore_key),
        ("POST", "{name}/rotate", "rotate", "keys/rotate/action", rotation.rotate_key, "7.3"),
        *_versioned("encrypt", "encrypt", "keys/encrypt/action", crypto.encrypt),
        *_versioned("decrypt", "decrypt", "keys/decrypt/action", crypto.decrypt),
        *_versioned("sign", "sign", "keys/sign/action", crypto.sign),
        *_versioned("verify", "verify", "keys/verify/action", crypto.verify),
        *_versioned("wrapkey", "wrapKey", "keys/wrap/action", crypto.wrap_key),
        *_versioned("unwrapkey", "unwrapKey", "keys/unwrap/action", crypto.unwrap_key),
        *_versioned("release", "release", "keys/release/action", release.release_key, "7.3"),
        *_versioned("securewrapkey", "wrapKey", "keys/wrap/action", release.secure_wrap_key, "2026-04-01"),
        *_versioned("secureunwrapkey", "unwrapKey", "keys/unwrap/action", release.secure_unwrap_key, "2026-04-01"),
    ),
    Route("POST", "rng", ("keys/get",), "keys/read", release.random_bytes, "7.3"),
    *_group(
        "deletedkeys",
        ("GET", "", "list", "keys/read", keys.list_deleted_keys),
        ("GET", "{name}", "get", "keys/read", keys.get_deleted_key),
        ("DELETE", "{name}", "purge", "keys/purge/action", keys.purge_key),
        ("POST", "{name}/recover", "recover", "keys/recover/action", keys.recover_key),
    ),
    *_group(
        "certificates",
        ("GET", "", "list", "certificates/read", certificates.list_certificates),
        ("GET", "contacts", "managecontacts", "certificatecontacts/write", issuers.get_contacts),
        ("PUT", "contacts", "managecontacts", "certificatecontacts/write", issuers.set_contacts),
        ("DELETE", "contacts", "managecontacts", "certificatecontacts/write", issuers.delete_contacts),
        ("GET", "issuers", "listissuers manageissuers", "certificatecas/read", issuers.list_issuers),
        ("GET", "issuers/{name}", "getissuers manageissuers", "certificatecas/read", issuers.get_issuer),
        ("PUT", "issuers/{name}", "setissuers manageissuers", "certificatecas/write", issuers.set_issuer),
        (
            "PATCH",
            "issuers/{name}",
            "setissuers manageissuers",
            "certificatecas/write",
            issuers.update_issuer,
        ),
        (
            "DELETE",
            "issuers/{name}",
            "deleteissuers manageissuers",
            "certificatecas/delete",
            issuers.delete_issuer,
        ),
        ("POST", "restore", "restore", "certificates/restore/action", backup.restore_certificate),
        ("POST", "{name}/backup", "backup", "certificates/backup/action", backup.backup_certificate),
        ("POST", "{name}/create", "create", "certificates/create/action", pending.create_certificate),
        (
            "POST",
            "{name}/import",
            "import",
            "certificates/import/action",
            certificate_import.import_certificate,
        ),
        (
            "POST",
            "{name}/pending/merge",
            "create",
            "certificates/create/action",
            certificate_import.merge_certificate,
        ),
        ("GET", "{name}", "get", "certificates/read", certificates.get_certificate),
        ("PATCH", "{name}", "update", "certificates/update/action", certificates.update_certificate),
        ("DELETE", "{name}", "delete", "certificates/delete", certificates.delete_certificate),
        ("GET", "{name}/versions", "list", "certificates/read", certificates.list_certificate_versions),
        ("GET", "{name}/policy", "get", "certificates/read", certificates.get_policy),
        ("PATCH", "{name}/policy", "update", "certificates/update/action", certificates.update_policy),
        ("GET", "{name}/pending", "get", "certificates/read", pending.get_operation),
        ("PATCH", "{name}/pending", "update", "certificates/update/action", pending.update_operation),
        ("DELETE", "{name}/pending", "update", "certificates/update/action", pending.delete_operation),
        ("GET", "{name}/{version}", "get", "certificates/read", certificates.get_certificate),
        (
            "PATCH",
            "{name}/{version}",
            "update",
            "certificates/update/action",
            certificates.update_certificate,
        ),
    ),
    *_group(
        "deletedcertificates",
        ("GET", "", "list", "certificates/read", certificates.list_deleted_certificates),
        ("GET", "{name}", "get", "certificates/read", certificates.get_deleted_certificate),
        ("DELETE", "{name}", "purge", "certificates/purge/action", certificates.purge_certificate),
        (
            "POST",
            "{name}/recover",
            "recover",
            "certificates/recover/action",
            certificates.recover_certificate,
        ),
    ),
)

ROUTER = Router((route.method, route.template, route) for route in ROUTES)
