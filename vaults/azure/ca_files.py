"""Files of certificate authorities (PEM) that a deployment trusts instead of the public ones, or beside them."""

import ssl
from pathlib import Path


def read_cas(ca_file: str | Path) -> str:
    """The file's text. Raises OSError where it can't be read or holds no certificate.

    Comments in other letters than ASCII are common in such files, and `ssl` takes ASCII only.
    """
    text = Path(ca_file).read_text("ascii", errors="ignore")
    if "-----BEGIN " not in text:
        raise OSError("The file holds no certificate.")
    return text


def check_cas(ca_file: str | Path) -> None:
    """Can hosts be trusted by this file? Raises OSError if not; ssl.SSLError is one."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=read_cas(ca_file))
