"""Whose request it is, where proxies stand in front."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.conf import settings


def address_of(environ: Mapping[str, Any]) -> str:
    """The client's address, by a WSGI environ: what the outermost of our proxies saw, else whoever is connected."""
    return address_behind_proxies(environ.get("HTTP_X_FORWARDED_FOR", "")) or environ.get("REMOTE_ADDR", "")


def address_behind_proxies(forwarded: str) -> str | None:
    """What the outermost of our proxies saw; nothing where fewer have been passed than there should be."""
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
