"""Import a certificate with its private key. The key passes through: nothing of it is kept or recorded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import changing, look_up_lost, versions_before_import
from vaults.actors import Actor
from vaults.acts import Doing
from vaults.azure.errors import AzureError
from vaults.inventory import observe
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import CertificatePolicy, CertificateProperties
from vaults.models import Vault
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class ImportContent:
    """What Key Vault gets: base64 of a PFX and its password, or PEM text without one.

    `certificates`: those in it, as DER: the certificate itself first, then its chain in order.
    """

    value: str = field(repr=False)
    password: str = field(repr=False)
    content_type: str
    certificates: tuple[bytes, ...]

    @property
    def x5t(self) -> str:
        """The certificate's SHA-1 thumbprint, as CertificateProperties has it."""
        return hashlib.sha1(self.certificates[0], usedforsecurity=False).hexdigest().upper()


@sensitive_variables("content")
def import_certificate(
    actor: Actor,
    vault: Vault,
    name: str,
    content: ImportContent,
    policy: CertificatePolicy,
    *,
    as_version: bool,
    tags: Mapping[str, str],
    enabled: bool | None,
) -> CertificateProperties:
    """Import a new certificate, or with `as_version` a new version of an existing one.

    Raises NameTaken if the name is in use and no version was to be added, NothingToAddTo in the opposite case, Conflict if a
    deleted certificate, a key or a secret has the name, and AmbiguousPath if it is a reserved word of Key Vault's paths.
    """
    with changing(actor, Action.CERTIFICATE_IMPORT, vault, name, thumbprint=content.x5t) as doing:
        check_new_name("certificates", name)
        before = versions_before_import(doing.client.certificates, name, as_version=as_version)
        imported = _import(doing, name, content, policy, before, tags=tags, enabled=enabled)
    observe.remember(vault, imported)
    return imported


@sensitive_variables("content")
def _import(
    doing: Doing,
    name: str,
    content: ImportContent,
    policy: CertificatePolicy,
    before: Sequence[CertificateProperties] | None,
    *,
    tags: Mapping[str, str],
    enabled: bool | None,
) -> CertificateProperties:
    """After a lost response, the new version with this thumbprint is ours: the name is locked, and no CA issues it twice."""
    try:
        imported = doing.client.certificates.import_certificate(
            name, content.value, password=content.password, policy=policy, tags=tags, enabled=enabled
        ).properties
    except AzureError as lost:
        imported = look_up_lost(
            lost,
            doing,
            lambda: doing.client.certificates.versions(name),
            before,
            lambda version: version.x5t == content.x5t,
        )
    doing.event.version = imported.version
    return imported
