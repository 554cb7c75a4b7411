"""What an import consists of, as the page shows it before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from vaults.forms.certificate_import import CertificateImportForm
from vaults.forms.policy_fields import CONTENT_TYPES
from vaults.keyvault import x509
from vaults.keyvault.x509 import CertificateFacts


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A certificate that is not imported; `facts` is None if it can't be read."""

    facts: CertificateFacts | None
    why: str


@dataclass(frozen=True, slots=True)
class Contents:
    """`missing`: the CA whose certificate would come next in the chain, "" if the chain is complete.

    `email_on`: when the contacts get an e-mail. `digest`: see CertificateImportForm.
    """

    leaf: CertificateFacts
    chain: Sequence[CertificateFacts]
    left_out: Sequence[LeftOut]
    missing: str
    form: str
    email_on: datetime | None
    email_passed: bool
    not_yet_valid: bool
    digest: str


def contents_of(form: CertificateImportForm) -> Contents | None:
    """None if the files could not be read."""
    read, leaf = form.read, form.leaf
    if read is None or leaf is None:
        return None
    certificates = [x509.read_certificate(der) for der in read.content.certificates]
    last, now = certificates[-1], timezone.now()
    return Contents(
        leaf=leaf,
        chain=certificates[1:],
        left_out=[LeftOut(x509.read_certificate(der) if der else None, why) for der, why in read.left_out],
        missing="" if last.issuer == last.subject else last.issuer or "",
        form=dict(CONTENT_TYPES)[read.content.content_type],
        email_on=form.email_on,
        email_passed=form.email_on is not None and form.email_on <= now,
        not_yet_valid=leaf.not_before is not None and leaf.not_before > now,
        digest=form.digest,
    )
