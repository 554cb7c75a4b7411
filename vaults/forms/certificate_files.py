"""Read certificates with their private key from PEM, PFX and DER files, in a separate process that can be stopped."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from vaults.actions.certificate_import import ImportContent
from vaults.actions.connections import Credential

READER = Path(__file__).with_name("certificate_reader.py")
MOST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ReadForImport:
    """What files hold. `left_out`: certificates that are not imported, each with the reason; b"" for one that can't be read."""

    content: ImportContent = field(repr=False)
    left_out: tuple[tuple[bytes, str], ...]


@sensitive_variables()
def read_certificate(content: bytes, password: str) -> Credential:
    """The private key and certificate in a file. Raises ValidationError, which quotes nothing of the file."""
    found = _read("sign_in", [content], password)
    return Credential(
        private_key=found["private_key"], certificate=found["certificate"], certificate_subject=found["subject"]
    )


@sensitive_variables()
def read_for_import(files: Sequence[bytes], password: str) -> ReadForImport:
    """The one private key in the files, its certificate and the chain. Raises ValidationError like `read_certificate`."""
    found = _read("import", files, password)
    content = ImportContent(
        value=found["value"],
        password=found["password"],
        content_type=found["content_type"],
        certificates=tuple(base64.b64decode(der) for der in found["certificates"]),
    )
    return ReadForImport(content, tuple((base64.b64decode(der), why) for der, why in found["left_out"]))


@sensitive_variables()
def _read(purpose: str, files: Sequence[bytes], password: str) -> dict[str, Any]:
    encoded = [base64.b64encode(file).decode() for file in files]
    request = json.dumps({"purpose": purpose, "files": encoded, "password": password})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KVPORTAL_")}
    try:
        finished = subprocess.run(  # noqa: S603 our own script
            [sys.executable, "-I", str(READER)],
            input=request.encode(),
            capture_output=True,
            env=environment,
            timeout=MOST_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise ValidationError(
            f"Reading the file took longer than {MOST_SECONDS:.0f} seconds. Export it anew, with the usual protection."
        ) from None
    except subprocess.CalledProcessError:
        raise ValidationError("The file can't be read.") from None
    found: dict[str, Any] = json.loads(finished.stdout)
    if "refused" in found:
        raise ValidationError(found["refused"])
    return found
