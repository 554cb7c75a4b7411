"""Import a key. Its private part passes through: nothing of it is kept or recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import changing, look_up_lost, versions_before_import
from vaults.actions.keys import KeyContent
from vaults.actors import Actor
from vaults.acts import Doing
from vaults.azure.errors import AzureError
from vaults.inventory import observe
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import KeyProperties
from vaults.keyvault.x509 import jwk_thumbprint
from vaults.models import Vault
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What Key Vault gets as the key: a JWK with the private members, or with a key transfer blob as `key_hsm`.

    `exchange_key`: the address of the key that a transfer blob is encrypted to, which only the vault's HSM can open; "" for
    a key that came in the clear.
    """

    jwk: Mapping[str, str] = field(repr=False)
    exchange_key: str = ""

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the public part (RFC 7638); "" for a transfer blob, whose public part nobody here can read."""
        return "" if self.exchange_key else jwk_thumbprint(self.jwk)


@sensitive_variables("material")
def import_key(
    actor: Actor, vault: Vault, name: str, material: KeyMaterial, content: KeyContent, *, hsm: bool, as_version: bool
) -> KeyProperties:
    """Import a new key, or with `as_version` a new version of an existing one. `content`: all but type, size and curve.

    Raises NameTaken if the name is in use and no version was to be added, NothingToAddTo in the opposite case, Conflict if a
    deleted key has the name, and AmbiguousPath if it is a reserved word of Key Vault's paths.
    """
    known = {"key_thumbprint": material.thumbprint} if material.thumbprint else {}
    with changing(actor, Action.KEY_IMPORT, vault, name, **known) as doing:
        check_new_name("keys", name)
        before = versions_before_import(doing.client.keys, name, as_version=as_version)
        try:
            imported = doing.client.keys.import_key(
                name,
                material.jwk,
                hsm=hsm,
                key_ops=content.key_ops,
                enabled=content.enabled,
                exportable=content.exportable,
                not_before=content.not_before,
                expires_on=content.expires_on,
                tags=content.tags,
                release_policy=content.release_policy,
            ).properties
        except AzureError as lost:
            is_ours = _imported_this(doing, name, material.thumbprint, content)
            imported = look_up_lost(lost, doing, lambda: doing.client.keys.versions(name), before, is_ours)
        doing.event.version = imported.version
    observe.remember(vault, imported)
    return imported


def _imported_this(doing: Doing, name: str, thumbprint: str, content: KeyContent) -> Callable[[KeyProperties], bool]:
    """True for a version with these attributes and, if it is known, this public part."""

    def is_ours(version: KeyProperties) -> bool:
        if not content.made(version):
            return False
        if not thumbprint:
            return True
        try:
            return jwk_thumbprint(doing.client.keys.get(name, version.version).jwk) == thumbprint
        except (AzureError, KeyError):
            return False

    return is_ours
