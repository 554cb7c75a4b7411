"""Names and addresses as people paste them: out of sentences, code, messages and web pages."""

from __future__ import annotations

import re

#: Marks without a width (soft hyphen, joiners, directions, byte order), and hyphens that word processors write.
_NOT_MEANT: dict[int, str | None] = {
    **dict.fromkeys(
        [0, 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF], None
    ),
    **dict.fromkeys([0x2010, 0x2011], "-"),
}
_BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
_QUOTES = "\"'`´<>()[]{}“”„‘’‚«»‹›|*_"
_ENDS = ",;.:!?…"
#: All that may stand around an address in a text, on either side.
AROUND = _QUOTES + _ENDS
_IN_BRACKETS = re.compile(r"\[[0-9a-f:.]+\]", re.IGNORECASE)
_HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{0,6}))?")
#: Of a vault, of one of its lists or of an item in it.
_ADDRESS = re.compile(
    r"(?P<scheme>(?:https:)?//)?(?P<host>[^/?#@\\\s]+)/*"
    r"(?:/(?:deleted)?(?:secrets|keys|certificates)(?:/+[0-9a-z-]+){0,2}/*(?:\?api-version=[0-9a-z.-]*)?)?",
    re.IGNORECASE,
)


def as_written(text: str) -> str:
    """Without what can't be seen, and with plain hyphens."""
    return text.translate(_NOT_MEANT)


def bare(text: str) -> str:
    """A name or an address without blanks, quotes and brackets around it and without the end of a sentence."""
    kept = "[]" if _IN_BRACKETS.search(text) else ""  # IPv6
    quotes = "".join(char for char in _BLANKS + _QUOTES if char not in kept)
    return as_written(text).lstrip(quotes).rstrip(quotes + _ENDS)


def host_of(text: str) -> str:
    """`host[:port]` in lower case, without the port 443, a port's needless zeros and the dot that ends a full name."""
    found = _HOST.fullmatch(text.lower())
    if not found:
        return text.lower()
    port = str(int(found["port"])) if found["port"] else "443"
    return found["host"].removesuffix(".") + ("" if port == "443" else f":{port}")


def vault_meant(text: str) -> str:
    """A vault's name, or its `host[:port]`, from whatever names one; other text is given back for others to refuse."""
    found = _ADDRESS.fullmatch(bare(text))
    return host_of(found["host"]) if found else text
