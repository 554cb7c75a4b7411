"""Read certificates with their private key from PEM, PFX and DER files, in a separate process that can be stopped."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from vaults.actions.certificate_import import ImportContent
from vaults.actions.connections import Credential
from vaults.forms.reader_process import read_apart

READER = "vaults.forms.certificate_reader"


@dataclass(frozen=True, slots=True)
class ReadForImport:
    """What files hold. `left_out`: certificates that are not imported, each with the reason; b"" for one that can't be read."""

    content: ImportContent = field(repr=False)
    left_out: tuple[tuple[bytes, str], ...]


@sensitive_variables()
def read_certificate(content: bytes, password: str) -> Credential:
    """The private key and certificate in a file. Raises ValidationError, which quotes nothing of the file."""
    found = read_apart(READER, "sign_in", [content], password)
    return Credential(
        private_key=found["private_key"], certificate=found["certificate"], certificate_subject=found["subject"]
    )


@sensitive_variables()
def read_for_import(files: Sequence[bytes], password: str) -> ReadForImport:
    """The one private key in the files, its certificate and the chain. Raises ValidationError like `read_certificate`."""
    found = read_apart(READER, "import", files, password)
    content = ImportContent(
        value=found["value"],
        password=found["password"],
        content_type=found["content_type"],
        certificates=tuple(base64.b64decode(der) for der in found["certificates"]),
    )
    return ReadForImport(content, tuple((base64.b64decode(der), why) for der, why in found["left_out"]))
