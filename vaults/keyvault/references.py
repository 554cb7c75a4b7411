"""Which vault or item a pasted text names: identifiers, addresses, app settings, Azure resource ids, links to the Azure Portal.

App Service documentation: "Use Key Vault references", Key Vault REST: "Object identifiers". The Portal's links are not
documented; their forms (`asset/…/<identifier>`, blades with percent-encoded identifiers and resource ids) are those found in
public text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

#: More than the longest link of the Portal, which carries an identifier and a resource id twice.
LONGEST = 4000
#: A link within a link within a link.
_DEEPEST = 3

_KINDS = "secrets|keys|certificates"
_HOST = r"(?P<vault>(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)"
_NAME = r"(?P<name>[0-9a-zA-Z-]{1,127})"
#: What may follow: the end, a further part or parameter, punctuation of the text around it.
_END = r"(?=$|[/?#&)\]},;|]|[.!:…]+$)"

_ITEM = re.compile(
    rf"(?<![\w.@:/-])(?:https?://)?{_HOST}/+(?P<collection>(?:deleted)?(?:{_KINDS}))/+{_NAME}(?:/+(?P<tail>[0-9a-z]+))?{_END}",
    re.IGNORECASE,
)
#: An address of the vault itself or of one of its lists, and nothing else.
_ADDRESS = re.compile(
    rf"(?P<scheme>https?://)?{_HOST}(?:/+(?P<collection>(?:deleted)?(?:{_KINDS})))?/*(?:[?#].*)?", re.IGNORECASE
)
_RESOURCE = re.compile(
    rf"microsoft\.keyvault/+(?:locations/+\w+/+deleted)?vaults/+(?P<vault>[0-9a-z-]{{3,24}})(?![0-9a-z_-])"
    rf"(?:/+(?P<collection>{_KINDS})(?:/+{_NAME}(?:/+versions/+(?P<tail>[0-9a-z]+))?)?(?=$|\W))?",
    re.IGNORECASE,
)
_SETTING = re.compile(r"@microsoft\.keyvault\s*\((?P<fields>[^)]*)", re.IGNORECASE)
_VAULT_NAME = re.compile(r"[0-9a-zA-Z-]{3,24}")
_VERSION = re.compile(r"[0-9a-f]{32}")

_AROUND = " \t\"'`´<>()[]{}“”„‘’‚«»‹›|*,;.!"
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\0"))


@dataclass(frozen=True, slots=True)
class Reference:
    """A vault, one of its lists, or an item.

    `vault` is a `host[:port]` in lower case without the port 443, or a mere name; `sure` is False where the text may be
    any host or word as well. `suffix` is "pending" where a certificate's operation is named.
    """

    vault: str
    collection: str = ""
    name: str = ""
    version: str = ""
    suffix: str = ""
    sure: bool = True


def find_references(text: str) -> list[Reference]:
    """Everything of Key Vault that the text names, each once: items before lists, lists before vaults."""
    text = text[:LONGEST].translate(_INVISIBLE).replace("\\/", "/")
    words = _words(text)
    found = [*_settings(text), *(reference for word in words for reference in _in_word(word, _DEEPEST))]
    if len(words) == 1 and _VAULT_NAME.fullmatch(words[0]):
        found.append(_reference(words[0], "", sure=False))
    return sorted(dict.fromkeys(found), key=lambda reference: (not reference.name, not reference.collection))


def _words(text: str) -> list[str]:
    return [stripped for word in re.split(r"[\s\"'`<>\\“”„‘’«»]+", text) if (stripped := word.strip(_AROUND))]


def _settings(text: str) -> Iterator[Reference]:
    """`@Microsoft.KeyVault(VaultName=…;SecretName=…;SecretVersion=…)`; a SecretUri is found as any identifier is."""
    for setting in _SETTING.finditer(unquote(text)):
        pairs = (pair.partition("=") for pair in setting["fields"].split(";"))
        fields = {key.strip(_AROUND).lower(): value.strip(_AROUND) for key, _, value in pairs}
        vault, name = fields.get("vaultname", ""), fields.get("secretname", "")
        if _VAULT_NAME.fullmatch(vault) and re.fullmatch(_NAME, name):
            yield _reference(vault, "secrets", name, fields.get("secretversion", ""))


def _in_word(word: str, depth: int) -> Iterator[Reference]:
    """References in a text without spaces; what is percent-encoded in it is read part by part, so that parts stay apart."""
    if address := _ADDRESS.fullmatch(word):
        yield _reference(
            address["vault"], address["collection"], sure=bool(address["collection"] and address["scheme"])
        )
    for item in _ITEM.finditer(_after_link(word)):
        yield _reference(item["vault"], item["collection"], item["name"], item["tail"])
    for resource in _RESOURCE.finditer(word):
        yield _reference(resource["vault"], resource["collection"], resource["name"], resource["tail"])
    if depth:
        for part in re.split(r"[/?&#=]", word):
            if "%" in part:
                yield from _in_word(unquote(part), depth - 1)


def _after_link(word: str) -> str:
    """Set an address that stands inside another (`…/asset/Microsoft_Azure_KeyVault/Secret/https://…`) apart from it."""
    return re.sub(r"(?<=.)(?=https?://)", " ", word, flags=re.IGNORECASE)


def _reference(
    vault: str, collection: str | None, name: str | None = "", tail: str | None = "", *, sure: bool = True
) -> Reference:
    """Everything but the name is in lower case; what follows the name and is no version belongs to a call about the item."""
    collection, name, tail = (collection or "").lower(), name or "", (tail or "").lower()
    if collection == "certificates" and name.lower() in ("issuers", "contacts"):
        name, tail = "", ""
    return Reference(
        vault.lower().removesuffix(":443"),
        collection,
        name,
        tail if _VERSION.fullmatch(tail) else "",
        "pending" if collection == "certificates" and tail == "pending" else "",
        sure,
    )
