"""Read a certificate with its private key from a PEM or PFX file, in a separate process that can be stopped."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from vaults.actions.connections import Credential

READER = Path(__file__).with_name("certificate_reader.py")
MOST_SECONDS = 5.0


@sensitive_variables()
def read_certificate(content: bytes, password: str) -> Credential:
    """The private key and certificate in a file. Raises ValidationError, which quotes nothing of the file."""
    request = json.dumps({"content": base64.b64encode(content).decode(), "password": password})
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
    found = json.loads(finished.stdout)
    if "refused" in found:
        raise ValidationError(found["refused"])
    return Credential(
        private_key=found["private_key"], certificate=found["certificate"], certificate_subject=found["subject"]
    )
