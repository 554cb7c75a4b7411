"""Finds vaults and items in pasted text: identifiers, addresses, Azure resource ids, links to the Azure Portal, and the
command lines and settings of other tools (az, PowerShell, App Service, Terraform, ARM templates, Kubernetes).

App Service documentation: "Use Key Vault references", Key Vault REST: "Object identifiers". The Portal's links are not
documented; their forms (`asset/…/<identifier>`, blades with percent-encoded identifiers and resource ids) come from
public text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from vaults.azure.pasted import AROUND, host_of, strip_invisible

#: Maximum length of the text, more than the Portal's longest links, which have an identifier and a resource id twice.
LONGEST = 4000
#: Maximum depth of links that contain percent-encoded links.
_DEEPEST = 3

_KINDS = "secrets|keys|certificates"
_HOST = r"(?P<vault>(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+\.?|localhost|\[[0-9a-f:.]+\])(?::[0-9]{0,6})?)"
_NAME = r"(?P<name>[0-9a-zA-Z-]{1,127})"
#: What may follow: the end of the text, a further part or parameter, or punctuation.
_END = r"(?=$|[/?#&)\]},;|]|[.!:…]+$)"

_ITEM = re.compile(
    rf"(?<![\w.@:/-])(?:(?:https?:)?//)?{_HOST}/+(?P<collection>(?:deleted)?(?:{_KINDS}))/+{_NAME}(?:/+(?P<tail>[0-9a-z-]+))?{_END}",
    re.IGNORECASE,
)
#: An address of a vault or of one of its lists, without other text.
_ADDRESS = re.compile(
    rf"(?P<scheme>(?:https?:)?//)?{_HOST}(?:/+(?P<collection>(?:deleted)?(?:{_KINDS})))?/*(?:[?#].*)?", re.IGNORECASE
)
_RESOURCE = re.compile(
    rf"microsoft\.keyvault/+(?:locations/+\w+/+deleted)?vaults/+(?P<vault>[0-9a-z-]{{3,24}})(?![0-9a-z_-])"
    rf"(?:/+(?P<collection>{_KINDS})(?:/+{_NAME}(?:/+versions/+(?P<tail>[0-9a-z]+))?)?(?=$|\W))?",
    re.IGNORECASE,
)
_VAULT_NAME = re.compile(r"[0-9a-zA-Z-]{3,24}")
_VERSION = re.compile(r"[0-9a-f]{32}")

#: The DNS zone of private endpoints: the vault's own name with another word after it.
_PRIVATE = re.compile(r"\.(?:privatelink\.)?vaultcore\.")


def _field(spellings: str) -> re.Pattern[str]:
    """`--option value`, `-Option:value`, `member = "value"`, `"member": "value"`. Not for several spaces in a row."""
    return re.compile(
        rf"(?<![\w-])(?:--?(?:{spellings})[ =:]|(?:{spellings})[\"'`]? ?[=:]) ?[\"'`]?(?P<value>[0-9a-z-]+)(?![\w.])",
        re.IGNORECASE,
    )


_NOUN = "(?P<noun>secret|key|cert(?:ificate)?)"
#: Patterns for the kind of an item: commands, cmdlets, resource types, members. The first match is used.
_NOUNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\baz keyvault {_NOUN}\b",
        rf"-AzKeyVault{_NOUN}",
        rf"\bazurerm_key_vault_{_NOUN}\b",
        rf"\bobjectType[\"'`]? ?[=:] ?[\"'`]?{_NOUN}\b",
        rf"(?<![\w-]){_NOUN}_?name\b",
    )
]
_OF_A_VAULT = _field("(?:key[_-]?)?vault[_-]?name")
#: The item's name. The first match is used.
_OF_AN_ITEM = [_field(spellings) for spellings in ("object_?name", "(?:secret|key|cert(?:ificate)?)_?name", "name|n")]
_OF_A_VERSION = _field("(?:secret|key|cert(?:ificate)?|object)?_?version")
#: Commands and resources whose `name` is a vault's name.
_ABOUT_VAULTS = re.compile(r"\baz keyvault (?!(?:secret|key|certificate)\b)|\bazurerm_key_vault\b", re.IGNORECASE)
_ABOUT_DELETED = re.compile(
    r"\baz keyvault [a-z]+ (?:show-deleted|list-deleted|recover|purge)\b| -InRemovedState\b|\bUndo-AzKeyVault",
    re.IGNORECASE,
)
#: Unreserved characters, which mean the same with and without percent-encoding (RFC 3986, 2.3).
_UNRESERVED = re.compile(r"%(2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A vault, one of its lists, or an item.

    `collection` is as in identifiers, or "issuers" or "contacts". `vault` is a `host[:port]` in lower case, without the port
    443 and without "privatelink", or only a name; `sure` is False if the text may also be any other host or word. `suffix` is
    "pending" for a certificate's operation.
    """

    vault: str
    collection: str = ""
    name: str = ""
    version: str = ""
    suffix: str = ""
    sure: bool = True


def find_references(text: str) -> list[Reference]:
    """All references to Key Vault in the text, without duplicates: items first, then lists, then vaults."""
    text = strip_invisible(text[:LONGEST]).replace("\\/", "/")
    words = _words(text)
    found = [*_named(text), *(reference for word in words for reference in _in_word(word, _DEEPEST))]
    if len(words) == 1 and _VAULT_NAME.fullmatch(name := words[0].rstrip("/")):
        found.append(_reference(name, "", sure=False))
    return sorted(dict.fromkeys(found), key=lambda reference: (not reference.name, not reference.collection))


def _words(text: str) -> list[str]:
    return [stripped for word in re.split(r"[\s\"'`<>\\“”„‘’«»]+", text) if (stripped := word.strip(AROUND))]


def _named(text: str) -> Iterator[Reference]:
    """The vault or item that the fields of a command or a setting name."""
    text = " ".join(unquote(text).replace("\\", " ").split())
    about_vaults = _ABOUT_VAULTS.search(text)
    vault = _value(_OF_A_VAULT, text) or (about_vaults and _value(_OF_AN_ITEM[-1], text)) or _vault_of_resource(text)
    if not vault or not _VAULT_NAME.fullmatch(vault):
        return
    noun = next((found["noun"].lower() for pattern in _NOUNS if (found := pattern.search(text))), "")
    if not noun or about_vaults:
        yield _reference(vault, "")
        return
    kind = "certificates" if noun.startswith("cert") else f"{noun}s"
    name = next((value for pattern in _OF_AN_ITEM if (value := _value(pattern, text))), "")
    collection = f"deleted{kind}" if _ABOUT_DELETED.search(text) else kind
    yield _reference(vault, collection, name if re.fullmatch(_NAME, name) else "", _value(_OF_A_VERSION, text))


def _value(field: re.Pattern[str], text: str) -> str:
    found = field.search(text)
    return found["value"] if found else ""


def _vault_of_resource(text: str) -> str:
    """The vault of a resource id in a template that also has the name of an item; "" if there is none."""
    found = _RESOURCE.search(text)
    return found["vault"] if found and not found["name"] and any(_value(field, text) for field in _OF_AN_ITEM) else ""


def _in_word(word: str, depth: int) -> Iterator[Reference]:
    """References in a text without spaces. Its parts are percent-decoded one by one, so that they stay separate."""
    word = _UNRESERVED.sub(lambda found: unquote(found[0]), word)
    apart = _after_link(word)
    for part in apart.split():
        if address := _ADDRESS.fullmatch(part.strip(AROUND)):
            yield _reference(
                address["vault"], address["collection"], sure=bool(address["collection"] and address["scheme"])
            )
    for item in _ITEM.finditer(apart):
        yield _reference(item["vault"], item["collection"], item["name"], item["tail"])
    for resource in _RESOURCE.finditer(word):
        yield _reference(resource["vault"], resource["collection"], resource["name"], resource["tail"])
    if depth:
        for part in re.split(r"[/?&#=]", word):
            if "%" in part:
                yield from _in_word(unquote(part), depth - 1)


def _after_link(word: str) -> str:
    """Separate an address inside another one (`…/asset/Microsoft_Azure_KeyVault/Secret/https://…`) by a space."""
    return re.sub(r"(?<=.)(?=https?://)", " ", word, flags=re.IGNORECASE)


def _reference(
    vault: str, collection: str | None, name: str | None = "", tail: str | None = "", *, sure: bool = True
) -> Reference:
    """A Reference, in lower case except for the name. Text after the name that is not a version or "pending" is left out."""
    collection, name, tail = (collection or "").lower(), name or "", tail or ""
    if collection == "certificates" and name.lower() in ("issuers", "contacts"):  # fixed words in the place of a name
        collection, name, tail = name.lower(), tail, ""
    tail = tail.lower()
    return Reference(
        _PRIVATE.sub(".vault.", host_of(vault), count=1),
        collection,
        name,
        tail if _VERSION.fullmatch(tail) else "",
        "pending" if collection == "certificates" and tail == "pending" else "",
        sure,
    )
