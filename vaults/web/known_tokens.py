"""Finds items by what people have in hand of them, in what the portal knows: a thumbprint, a version, a certificate's subject."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from vaults.access import Visible
from vaults.inventory import observe
from vaults.inventory.certificates import known_of
from vaults.keyvault.identifiers import fold
from vaults.kinds import BY_NAME, CERTIFICATE, Kind
from vaults.models import InventoryItem, Vault

#: Entries of the record among which a version is looked for, from the newest one on: it has no index of versions.
NEWEST_ENTRIES: Final = 20_000
#: Items of one thumbprint or version that are listed.
MOST_LISTED: Final = 10
#: Certificates whose subjects are compared.
MOST_COMPARED: Final = 200
_PART = re.compile(r"(?:OID\.[\d.]+|[a-z]+)\s*=", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?:subject\s*[=:]\s*)?(?P<name>(?:CN|O|OU|C|L|ST?|DC|E|emailAddress|serialNumber)\s*=.+)",
    re.IGNORECASE | re.DOTALL,
)
_LABELS: Final = {"st": "s", "emailaddress": "e"}


@dataclass(frozen=True, slots=True)
class Found:
    vault: Vault
    kind: Kind
    name: str


def with_thumbprint(visible: Visible, thumbprint: str) -> Sequence[InventoryItem]:
    """At most MOST_LISTED: one is opened, several are listed."""
    known = visible.items.filter(thumbprint=thumbprint).select_related("vault")
    return observe.read(lambda: list(known[:MOST_LISTED]), [])


def with_version(visible: Visible, version: str) -> Sequence[Found]:
    """The items that are known to have or have had this version: certificates by their current one, and all kinds by the newest
    entries of the record. A certificate's key and secret, which have its versions, are left out beside it.
    """
    found = [*_certificates(visible, version), *_recorded(visible, version)]
    certificates = {(each.vault.pk, fold(each.name)) for each in found if each.kind is CERTIFICATE}
    distinct = {(each.vault.pk, each.kind.name, fold(each.name)): each for each in reversed(found)}
    return [
        each
        for each in reversed(distinct.values())
        if each.kind is CERTIFICATE or (each.vault.pk, fold(each.name)) not in certificates
    ]


def _certificates(visible: Visible, version: str) -> Iterable[Found]:
    known = visible.items.filter(kind=CERTIFICATE.name, known_certificate__version=version).select_related("vault")
    items: Sequence[InventoryItem] = observe.read(lambda: list(known[:MOST_LISTED]), [])
    return [Found(item.vault, CERTIFICATE, item.name) for item in items]


def _recorded(visible: Visible, version: str) -> Iterable[Found]:
    entries = visible.team_entries.order_by("-id")
    newest = entries.values_list("id", flat=True).first()
    if newest is None:
        return []
    named = entries.filter(id__gt=newest - NEWEST_ENTRIES, version=version, kind__in=BY_NAME)
    rows = list(named.values_list("vault_id", "kind", "name")[:50])
    vaults = visible.vaults.in_bulk({vault for vault, _, _ in rows})
    return [Found(vaults[vault], BY_NAME[kind], name) for vault, kind, name in rows if vault in vaults and name]


def subject_in(text: str) -> str:
    """The X.500 name that the text is, as openssl or Windows write it; "" if it is none."""
    found = _SUBJECT.fullmatch(text.strip())
    return found["name"] if found else ""


def with_subject(visible: Visible, subject: str) -> Sequence[InventoryItem]:
    """The certificates of exactly this subject, whatever the order of its parts, their case and the blanks between them."""
    parts = _parts(subject)
    contents = Q(known_certificate__subject__icontains=max(parts, key=len).partition("=")[2])
    alike = visible.items.filter(contents, kind=CERTIFICATE.name).select_related("vault", "known_certificate")
    items: Sequence[InventoryItem] = observe.read(lambda: list(alike[:MOST_COMPARED]), [])
    return [item for item in items if (known := known_of(item)) and _parts(known.subject) == parts]


def _parts(subject: str) -> list[str]:
    """The parts of an X.500 name in an order of their own."""
    found = [
        part.strip()
        for part in re.split(rf",\s*(?={_PART.pattern})|\+\s*(?={_PART.pattern})", subject, flags=re.IGNORECASE)
    ]
    return sorted(_part(part) for part in found if part)


def _part(text: str) -> str:
    label, _, value = (each.strip().casefold() for each in text.partition("="))
    return f"{_LABELS.get(label, label)}={value.rstrip(',;').strip(chr(34))}"
