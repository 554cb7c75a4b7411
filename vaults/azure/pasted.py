"""Cleaning of names and addresses that people paste from sentences, code, messages and web pages."""

from __future__ import annotations

import re

#: Invisible characters (soft hyphen, joiners, direction marks, byte order mark), and hyphens of word processors.
_INVISIBLE: dict[int, str | None] = {
    **dict.fromkeys(
        [0, 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF], None
    ),
    **dict.fromkeys([0x2010, 0x2011], "-"),
}
_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
_QUOTES = "\"'`´<>()[]{}“”„‘’‚«»‹›|*_"
_ENDS = ",;.:!?…"
#: Characters that may surround an address in a text.
AROUND = _QUOTES + _ENDS
_IN_BRACKETS = re.compile(r"\[[0-9a-f:.]+\]", re.IGNORECASE)
_HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{0,6}))?")
#: The address of a vault, of one of its lists, or of an item in it.
_ADDRESS = re.compile(
    r"(?P<scheme>(?:https:)?//)?(?P<host>[^/?#@\\\s]+)/*"
    r"(?:/(?:deleted)?(?:secrets|keys|certificates)(?:/+[0-9a-z-]+){0,2}/*(?:\?api-version=[0-9a-z.-]*)?)?",
    re.IGNORECASE,
)


def strip_invisible(text: str) -> str:
    """The text without invisible characters, and with plain hyphens."""
    return text.translate(_INVISIBLE)


def bare(text: str) -> str:
    """A name or an address without surrounding spaces, quotes and brackets, and without punctuation at the end."""
    kept = "[]" if _IN_BRACKETS.search(text) else ""  # IPv6
    quotes = "".join(char for char in _SPACES + _QUOTES if char not in kept)
    return strip_invisible(text).lstrip(quotes).rstrip(quotes + _ENDS)


def host_of(text: str) -> str:
    """`host[:port]` in lower case, without the port 443, leading zeros of a port, and the final dot of a full DNS name."""
    found = _HOST.fullmatch(text.lower())
    if not found:
        return text.lower()
    port = str(int(found["port"])) if found["port"] else "443"
    return found["host"].removesuffix(".") + ("" if port == "443" else f":{port}")


def vault_from_text(text: str) -> str:
    """The vault's name or `host[:port]` in a pasted text; text of another form is returned unchanged for the caller to refuse."""
    found = _ADDRESS.fullmatch(bare(text))
    return host_of(found["host"]) if found else text
