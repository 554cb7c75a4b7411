"""What the form of a page sends to Key Vault, for the page's "By hand": each act is told before it is done.

The page after a form tells of its own requests only, so the form's page tells of the form's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vaults import access, clients, problems
from vaults.actors import Actor
from vaults.keyvault.operations import OPERATIONS, Operation
from vaults.keyvault.paths import path_of
from vaults.keyvault.request_samples import BODIES
from vaults.keyvault.session import Exchange
from vaults.kinds import KINDS, SECRET
from vaults.models import Vault
from vaults.permissions import Action

#: In the place of a name or a version that is typed into the form or chosen by it: words that no shell and no curl changes.
NAME, VERSION = "NAME", "VERSION"
_NO_VERSION: Final = "0" * 32
#: What will be sent, without a status, and a sample of its body.
Request = tuple[Exchange, Mapping[str, Any] | None]

#: By the name of a page's URL: the operations that its form sends, in their order.
OPERATIONS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "secret_new": ("SetSecret",),
    "secret_new_version": ("SetSecret",),
    "secret_detail": ("GetSecret",),
    "secret_version": ("GetSecret",),
    "secret_compare": ("GetSecret",),
    "secret_roll_back": ("GetSecret", "SetSecret"),
    "key_new": ("CreateKey",),
    "key_new_version": ("CreateKey",),
    "key_import": ("ImportKey",),
    "key_encrypt": ("encrypt",),
    "key_decrypt": ("decrypt",),
    "key_sign": ("sign",),
    "key_verify": ("verify",),
    "key_wrap": ("wrapKey",),
    "key_unwrap": ("unwrapKey",),
    "key_release": ("release",),
    "key_secure_wrap": ("securewrapkey",),
    "key_secure_unwrap": ("secureunwrapkey",),
    "random_bytes": ("GetRandomBytes",),
    "key_rotate": ("RotateKey",),
    "key_rotation_edit": ("UpdateKeyRotationPolicy",),
    "certificate_new": ("CreateCertificate",),
    "certificate_new_version": ("CreateCertificate",),
    "certificate_policy_edit": ("UpdateCertificatePolicy",),
    "certificate_import": ("ImportCertificate",),
    "certificate_export": ("GetSecret",),
    "certificate_operation_cancel": ("UpdateCertificateOperation",),
    "certificate_operation_delete": ("DeleteCertificateOperation",),
    "certificate_operation_merge": ("MergeCertificate",),
    "certificate_operation_restart": ("DeleteCertificateOperation", "CreateCertificate"),
    "issuer_new": ("SetCertificateIssuer",),
    "issuer_edit": ("UpdateCertificateIssuer",),
    "issuer_delete": ("DeleteCertificateIssuer",),
    "contacts_edit": ("SetCertificateContacts",),
    "contacts_delete": ("DeleteCertificateContacts",),
    **{kind.pages.edit: (f"Update{kind.title}",) for kind in KINDS},
    **{kind.pages.delete: (f"Delete{kind.title}",) for kind in KINDS},
    **{kind.pages.backup: (f"Backup{kind.title}",) for kind in KINDS},
    "restore": tuple(f"Restore{kind.title}" for kind in KINDS),
    **{f"{kind}_version_{state}": (f"Update{kind.title}",) for kind in KINDS for state in ("enable", "disable")},
}
#: The pages of a deleted item are the same for all kinds.
_OF_DELETED: Final = {"deleted_recover": "RecoverDeleted{}", "deleted_purge": "PurgeDeleted{}"}
#: Pages that have their form only for those who may do it.
_ASKED: Final = {
    SECRET.pages.detail: Action.SECRET_REVEAL,
    SECRET.pages.version: Action.SECRET_REVEAL,
    "certificate_export": Action.CERTIFICATE_EXPORT,
}


def operations_of(page: str, facts: Mapping[str, Any]) -> Sequence[Operation]:
    """The operations that the form of this page sends. `facts`: the arguments of its address."""
    if page in _OF_DELETED:
        return [OPERATIONS[_OF_DELETED[page].format(facts["kind"].title)]]
    return [OPERATIONS[name] for name in OPERATIONS_OF.get(page, ())]


def planned(actor: Actor, vault: Vault, page: str, facts: Mapping[str, Any]) -> Sequence[Request]:
    """The requests of the page's form. None where the person has no such form."""
    operations = operations_of(page, facts)
    if page in _ASKED and not access.decide(actor, _ASKED[page], vault).allowed:
        return []
    try:
        return [_planned(vault, operation, facts) for operation in operations]
    except problems.EXPECTED:  # the page itself says what is wrong with the address or the connection
        return []


def _planned(vault: Vault, operation: Operation, facts: Mapping[str, Any]) -> Request:
    name, version = facts.get("name", NAME), _version(operation, facts)
    path = path_of(operation, name if "{name}" in operation.path else "", version).replace(_NO_VERSION, VERSION)
    api_version = operation.api_version(vault.connection.api_version)
    body = {"attributes": {"enabled": facts["enabled"]}} if "enabled" in facts else BODIES.get(operation.name)
    url = f"{clients.vault_url(vault)}{path}?api-version={api_version}"
    scope = clients.azure.cloud_of(vault.connection).scope
    sent = Exchange(operation.method, url, None, "", 0, api_version, operation.name, scope, tuple(body or ()))
    return sent, body


def _version(operation: Operation, facts: Mapping[str, Any]) -> str:
    """The version in the address. A change is of one version, also where the address leaves the current one to the page."""
    if "{version}" not in operation.path:
        return ""
    return facts.get("version") or (_NO_VERSION if operation.method == "PATCH" else "")
