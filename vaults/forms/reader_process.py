"""Read a file with a private key in a separate process, which is stopped if it takes too long (forms.certificate_reader)."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

MOST_SECONDS = 5.0
MOST_AT_ONCE = 8
#: Each takes a processor, up to half a gigabyte, and a thread that serves pages.
_places = threading.BoundedSemaphore(MOST_AT_ONCE)
ROOT = str(Path(__file__).parents[2])
#: The folder of the portal comes last: it must not hide modules of the standard library.
START = "import importlib, sys; sys.path.append(sys.argv[1]); importlib.import_module(sys.argv[2]).main()"


@sensitive_variables()
def read_apart(reader: str, purpose: str, files: Sequence[bytes], password: str) -> dict[str, Any]:
    """What the module `reader` finds in the files. Raises ValidationError, which quotes nothing of them."""
    if not _places.acquire(blocking=False):
        raise ValidationError("Many files are being read at the moment. Try again in a few seconds.")
    try:
        return _read(reader, purpose, files, password)
    finally:
        _places.release()


@sensitive_variables()
def _read(reader: str, purpose: str, files: Sequence[bytes], password: str) -> dict[str, Any]:
    encoded = [base64.b64encode(file).decode() for file in files]
    request = json.dumps({"purpose": purpose, "files": encoded, "password": password})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KVPORTAL_")}
    try:
        finished = subprocess.run(  # noqa: S603 our own module
            [sys.executable, "-I", "-c", START, ROOT, reader],
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
