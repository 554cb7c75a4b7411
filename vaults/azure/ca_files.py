"""PEM files of certificate authorities that a deployment trusts instead of, or in addition to, the public ones."""

import ssl
from pathlib import Path


def read_cas(ca_file: str | Path) -> str:
    """The file's text without its non-ASCII characters. Raises OSError if it can't be read or holds no certificate.

    Non-ASCII comments are common in such files, and `ssl` accepts ASCII only.
    """
    text = Path(ca_file).read_text("ascii", errors="ignore")
    if "-----BEGIN " not in text:
        raise OSError("The file holds no certificate.")
    return text


def check_cas(ca_file: str | Path) -> None:
    """Check that `ssl` can load the file. Raises OSError if not (ssl.SSLError is a subclass of it)."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=read_cas(ca_file))
