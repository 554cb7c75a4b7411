"""List pages: one page of a list from Azure, and data of the last scan for a list that is refused, empty or paged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Count, Min, QuerySet

from vaults import access, problems
from vaults.azure.errors import AzureError
from vaults.inventory import contacts, foresight, observe
from vaults.inventory.figures import live_of_kind
from vaults.inventory.foresight import WithRenewal
from vaults.keyvault.identifiers import fold
from vaults.keyvault.paging import Page
from vaults.keyvault.types import CertificateProperties
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import InventoryItem, Vault
from vaults.permissions import Action
from vaults.web.rendering import HtmxRequest

#: Maximum number of rows shown for a refused list; the inventory has the rest.
SHOWN = 100

LISTS = {kind.pages.list: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class LastKnown:
    kind: str
    items: list[InventoryItem]
    more: int


@dataclass(frozen=True, slots=True)
class Total:
    """The number of items of a kind, and of managed ones, which are not included in it."""

    items: int
    managed: int


@dataclass(frozen=True, slots=True)
class Deleted:
    count: int
    until: datetime | None


def last_known(request: HtmxRequest, vault: Vault | None, error: Exception) -> LastKnown | None:
    """The rows of the list that this page would have shown. None for other pages, other errors, before the first scan, without
    permission, and if nothing is known."""
    match = request.resolver_match
    kind = LISTS.get(match.url_name or "") if match else None
    if vault is None or vault.scanned_at is None or kind is None or not isinstance(error, AzureError):
        return None
    if not access.decide(request.actor, Action.INVENTORY_READ, vault).allowed:
        return None
    found = _items_of(request, vault, kind).filter(deleted_on=None)
    return observe.read(lambda: _first_of(kind, found), None)


def _items_of(request: HtmxRequest, vault: Vault, kind: Kind) -> QuerySet[InventoryItem]:
    return access.visible_to(request.actor, vault.team).items.filter(vault=vault, kind=kind.name)


def _first_of(kind: Kind, found: QuerySet[InventoryItem]) -> LastKnown | None:
    items = list(found.order_by("name")[: SHOWN + 1])
    more = found.count() - SHOWN if len(items) > SHOWN else 0
    return LastKnown(kind.name, items[:SHOWN], more) if items else None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a list's page shows of the last scan; read while Azure's list is on its way."""

    pending: Callable[[], set[str]]
    total: Callable[[], Total | None]

    @classmethod
    def of_list(cls, request: HtmxRequest, vault: Vault, kind: Kind) -> Self:
        return cls(
            request.actor.ahead(lambda: observe.pending_if_read(vault, kind)),
            request.actor.ahead(lambda: _total(request, vault, kind)),
        )


def list_context(request: HtmxRequest, vault: Vault, kind: Kind, page: Page[Any], scanned: Scanned) -> dict[str, Any]:
    """Template context for one page of a list; `?page=` selects the next."""
    return {
        "vault": vault,
        "kind": kind,
        "items": page.items,
        "pending": scanned.pending() if page.items else set(),
        "mailed": _mailed(vault) if kind == CERTIFICATE else 0,
        "known": _known(vault, page.items) if kind == CERTIFICATE else {},
        "more": f"?{urlencode({'page': page.next_token})}" if page.next_token else "",
        "nameless": page.nameless,
        "broken_off": problems.explain(page.broken_off, vault=vault) if page.broken_off else None,
        "deleted": None if page.items or page.next_token else _deleted(request, vault, kind),
        # Only if there are more: Azure gives no total.
        "total": scanned.total() if page.next_token else None,
    }


def _known(vault: Vault, items: Sequence[CertificateProperties]) -> dict[str, WithRenewal]:
    """By folded name: what the index has of the certificates of this page, as far as they have not been changed since."""
    thumbprints, nothing = {fold(item.name): item.x5t for item in items}, dict[str, WithRenewal]()
    found = observe.read(lambda: foresight.with_renewals(vault, list(thumbprints)), nothing)
    return {name: each for name, each in found.items() if each.known.of_thumbprint == thumbprints[name]}


def _mailed(vault: Vault) -> int:
    """The number of certificates whose policy e-mails contacts that the vault does not have."""
    return observe.read(lambda: contacts.mailed(vault), 0) if vault.has_contacts is False else 0


def _deleted(request: HtmxRequest, vault: Vault, kind: Kind) -> Deleted:
    """The number of deleted items of a kind at the last scan, and until when all of them can be recovered."""
    found = _items_of(request, vault, kind).exclude(deleted_on=None)
    return observe.read(
        lambda: Deleted(**found.aggregate(count=Count("pk"), until=Min("scheduled_purge_on"))), Deleted(0, None)
    )


def _total(request: HtmxRequest, vault: Vault, kind: Kind) -> Total | None:
    """For a first page: the number of items that the last scan counted. None if it is not known."""
    seen = access.visible_to(request.actor, vault.team).includes(vault.team)
    if "page" in request.GET or not vault.read_in_full or not seen:
        return None
    return observe.read(lambda: Total(*live_of_kind(vault, kind)), None)
