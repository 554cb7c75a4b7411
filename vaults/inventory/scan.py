"""What a scan reads of a vault, and how that is merged into what is known. Lists and pending operations, never a value."""

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

from vaults.azure.errors import AzureError, Forbidden, NotAddressable, NotFound, TransportError
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.observe import AnyDeleted, Live, item_of
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page, pages
from vaults.keyvault.parts import Part, read_through
from vaults.keyvault.types import CertificateProperties, Deleted
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import InventoryItem, Vault

#: Seconds between two notes of how far a scan is, which are its signs of life.
NOTE_EVERY = 1.0
Found = Live | AnyDeleted
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a vault: the items of a kind that are deleted, or those that are not."""

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
    """How far a scan has come. The threads that read count here, and write nothing.

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
        """All calls side by side; this thread has the database, and notes meanwhile how far the others are."""
        with ThreadPoolExecutor(1, thread_name_prefix="lists") as pool:
            reading = pool.submit(contextvars.copy_context().run, lambda: gather(*calls))
            while wait([reading], timeout=NOTE_EVERY).not_done:
                self._note(self)
        return reading.result()


List = Part[list[Found]]


def read_lists(client: VaultClient, progress: Progress) -> Sequence[List]:
    """All of LISTINGS, side by side. Raises the error of a vault that failed without giving any list."""
    lists = progress.gather([partial(_read, client, listing, progress) for listing in LISTINGS])
    _require_a_list(lists)
    return lists


def merge(vault: Vault, client: VaultClient, progress: Progress, lists: Sequence[List]) -> int:
    """Ask for the operations of certificates that may be pending, and put what was found in place of what was known; the
    number of items found. What only a list that failed could tell stays as it was known."""
    found = _each_once(each for part in lists for each in part.value or ())
    pending = _pending(vault, client, progress, found)
    items = [item_of(vault, each) for each in found]
    for item in items:
        item.pending = item.kind == CERTIFICATE.name and item.name in pending
    _replace(vault, items, [listing for listing, part in zip(LISTINGS, lists, strict=True) if _in_part(part)])
    return len(items)


def _read(client: VaultClient, listing: Listing, progress: Progress) -> List:
    read = read_through(progress.counted(pages(partial(listing.page, client))))
    if read.error is None:
        progress.add(lists=1)
    return read


def has_failed(part: List) -> bool:
    """Whether nobody knows all that the list holds now. Where it may not be read, what was known is dropped."""
    return part.error is not None and not isinstance(part.error, Forbidden)


def _in_part(part: List) -> bool:
    """The same of one that names items by nothing that can be read: each may be one that was known."""
    return has_failed(part) or part.nameless > 0


def _each_once(found: Iterable[Found]) -> list[Found]:
    """A list may name an item twice, on two pages or in two spellings."""
    known: dict[tuple[type, str], Found] = {}
    for each in found:
        properties = each.properties if isinstance(each, Deleted) else each
        known.setdefault((type(each), properties.name.lower()), each)
    return list(known.values())


def _require_a_list(lists: Sequence[List]) -> None:
    """Raises the error of a vault that failed without giving any list."""
    failures = [part.error for part in lists if part.error and has_failed(part)]
    if failures and all(part.value is None for part in lists):
        # Of a vault that is left alone after some failures, the failures tell more than that.
        raise min(failures, key=lambda error: isinstance(error, TransportError) and error.reason == "resting")


def _replace(vault: Vault, items: Sequence[InventoryItem], failed: Sequence[Listing]) -> None:
    """Put what was found in place of what was known, except what only a list that failed could tell."""
    seen = {(item.kind, item.name.lower()) for item in items}
    unknown = reduce(or_, (listing.items for listing in failed)) if failed else Q(pk__in=[])
    kept = vault.items.filter(unknown).only("pk", "kind", "name")
    keep = [item.pk for item in kept if (item.kind, item.name.lower()) not in seen]
    with transaction.atomic():
        vault.items.exclude(pk__in=keep).delete()
        InventoryItem.objects.bulk_create(items, batch_size=500)


def _pending(vault: Vault, client: VaultClient, progress: Progress, found: Sequence[Found]) -> set[str]:
    """Names of certificates whose operation is under way. Asked is where none was issued, or one was under way before."""
    known = observe.pending_names(vault)
    names = [
        each.name
        for each in found
        if isinstance(each, CertificateProperties) and (not each.issued or each.name.lower() in known)
    ]
    answers = progress.gather([partial(_is_pending, client, name, name.lower() in known) for name in names])
    return {name for name, pending in zip(names, answers, strict=True) if pending}


def _is_pending(client: VaultClient, name: str, known: bool) -> bool:
    """What can't be asked is not called pending; a failure leaves what was known."""
    try:
        return client.certificates.operation(name).is_pending
    except (NotFound, Forbidden, NotAddressable):
        return False
    except AzureError:
        return known
