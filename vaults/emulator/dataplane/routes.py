"""The operations of the data plane; there are no others. Rows are tried in their order.

Source: Key Vault REST, operation groups Secrets, Keys and Certificates.
"""

from vaults.emulator.dataplane import backup, crypto, key_import, keys, release, rotation, secrets
from vaults.emulator.dataplane.certificate_routes import CERTIFICATE_ROUTES
from vaults.emulator.dataplane.route import Route
from vaults.emulator.wire.router import Router

ROUTES = (
    Route("GET", "secrets", ("secrets/list",), "secrets/readMetadata/action", secrets.list_secrets),
    Route("PUT", "secrets/{name}", ("secrets/set",), "secrets/setSecret/action", secrets.set_secret),
    Route("GET", "secrets/{name}", ("secrets/get",), "secrets/getSecret/action", secrets.get_secret),
    Route("PATCH", "secrets/{name}", ("secrets/set",), "secrets/update/action", secrets.update_secret),
    Route("DELETE", "secrets/{name}", ("secrets/delete",), "secrets/delete", secrets.delete_secret),
    Route(
        "GET", "secrets/{name}/versions", ("secrets/list",), "secrets/readMetadata/action", secrets.list_secret_versions
    ),
    Route("GET", "secrets/{name}/{version}", ("secrets/get",), "secrets/getSecret/action", secrets.get_secret),
    Route("PATCH", "secrets/{name}/{version}", ("secrets/set",), "secrets/update/action", secrets.update_secret),
    Route("POST", "secrets/{name}/backup", ("secrets/backup",), "secrets/backup/action", backup.backup_secret),
    Route("POST", "secrets/restore", ("secrets/restore",), "secrets/restore/action", backup.restore_secret),
    Route("GET", "deletedsecrets", ("secrets/list",), "secrets/readMetadata/action", secrets.list_deleted_secrets),
    Route("GET", "deletedsecrets/{name}", ("secrets/get",), "secrets/readMetadata/action", secrets.get_deleted_secret),
    Route("DELETE", "deletedsecrets/{name}", ("secrets/purge",), "secrets/purge/action", secrets.purge_secret),
    Route(
        "POST", "deletedsecrets/{name}/recover", ("secrets/recover",), "secrets/recover/action", secrets.recover_secret
    ),
    Route("GET", "keys", ("keys/list",), "keys/read", keys.list_keys),
    Route("POST", "keys/{name}/create", ("keys/create",), "keys/create/action", keys.create_key),
    Route("GET", "keys/{name}", ("keys/get",), "keys/read", keys.get_key),
    Route("PATCH", "keys/{name}", ("keys/update",), "keys/update/action", keys.update_key),
    Route("DELETE", "keys/{name}", ("keys/delete",), "keys/delete", keys.delete_key),
    Route("GET", "keys/{name}/versions", ("keys/list",), "keys/read", keys.list_key_versions),
    Route(
        "GET",
        "keys/{name}/rotationpolicy",
        ("keys/getrotationpolicy",),
        "keyrotationpolicies/read",
        rotation.get_rotation_policy,
        "7.3",
    ),
    Route(
        "PUT",
        "keys/{name}/rotationpolicy",
        ("keys/setrotationpolicy",),
        "keyrotationpolicies/write",
        rotation.set_rotation_policy,
        "7.3",
    ),
    Route("GET", "keys/{name}/attestation", ("keys/get",), "keys/read", release.get_attestation, "7.6"),
    Route("GET", "keys/{name}/{version}/attestation", ("keys/get",), "keys/read", release.get_attestation, "7.6"),
    Route("GET", "keys/{name}/{version}", ("keys/get",), "keys/read", keys.get_key),
    Route("PATCH", "keys/{name}/{version}", ("keys/update",), "keys/update/action", keys.update_key),
    Route("PUT", "keys/{name}", ("keys/import",), "keys/import/action", key_import.import_key),
    Route("POST", "keys/{name}/backup", ("keys/backup",), "keys/backup/action", backup.backup_key),
    Route("POST", "keys/restore", ("keys/restore",), "keys/restore/action", backup.restore_key),
    Route("POST", "keys/{name}/rotate", ("keys/rotate",), "keys/rotate/action", rotation.rotate_key, "7.3"),
    Route("POST", "keys/{name}/encrypt", ("keys/encrypt",), "keys/encrypt/action", crypto.encrypt),
    Route("POST", "keys/{name}/{version}/encrypt", ("keys/encrypt",), "keys/encrypt/action", crypto.encrypt),
    Route("POST", "keys/{name}/decrypt", ("keys/decrypt",), "keys/decrypt/action", crypto.decrypt),
    Route("POST", "keys/{name}/{version}/decrypt", ("keys/decrypt",), "keys/decrypt/action", crypto.decrypt),
    Route("POST", "keys/{name}/sign", ("keys/sign",), "keys/sign/action", crypto.sign),
    Route("POST", "keys/{name}/{version}/sign", ("keys/sign",), "keys/sign/action", crypto.sign),
    Route("POST", "keys/{name}/verify", ("keys/verify",), "keys/verify/action", crypto.verify),
    Route("POST", "keys/{name}/{version}/verify", ("keys/verify",), "keys/verify/action", crypto.verify),
    Route("POST", "keys/{name}/wrapkey", ("keys/wrapKey",), "keys/wrap/action", crypto.wrap_key),
    Route("POST", "keys/{name}/{version}/wrapkey", ("keys/wrapKey",), "keys/wrap/action", crypto.wrap_key),
    Route("POST", "keys/{name}/unwrapkey", ("keys/unwrapKey",), "keys/unwrap/action", crypto.unwrap_key),
    Route("POST", "keys/{name}/{version}/unwrapkey", ("keys/unwrapKey",), "keys/unwrap/action", crypto.unwrap_key),
    Route("POST", "keys/{name}/release", ("keys/release",), "keys/release/action", release.release_key, "7.3"),
    Route(
        "POST", "keys/{name}/{version}/release", ("keys/release",), "keys/release/action", release.release_key, "7.3"
    ),
    Route(
        "POST",
        "keys/{name}/securewrapkey",
        ("keys/wrapKey",),
        "keys/wrap/action",
        release.secure_wrap_key,
        "2026-04-01",
    ),
    Route(
        "POST",
        "keys/{name}/{version}/securewrapkey",
        ("keys/wrapKey",),
        "keys/wrap/action",
        release.secure_wrap_key,
        "2026-04-01",
    ),
    Route(
        "POST",
        "keys/{name}/secureunwrapkey",
        ("keys/unwrapKey",),
        "keys/unwrap/action",
        release.secure_unwrap_key,
        "2026-04-01",
    ),
    Route(
        "POST",
        "keys/{name}/{version}/secureunwrapkey",
        ("keys/unwrapKey",),
        "keys/unwrap/action",
        release.secure_unwrap_key,
        "2026-04-01",
    ),
    Route("POST", "rng", ("keys/get",), "keys/read", release.random_bytes, "7.3"),
    Route("GET", "deletedkeys", ("keys/list",), "keys/read", keys.list_deleted_keys),
    Route("GET", "deletedkeys/{name}", ("keys/get",), "keys/read", keys.get_deleted_key),
    Route("DELETE", "deletedkeys/{name}", ("keys/purge",), "keys/purge/action", keys.purge_key),
    Route("POST", "deletedkeys/{name}/recover", ("keys/recover",), "keys/recover/action", keys.recover_key),
    *CERTIFICATE_ROUTES,
)
ROUTER = Router((route.method, route.template, route) for route in ROUTES)
