"""What the import of a key consists of, as the page shows it before anything is sent."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.utils import timezone

from vaults.forms.key_import import KeyImportForm
from vaults.models import Vault


@dataclass(frozen=True, slots=True)
class Contents:
    """`key`: type and size or curve. `exchange_key`: the key that a transfer blob is encrypted to, "" if it is none;
    `is_elsewhere`: that key is in another vault. `digest`: see KeyImportForm.
    """

    key: str
    thumbprint: str
    exchange_key: str
    is_elsewhere: bool
    hsm: bool
    key_ops: Sequence[str]
    not_before: datetime | None
    expires_on: datetime | None
    has_ended: bool
    exportable: bool
    digest: str


def contents_of(form: KeyImportForm, vault: Vault) -> Contents | None:
    """None if the file could not be read."""
    if form.material is None:
        return None
    jwk, content = form.material.jwk, form.content()
    kind = jwk["kty"].removesuffix("-HSM")
    return Contents(
        key=" ".join([kind, jwk.get("crv") or (f"{_bits(jwk['n'])} bits" if "n" in jwk else "")]).strip(),
        thumbprint=form.material.thumbprint,
        exchange_key=form.material.exchange_key,
        is_elsewhere=bool(form.material.exchange_key) and _host(form.material.exchange_key) != vault.host.casefold(),
        hsm=form.hsm,
        key_ops=content.key_ops or (),
        not_before=content.not_before,
        expires_on=content.expires_on,
        has_ended=content.expires_on is not None and content.expires_on <= timezone.now(),
        exportable=bool(content.exportable),
        digest=form.digest,
    )


def _bits(number: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(number + "=="), "big").bit_length()


def _host(address: str) -> str:
    return urlsplit(address).netloc.casefold()
