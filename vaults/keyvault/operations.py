"""The catalogue: every operation of the Key Vault REST API on vaults, as of api-version 2026-04-01.

`session.py` sends only operations that are in it. Names are the operation ids of Microsoft's specification. Where the
specification and the access policies have different names for a permission, the access policies' name is used.

Key Vault REST: operation groups Secrets, Keys, Certificates, Deleted...; permissions: Azure RBAC guide,
"Azure built-in roles for Key Vault data plane operations".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from vaults.azure.transport import MAX_ANSWER_BYTES

API_VERSIONS: Final = (
    "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01",
)  # fmt: skip
"""Stable versions, oldest first."""

Kind = Literal["secret", "key", "certificate", "random"]
Retry = Literal["safe", "never"]


@dataclass(frozen=True, slots=True)
class Probe:
    """How to find out without side effects whether an operation is permitted: call it for a name that does not exist.

    `allowed` are the statuses that a permitted caller gets. `sure` is False if it is not proven that a forbidden caller gets
    403 instead, or if the response covers only a part of the permission.
    """

    allowed: tuple[int, ...] = (404,)
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` may have {name} and {version}; without a version that part of the path is left out.

    `permission` is the access-policy permission, `data_action` the RBAC one, `ok` the statuses of success. `retry` is
    "safe" if the operation has the same effect when carried out twice, so that it can be repeated after a lost response.
    `secret_members` are the members of the request that may hold a value, a private key or a password, nested ones as
    "key.d": what they hold is kept out of every error. `largest_answer` is in bytes.
    """

    name: str
    kind: Kind
    method: str
    path: str
    permission: str
    data_action: str
    ok: tuple[int, ...] = (200,)
    retry: Retry = "never"
    since: str = "7.0"
    probe: Probe | None = None
    secret_members: tuple[str, ...] = ()
    largest_answer: int = MAX_ANSWER_BYTES

    def api_version(self, wanted: str) -> str:
        """The wanted api-version, or the first one with this operation if that is newer."""
        return max(wanted, self.since, key=API_VERSIONS.index)


_LISTED: Final = Probe(allowed=(200,), query={"maxresults": "1"})
_ABSENT: Final = Probe()
_VALUE: Final = ("value",)
LARGEST_BLOB: Final = 8_000_000
"""In bytes. Key Vault documents no limit but 500 versions; recorded blobs have 3 to 43 kB, and grow with the versions."""
_LARGEST_BACKUP: Final = LARGEST_BLOB * 4 // 3 + 10_000
"""In bytes: the blob as base64url, and the JSON around it."""
_PRIVATE_PARTS: Final = tuple(f"key.{part}" for part in ("d", "dp", "dq", "qi", "p", "q", "k", "key_hsm"))
_DIGEST: Final = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")


def _unproven(body: Mapping[str, Any] | None = None, *allowed: int) -> Probe:
    return Probe(allowed=allowed or (404,), body=body, sure=False)


def _secret(name: str, method: str, path: str, permission: str, data_action: str, **more: Any) -> Operation:
    return _operation(name, "secret", method, path, f"secrets/{permission}", f"secrets/{data_action}", **more)


def _key(name: str, method: str, path: str, permission: str, data_action: str, **more: Any) -> Operation:
    return _operation(name, "key", method, path, f"keys/{permission}", data_action, **more)


def _certificate(name: str, method: str, path: str, permission: str, data_action: str, **more: Any) -> Operation:
    return _operation(name, "certificate", method, path, f"certificates/{permission}", data_action, **more)


def _operation(
    name: str, kind: Kind, method: str, path: str, permission: str, data_action: str, **more: Any
) -> Operation:
    more.setdefault("retry", "safe" if method == "GET" else "never")
    return Operation(name, kind, method, path, permission, f"Microsoft.KeyVault/vaults/{data_action}", **more)


_SECRETS = (
    _secret("SetSecret", "PUT", "/secrets/{name}", "set", "setSecret/action", secret_members=_VALUE),
    _secret("GetSecret", "GET", "/secrets/{name}/{version}", "get", "getSecret/action", probe=_ABSENT),
    _secret("UpdateSecret", "PATCH", "/secrets/{name}/{version}", "set", "update/action",
            probe=_unproven({"tags": {}})),
    _secret("GetSecrets", "GET", "/secrets", "list", "readMetadata/action", probe=_LISTED),
    _secret("GetSecretVersions", "GET", "/secrets/{name}/versions", "list", "readMetadata/action"),
    _secret("DeleteSecret", "DELETE", "/secrets/{name}", "delete", "delete", probe=_ABSENT),
    _secret("BackupSecret", "POST", "/secrets/{name}/backup", "backup", "backup/action",
            retry="safe", probe=_unproven(), largest_answer=_LARGEST_BACKUP),
    _secret("RestoreSecret", "POST", "/secrets/restore", "restore", "restore/action",
            probe=_unproven({"value": "AAAA"}, 400), secret_members=_VALUE),
    _secret("GetDeletedSecrets", "GET", "/deletedsecrets", "list", "readMetadata/action"),
    _secret("GetDeletedSecret", "GET", "/deletedsecrets/{name}", "get", "readMetadata/action"),
    _secret("RecoverDeletedSecret", "POST", "/deletedsecrets/{name}/recover", "recover", "recover/action",
            probe=_unproven()),
    _secret("PurgeDeletedSecret", "DELETE", "/deletedsecrets/{name}", "purge", "purge/action",
            ok=(204,), probe=_unproven()),
)  # fmt: skip

_KEYS = (
    _key("CreateKey", "POST", "/keys/{name}/create", "create", "keys/create/action"),
    _key("ImportKey", "PUT", "/keys/{name}", "import", "keys/import/action", secret_members=_PRIVATE_PARTS),
    _key("GetKey", "GET", "/keys/{name}/{version}", "get", "keys/read", probe=_ABSENT),
    _key("UpdateKey", "PATCH", "/keys/{name}/{version}", "update", "keys/update/action",
         probe=_unproven({"tags": {}})),
    _key("GetKeys", "GET", "/keys", "list", "keys/read", probe=_LISTED),
    _key("GetKeyVersions", "GET", "/keys/{name}/versions", "list", "keys/read"),
    _key("DeleteKey", "DELETE", "/keys/{name}", "delete", "keys/delete", probe=_ABSENT),
    _key("BackupKey", "POST", "/keys/{name}/backup", "backup", "keys/backup/action",
         retry="safe", probe=_unproven(), largest_answer=_LARGEST_BACKUP),
    _key("RestoreKey", "POST", "/keys/restore", "restore", "keys/restore/action",
         probe=_unproven({"value": "AAAA"}, 400), secret_members=_VALUE),
    _key("GetDeletedKeys", "GET", "/deletedkeys", "list", "keys/read"),
    _key("GetDeletedKey", "GET", "/deletedkeys/{name}", "get", "keys/read"),
    _key("RecoverDeletedKey", "POST", "/deletedkeys/{name}/recover", "recover", "keys/recover/action",
         probe=_ABSENT),
    _key("PurgeDeletedKey", "DELETE", "/deletedkeys/{name}", "purge", "keys/purge/action",
         ok=(204,), probe=_unproven()),
    _key("encrypt", "POST", "/keys/{name}/{version}/encrypt", "encrypt", "keys/encrypt/action",
         retry="safe", probe=_unproven({"alg": "RSA-OAEP", "value": "AA"}), secret_members=("value", "iv", "tag", "aad")),
    _key("decrypt", "POST", "/keys/{name}/{version}/decrypt", "decrypt", "keys/decrypt/action",
         retry="safe", probe=_unproven({"alg": "RSA-OAEP", "value": "AA"}), secret_members=("value", "iv", "tag", "aad")),
    _key("sign", "POST", "/keys/{name}/{version}/sign", "sign", "keys/sign/action",
         retry="safe", probe=_unproven({"alg": "RS256", "value": _DIGEST}), secret_members=_VALUE),
    _key("verify", "POST", "/keys/{name}/{version}/verify", "verify", "keys/verify/action",
         retry="safe", probe=_unproven({"alg": "RS256", "digest": _DIGEST, "value": "AA"}), secret_members=("digest", "value")),
    _key("wrapKey", "POST", "/keys/{name}/{version}/wrapkey", "wrapKey", "keys/wrap/action",
         retry="safe", probe=_unproven({"alg": "RSA-OAEP", "value": "AA"}), secret_members=("value", "iv", "tag", "aad")),
    _key("unwrapKey", "POST", "/keys/{name}/{version}/unwrapkey", "unwrapKey", "keys/unwrap/action",
         retry="safe", probe=_unproven({"alg": "RSA-OAEP", "value": "AA"}), secret_members=("value", "iv", "tag", "aad")),
    _key("RotateKey", "POST", "/keys/{name}/rotate", "rotate", "keys/rotate/action",
         since="7.3", probe=_ABSENT),
    _key("GetKeyRotationPolicy", "GET", "/keys/{name}/rotationpolicy", "getrotationpolicy",
         "keyrotationpolicies/read", since="7.3", probe=_unproven()),
    _key("UpdateKeyRotationPolicy", "PUT", "/keys/{name}/rotationpolicy", "setrotationpolicy",
         "keyrotationpolicies/write", since="7.3", probe=_unproven({"lifetimeActions": []}, 404, 400)),
    _key("release", "POST", "/keys/{name}/{version}/release", "release", "keys/release/action",
         retry="safe", since="7.3", probe=_unproven({"target": "x"}, 404, 400), secret_members=("target",)),
    _key("GetKeyAttestation", "GET", "/keys/{name}/{version}/attestation", "get", "keys/read", since="7.6"),
    _key("securewrapkey", "POST", "/keys/{name}/{version}/securewrapkey", "wrapKey", "keys/wrap/action",
         retry="safe", since="2026-04-01", secret_members=("value", "target")),
    _key("secureunwrapkey", "POST", "/keys/{name}/{version}/secureunwrapkey", "unwrapKey",
         "keys/unwrap/action", retry="safe", since="2026-04-01", secret_members=("value", "target")),
)  # fmt: skip

_CERTIFICATES = (
    _certificate("CreateCertificate", "POST", "/certificates/{name}/create", "create",
                 "certificates/create/action", ok=(202,)),
    _certificate("ImportCertificate", "POST", "/certificates/{name}/import", "import",
                 "certificates/import/action", secret_members=("value", "pwd")),
    _certificate("GetCertificate", "GET", "/certificates/{name}/{version}", "get", "certificates/read",
                 probe=_ABSENT),
    _certificate("UpdateCertificate", "PATCH", "/certificates/{name}/{version}", "update",
                 "certificates/update/action", probe=_unproven({"tags": {}})),
    _certificate("GetCertificates", "GET", "/certificates", "list", "certificates/read", probe=_LISTED),
    _certificate("GetCertificateVersions", "GET", "/certificates/{name}/versions", "list",
                 "certificates/read"),
    _certificate("DeleteCertificate", "DELETE", "/certificates/{name}", "delete", "certificates/delete",
                 probe=_ABSENT),
    _certificate("GetCertificatePolicy", "GET", "/certificates/{name}/policy", "get", "certificates/read"),
    _certificate("UpdateCertificatePolicy", "PATCH", "/certificates/{name}/policy", "update",
                 "certificates/update/action"),
    _certificate("BackupCertificate", "POST", "/certificates/{name}/backup", "backup",
                 "certificates/backup/action", retry="safe", probe=_unproven(), largest_answer=_LARGEST_BACKUP),
    _certificate("RestoreCertificate", "POST", "/certificates/restore", "restore",
                 "certificates/restore/action", probe=_unproven({"value": "AAAA"}, 400), secret_members=_VALUE),
    _certificate("GetCertificateOperation", "GET", "/certificates/{name}/pending", "get",
                 "certificates/read"),
    _certificate("UpdateCertificateOperation", "PATCH", "/certificates/{name}/pending", "update",
                 "certificates/update/action"),
    _certificate("DeleteCertificateOperation", "DELETE", "/certificates/{name}/pending", "update",
                 "certificates/update/action"),
    _certificate("MergeCertificate", "POST", "/certificates/{name}/pending/merge", "create",
                 "certificates/create/action", ok=(201,), probe=_unproven({"x5c": []}, 404, 400)),
    _certificate("GetCertificateContacts", "GET", "/certificates/contacts", "managecontacts",
                 "certificatecontacts/write", probe=Probe(allowed=(200, 404))),
    _certificate("SetCertificateContacts", "PUT", "/certificates/contacts", "managecontacts",
                 "certificatecontacts/write"),
    _certificate("DeleteCertificateContacts", "DELETE", "/certificates/contacts", "managecontacts",
                 "certificatecontacts/write"),
    _certificate("GetCertificateIssuers", "GET", "/certificates/issuers", "listissuers",
                 "certificatecas/read", probe=_LISTED),
    _certificate("GetCertificateIssuer", "GET", "/certificates/issuers/{name}", "getissuers",
                 "certificatecas/read", probe=_ABSENT),
    _certificate("SetCertificateIssuer", "PUT", "/certificates/issuers/{name}", "setissuers",
                 "certificatecas/write", secret_members=("credentials.pwd",)),
    _certificate("UpdateCertificateIssuer", "PATCH", "/certificates/issuers/{name}", "setissuers",
                 "certificatecas/write", probe=_unproven({}), secret_members=("credentials.pwd",)),
    _certificate("DeleteCertificateIssuer", "DELETE", "/certificates/issuers/{name}", "deleteissuers",
                 "certificatecas/delete", probe=_unproven()),
    _certificate("GetDeletedCertificates", "GET", "/deletedcertificates", "list", "certificates/read"),
    _certificate("GetDeletedCertificate", "GET", "/deletedcertificates/{name}", "get", "certificates/read"),
    _certificate("RecoverDeletedCertificate", "POST", "/deletedcertificates/{name}/recover", "recover",
                 "certificates/recover/action", probe=_ABSENT),
    _certificate("PurgeDeletedCertificate", "DELETE", "/deletedcertificates/{name}", "purge",
                 "certificates/purge/action", ok=(204,), probe=_unproven()),
)  # fmt: skip

_RANDOM = (
    # Supported by Managed HSM only, which has its own permissions; included because it is in the specification.
    Operation("GetRandomBytes", "random", "POST", "/rng", "", "", retry="safe", since="7.3"),
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.name: operation for operation in (*_SECRETS, *_KEYS, *_CERTIFICATES, *_RANDOM)
}

ABSENT_CODES: Final = frozenset(
    f"{noun}NotFound"
    for noun in ("Secret", "Key", "Certificate", "PendingCertificate", "CertificateIssuer", "Contacts")
)
"""The values of `error.code` in a 404 about an item of any name. Every recorded 404 has one of these."""
