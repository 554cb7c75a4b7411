"""The requests of the Postman collection, in an order in which they can be run: one after the other, each finds what it needs.

Each step is an operation of the catalogue; what it needs besides the operation is said here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vaults.keyvault.request_samples import BODIES
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `name`: the variable with the item's name. `version`: the one with its version, "" for the newest.

    `body`: in place of the sample. `keeps`: variables that its answer fills, each with the path of its member; a path that ends
    in "|version" names an identifier, of which only the version is kept. `note`: what to know before it is sent. `sure`: False
    if it depends on the vault or the key whether it succeeds, so that its status is not checked.
    """

    operation: str
    label: str
    name: str = ""
    version: str = ""
    body: Mapping[str, Any] | None = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    sure: bool = True


PURGE_NOTE: Final = "This can't be undone. It is refused where the vault has purge protection."
RESTORE_NOTE: Final = (
    "Outside a run, paste the value of the backup into the variable {}_backup. No item may have its name."
)
VAULT_NOTE: Final = "This replaces what the vault has: the contacts are the whole vault's."
HSM_NOTE: Final = "Only a key in hardware has this, and some regions only."
RELEASE_NOTE: Final = "It needs an exportable key with a release policy, and a token of a trusted environment."


def _common(kind: Kind, first: Sequence[Step]) -> Sequence[Step]:
    """The steps of one kind: its own ones, then those that all kinds have."""
    noun, name, version = kind.title, f"{kind}_name", f"{kind}_version"
    return (
        *first,
        Step(f"Get{noun}s", f"List {kind.collection}"),
        Step(f"Get{noun}Versions", "List versions", name),
        Step(f"Update{noun}", "Update", name, version),
        Step(f"Backup{noun}", "Back up", name, keeps={f"{kind}_backup": "value"}),
        Step(f"Delete{noun}", "Delete", name),
        Step(f"GetDeleted{noun}s", f"List deleted {kind.collection}"),
        Step(f"GetDeleted{noun}", f"Get the deleted {kind}", name),
        Step(f"RecoverDeleted{noun}", "Recover", name),
        Step(f"Delete{noun}", "Delete again", name),
        Step(f"PurgeDeleted{noun}", "Purge", name, note=PURGE_NOTE),
        Step(f"Restore{noun}", "Restore from the backup", note=RESTORE_NOTE.format(kind)),
    )


def _unsigned() -> Mapping[str, Any]:
    body = BODIES["CreateCertificate"]
    policy = {**body["policy"], "issuer": {"name": "Unknown"}}
    return {**body, "policy": policy}


_SECRETS: Final = (
    Step("SetSecret", "Set", "secret_name", keeps={"secret_version": "id|version"}),
    Step("GetSecret", "Get", "secret_name"),
    Step("GetSecret", "Get a version", "secret_name", "secret_version"),
)
_KEYS: Final = (
    Step("CreateKey", "Create", "key_name", keeps={"key_version": "key.kid|version"}),
    Step("GetKey", "Get", "key_name"),
    Step("GetKey", "Get a version", "key_name", "key_version"),
    Step("encrypt", "Encrypt", "key_name", "key_version", keeps={"ciphertext": "value"}),
    Step("decrypt", "Decrypt", "key_name", "key_version"),
    Step("sign", "Sign", "key_name", "key_version", keeps={"signature": "value"}),
    Step("verify", "Verify", "key_name", "key_version"),
    Step("wrapKey", "Wrap a key", "key_name", "key_version", keeps={"wrapped_key": "value"}),
    Step("unwrapKey", "Unwrap a key", "key_name", "key_version"),
    Step("GetKeyAttestation", "Get attestation", "key_name", "key_version", note=HSM_NOTE, sure=False),
    Step("release", "Release", "key_name", "key_version", note=RELEASE_NOTE, sure=False),
    Step("securewrapkey", "Secure wrap", "key_name", "key_version", note=HSM_NOTE, sure=False),
    Step("secureunwrapkey", "Secure unwrap", "key_name", "key_version", note=RELEASE_NOTE, sure=False),
    Step("UpdateKeyRotationPolicy", "Set the rotation policy", "key_name"),
    Step("GetKeyRotationPolicy", "Get the rotation policy", "key_name"),
    Step("RotateKey", "Rotate", "key_name"),
    Step("ImportKey", "Import", "imported_key_name", note="Fill in jwk_x, jwk_y and jwk_d, the parts of an EC key."),
)
_CERTIFICATES: Final = (
    Step("CreateCertificate", "Create", "certificate_name"),
    Step("GetCertificateOperation", "Get the pending operation", "certificate_name"),
    Step("GetCertificate", "Get", "certificate_name", keeps={"certificate_version": "id|version"}),
    Step("GetCertificate", "Get a version", "certificate_name", "certificate_version"),
    Step("GetCertificatePolicy", "Get the policy", "certificate_name"),
    Step("UpdateCertificatePolicy", "Update the policy", "certificate_name"),
    Step("ImportCertificate", "Import", "imported_certificate_name", note="Fill in pfx_base64 and pfx_password."),
    Step("CreateCertificate", "Create, to be signed elsewhere", "merged_certificate_name", body=_unsigned()),
    Step("GetCertificateOperation", "Get its CSR", "merged_certificate_name", keeps={"csr": "csr"}),
    Step("MergeCertificate", "Merge", "merged_certificate_name",
         note="Fill in signed_certificate_base64: the certificate that the CA made of the variable csr, as DER in base64."),
    Step("CreateCertificate", "Create, to be cancelled", "cancelled_certificate_name", body=_unsigned()),
    Step("UpdateCertificateOperation", "Cancel the operation", "cancelled_certificate_name"),
    Step("DeleteCertificateOperation", "Delete the operation", "cancelled_certificate_name"),
)  # fmt: skip
_ISSUERS: Final = (
    Step("SetCertificateIssuer", "Set", "issuer_name"),
    Step("GetCertificateIssuers", "List issuers"),
    Step("GetCertificateIssuer", "Get", "issuer_name"),
    Step("UpdateCertificateIssuer", "Update", "issuer_name"),
    Step("DeleteCertificateIssuer", "Delete", "issuer_name"),
)
_CONTACTS: Final = (
    Step("SetCertificateContacts", "Set", note=VAULT_NOTE),
    Step("GetCertificateContacts", "Get"),
    Step("DeleteCertificateContacts", "Delete", note="This deletes all contacts of the vault."),
)

FOLDERS: Final[Mapping[str, Sequence[Step]]] = {
    "Secrets": _common(SECRET, _SECRETS),
    "Keys": _common(KEY, _KEYS),
    "Certificates": _common(CERTIFICATE, _CERTIFICATES),
    "Issuers": _ISSUERS,
    "Contacts": _CONTACTS,
}
