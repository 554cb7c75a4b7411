"""Hand out a certificate with its private key or chain, which only its managed secret holds.

The value is read for one file and kept nowhere. Each reading is recorded and counts as a revealed value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509 as parsed
from cryptography.hazmat.primitives.serialization import Encoding
from django.views.decorators.debug import sensitive_variables

from vaults.actions.reveals import keep_within_limit
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.keyvault import x509
from vaults.keyvault.certificate_export import WITH_KEY, Bundle, File, Wanted, read_bundle, write
from vaults.keyvault.x509 import CertificateFacts
from vaults.models import Vault
from vaults.permissions import Action

#: The "format" in the record if the chain was only shown.
SHOWN = "chain-shown"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a managed secret holds, without its key. `chain`: from the certificate up. `others`: not part of the chain."""

    chain: Sequence[CertificateFacts]
    others: Sequence[CertificateFacts]
    has_key: bool
    has_root: bool


@sensitive_variables("wanted", "bundle")
def export_certificate(actor: Actor, vault: Vault, name: str, version: str, wanted: Wanted) -> File:
    """The file. It is returned only after the record of this export is committed. Raises ExportRefused, RevealsSpent."""
    facts: dict[str, Any] = {"format": wanted.format.value}
    if wanted.format in WITH_KEY:
        facts["encrypted"] = bool(wanted.password)
    with act(actor, Action.CERTIFICATE_EXPORT, vault, name=name, version=version, **facts) as doing:
        bundle = _read(doing, actor, vault, name, version)
        return write(bundle, wanted, name)


@sensitive_variables("bundle")
def show_chain(actor: Actor, vault: Vault, name: str, version: str) -> Contents:
    """The facts of the certificates; the rest is dropped. Raises ExportRefused, RevealsSpent."""
    with act(actor, Action.CERTIFICATE_EXPORT, vault, name=name, version=version, format=SHOWN) as doing:
        bundle = _read(doing, actor, vault, name, version)
        return Contents(
            _facts([bundle.leaf, *bundle.above(root=True)]),
            _facts(bundle.others),
            bundle.key is not None,
            bundle.root is not None,
        )


@sensitive_variables("secret")
def _read(doing: Doing, actor: Actor, vault: Vault, name: str, version: str) -> Bundle:
    """Certificate and secret of the same version."""
    keep_within_limit(actor, vault)
    certificate = doing.client.certificates.get(name, version)
    doing.event.version = certificate.properties.version
    secret = doing.client.secrets.get(name, certificate.properties.version)
    doing.decide()  # the right may have ended while Azure was slow
    return read_bundle(secret, certificate.cer)


def _facts(certificates: Sequence[parsed.Certificate]) -> list[CertificateFacts]:
    return [x509.read_certificate(each.public_bytes(Encoding.DER)) for each in certificates]
