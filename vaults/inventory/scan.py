"""Scan a vault: read its lists and pending operations, never a value, and merge the result into the inventory."""

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from vaults.azure.errors import (
    AuthenticationError,
    AzureError,
    Forbidden,
    NotAddressable,
    NotFound,
    TransportError,
    Unauthorized,
)
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.observe import AnyDeleted, Live, item_of
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page, pages
from vaults.keyvault.parts import Part, read_through
from vaults.keyvault.types import CertificateProperties, Deleted
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import InventoryItem, Vault

#: Seconds between two progress updates, which also show that the scan is alive.
NOTE_EVERY = 1.0
Found = Live | AnyDeleted
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a vault: the deleted or the live items of a kind."""

    kind: Kind
    deleted: bool

    def __str__(self) -> str:
        return f"deleted {self.kind.collection}" if self.deleted else self.kind.collection

    def page(self, client: VaultClient, token: str | None) -> Page[Any]:
        return self.kind.client(client).deleted_page(token) if self.deleted else self.kind.live_page(client, token)

    @property
    def items(self) -> Q:
        return Q(kind=self.kind.name, deleted_on__isnull=not self.deleted)


LISTINGS = [Listing(kind, deleted) for deleted in (False, True) for kind in KINDS]


class Progress:
    """Progress of a scan. The reading threads only count here; they do not write to the database.

    `note` is called about once a second by the thread that waits for them.
    """

    def __init__(self, note: Callable[["Progress"], None]) -> None:
        self._note = note
        self.lists = 0
        self.items = 0
        self._lock = threading.Lock()

    def add(self, *, lists: int = 0, items: int = 0) -> None:
        with self._lock:
            self.lists += lists
            self.items += items

    def counted(self, read: Iterable[Page[Found]]) -> Iterator[Page[Found]]:
        for page in read:
            self.add(items=len(page.items))
            yield page

    def gather(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run all calls in parallel. This thread has the database connection; it notes the progress while it waits."""
        with ThreadPoolExecutor(1, thread_name_prefix="lists") as pool:
            reading = pool.submit(contextvars.copy_context().run, lambda: gather(*calls))
            while wait([reading], timeout=NOTE_EVERY).not_done:
                self._note(self)
        return reading.result()


List = Part[list[Found]]


def read_lists(client: VaultClient, listings: Sequence[Listing], progress: Progress) -> Sequence[List]:
    """Read these lists in parallel."""
    return progress.gather([partial(_read, client, listing, progress) for listing in listings])


def is_refused(part: List) -> bool:
    """True if this connection may not read the list, or may not sign in: another one may be allowed to."""
    error = part.error
    return isinstance(error, Forbidden | Unauthorized) or (isinstance(error, AuthenticationError) and error.refused)


def merge(vault: Vault, client: VaultClient, progress: Progress, lists: Sequence[List]) -> int:
    """Read the operations of certificates that may be pending, and store what was found. Returns the number of items found.

    Known items of a list that failed are kept.
    """
    found = _each_once(each for part in lists for each in part.value or ())
    pending = _pending(vault, client, progress, found)
    items = [item_of(vault, each) for each in found]
    for item in items:
        item.pending = item.kind == CERTIFICATE.name and item.name in pending
    _replace(vault, items, [listing for listing, part in zip(LISTINGS, lists, strict=True) if _is_incomplete(part)])
    return len(items)


def _read(client: VaultClient, listing: Listing, progress: Progress) -> List:
    read = read_through(progress.counted(pages(partial(listing.page, client))))
    if read.error is None:
        progress.add(lists=1)
    return read


def has_failed(part: List) -> bool:
    """True if the content of the list is not fully known. False if it may not be read: then known items are dropped."""
    return part.error is not None and not isinstance(part.error, Forbidden)


def _is_incomplete(part: List) -> bool:
    """True also if items of the list have no readable identifier: each may be a known one."""
    return has_failed(part) or part.nameless > 0


def _each_once(found: Iterable[Found]) -> list[Found]:
    """The items without duplicates: a list may contain an item twice, on two pages or in two spellings."""
    known: dict[tuple[type, str], Found] = {}
    for each in found:
        properties = each.properties if isinstance(each, Deleted) else each
        known.setdefault((type(each), properties.name.lower()), each)
    return list(known.values())


def require_a_list(lists: Sequence[List]) -> None:
    """Raises the error of a vault that failed before any list was read."""
    failures = [part.error for part in lists if part.error and has_failed(part)]
    if failures and all(part.value is None for part in lists):
        # Prefer the original failure to the circuit breaker's error ("resting").
        raise min(failures, key=lambda error: isinstance(error, TransportError) and error.reason == "resting")


def _replace(vault: Vault, items: Sequence[InventoryItem], failed: Sequence[Listing]) -> None:
    """Replace what was known by what was found, except known items of failed lists."""
    seen = {(item.kind, item.name.lower()) for item in items}
    unknown = reduce(or_, (listing.items for listing in failed)) if failed else Q(pk__in=[])
    kept = vault.items.filter(unknown).only("pk", "kind", "name")
    keep = [item.pk for item in kept if (item.kind, item.name.lower()) not in seen]
    with transaction.atomic():
        vault.items.exclude(pk__in=keep).delete()
        InventoryItem.objects.bulk_create(items, batch_size=500)


def _pending(vault: Vault, client: VaultClient, progress: Progress, found: Sequence[Found]) -> set[str]:
    """Names of certificates whose operation is in progress. Checked are those never issued, and those pending before."""
    known = observe.pending_names(vault)
    names = [
        each.name
        for each in found
        if isinstance(each, CertificateProperties) and (not each.issued or each.name.lower() in known)
    ]
    states = progress.gather([partial(_is_pending, client, name, name.lower() in known) for name in names])
    return {name for name, pending in zip(names, states, strict=True) if pending}


def _is_pending(client: VaultClient, name: str, known: bool) -> bool:
    """True if the operation is in progress. False if it can't be read; after other errors, what was known."""
    try:
        return client.certificates.operation(name).is_pending
    except (NotFound, Forbidden, NotAddressable):
        return False
    except AzureError:
        return known
