"""The client's address behind reverse proxies."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.conf import settings


def address_of(environ: Mapping[str, Any]) -> str:
    """The client's address from a WSGI environ: as the outermost trusted proxy saw it, else the peer of the connection."""
    return address_behind_proxies(environ.get("HTTP_X_FORWARDED_FOR", "")) or environ.get("REMOTE_ADDR", "")


def address_behind_proxies(forwarded: str) -> str | None:
    """The address that the outermost trusted proxy saw; None if the request passed fewer than TRUSTED_PROXY_COUNT proxies."""
    seen = forwarded.split(",")
    if not 0 < settings.TRUSTED_PROXY_COUNT <= len(seen):
        return None
    written = seen[-settings.TRUSTED_PROXY_COUNT].strip()
    if written.startswith("["):  # with a port, as Azure's Application Gateway has it
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        return str(ip_address(written))
    except ValueError:
        return None
