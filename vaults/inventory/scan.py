"""Scan a vault: read its lists, pending operations and changed certificates, never a value, and merge it into the inventory."""

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone

from vaults.azure.errors import (
    AuthenticationError,
    Forbidden,
    NotAddressable,
    NotFound,
    TransportError,
    Unauthorized,
)
from vaults.azure.parallel import gather
from vaults.inventory import certificates, contacts, foresight, observe, operations
from vaults.inventory.rows import AnyDeleted, Live, item_of
from vaults.inventory.store import mark_gone, remove_long_gone, store
from vaults.keyvault.client import VaultClient
from vaults.keyvault.identifiers import fold
from vaults.keyvault.paging import Page, pages
from vaults.keyvault.parts import Part, part, read_through
from vaults.keyvault.types import CertificateOperation, CertificateProperties, Deleted
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import Outcome, Vault

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

    def gather(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run all calls in parallel. This thread has the database connection; it notes the progress while it waits."""
        with ThreadPoolExecutor(1, thread_name_prefix="lists") as pool:
            reading = pool.submit(contextvars.copy_context().run, lambda: gather(*calls))
            while wait([reading], timeout=NOTE_EVERY).not_done:
                self._note(self)
        return reading.result()


@dataclass(frozen=True, slots=True)
class Seen:
    """An item in a list, and when the list's page was asked for."""

    found: Found
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Part[list[Seen]]):
    """What was read of a list. `begun`: when its first page was asked for."""

    begun: datetime

    @property
    def is_complete(self) -> bool:
        """False also if items of the list have no readable identifier: each may be a known one."""
        return self.error is None and self.nameless == 0


def read_lists(client: VaultClient, listings: Sequence[Listing], progress: Progress) -> Sequence[List]:
    """Read these lists in parallel."""
    return progress.gather([partial(_read, client, listing, progress) for listing in listings])


def is_refused(part: List) -> bool:
    """True if this connection may not read the list, or may not sign in: another one may be allowed to."""
    error = part.error
    return isinstance(error, Forbidden | Unauthorized) or (isinstance(error, AuthenticationError) and error.refused)


@dataclass(frozen=True, slots=True)
class Merged:
    """The number of items found; and of the certificates that were to be read, the error if that was refused."""

    count: int
    certificates: Part[Any]


def merge(vault: Vault, client: VaultClient, progress: Progress, lists: Sequence[List]) -> Merged:
    """Read the operations of certificates that may be pending, merge what was found, read the changed certificates, and foresee
    their renewals. Where a policy e-mails the vault's contacts, ask whether it has any.

    Known items that were not found are gone if their list was read completely; else they are kept as they were.
    """
    found = _each_once(lists)
    pending = _pending(vault, client, progress, found)
    items = [item_of(vault, each.found, each.at) for each in found]
    for item in items:
        item.pending = item.kind == CERTIFICATE.name and item.deleted_on is None and fold(item.name) in pending
    store(vault, items)
    for listing, read in zip(LISTINGS, lists, strict=True):
        if read.is_complete:
            mark_gone(vault, listing.items, read.begun)
        if read.is_complete and listing == Listing(CERTIFICATE, deleted=False):
            _end_of_unlisted(vault, found, read.begun)
    remove_long_gone(vault, timezone.now())
    operations.remove_old(vault, timezone.now())
    _note_unread(vault, lists)
    unread = certificates.read_changed(vault, client, progress.gather, _names(found))
    foresight.foresee(vault, timezone.now())
    contacts.read_if_mailed(vault, client, progress.gather)
    return Merged(len(items), unread)


def _note_unread(vault: Vault, lists: Sequence[List]) -> None:
    """Store which lists were not read completely, each with the time of the last scan that did."""
    last = vault.scanned_at.isoformat() if vault.scanned_at else ""
    names = [str(listing) for listing, read in zip(LISTINGS, lists, strict=True) if not read.is_complete]
    vault.unread_lists = {name: vault.unread_lists.get(name, last) for name in names}
    Vault.objects.filter(pk=vault.pk).update(unread_lists=vault.unread_lists)


def _read(client: VaultClient, listing: Listing, progress: Progress) -> List:
    begun = timezone.now()

    def page(token: str | None) -> Page[Seen]:
        asked_at = timezone.now()
        got = listing.page(client, token)
        progress.add(items=len(got.items))
        return replace(got, items=tuple(Seen(each, asked_at) for each in got.items))

    read = read_through(pages(page))
    if read.error is None:
        progress.add(lists=1)
    return List(read.value, read.error, read.nameless, begun=begun)


def has_failed(part: Part[Any]) -> bool:
    """True if a list was not read, or not to its end, for another reason than a missing permission."""
    return part.error is not None and not isinstance(part.error, Forbidden)


def _each_once(lists: Sequence[List]) -> list[Seen]:
    """Each item once: a list may contain it twice, and of its live and its deleted state the one seen last counts."""
    known: dict[tuple[str, str], Seen] = {}
    for listing, read in zip(LISTINGS, lists, strict=True):
        for each in read.value or ():
            properties = each.found.properties if isinstance(each.found, Deleted) else each.found
            key = listing.kind.name, fold(properties.name)
            if key not in known or known[key].at < each.at:
                known[key] = each
    return list(known.values())


def require_a_list(lists: Sequence[List]) -> None:
    """Raises the error of a vault that failed before any list was read."""
    failures = [part.error for part in lists if part.error and has_failed(part)]
    if failures and all(part.value is None for part in lists):
        # Prefer the original failure to the circuit breaker's error ("resting").
        raise min(failures, key=lambda error: isinstance(error, TransportError) and error.reason == "resting")


def _pending(vault: Vault, client: VaultClient, progress: Progress, found: Sequence[Seen]) -> set[str]:
    """Folded names of certificates whose operation is in progress; what is seen of the operations is recorded.

    Checked are those never issued, and those pending before.
    """
    known = observe.pending_names(vault) | operations.open_names(vault)
    live = [each.found for each in found if isinstance(each.found, CertificateProperties)]
    names = [each.name for each in live if not each.issued or fold(each.name) in known]
    looks = progress.gather([partial(_look, client, name) for name in names])
    operations.see(vault, [operations.Seen(each.read.value, each.at) for each in looks if each.read.value])
    for each in looks:
        if isinstance(each.read.error, NotFound):
            operations.end(vault, [each.name], each.at, Outcome.FORGOTTEN)
    return {fold(each.name) for each in looks if each.is_pending(fold(each.name) in known)}


@dataclass(frozen=True, slots=True)
class _Look:
    """What was read of a certificate's operation, and when it was asked for."""

    name: str
    read: Part[CertificateOperation]
    at: datetime

    def is_pending(self, before: bool) -> bool:
        """True if it is in progress. False if it can't be read; after other errors, what was known `before`."""
        if self.read.value:
            return self.read.value.is_pending
        return before and not isinstance(self.read.error, NotFound | Forbidden | NotAddressable)


def _look(client: VaultClient, name: str) -> _Look:
    at = timezone.now()
    return _Look(name, part(lambda: client.certificates.operation(name)), at)


def _end_of_unlisted(vault: Vault, found: Sequence[Seen], begun: datetime) -> None:
    """Operations of certificates that the complete list does not contain no longer exist."""
    operations.end(vault, sorted(operations.open_names(vault) - _names(found)), begun, Outcome.FORGOTTEN)


def _names(found: Sequence[Seen]) -> set[str]:
    """Folded names of the certificates in the list."""
    return {fold(each.found.name) for each in found if isinstance(each.found, CertificateProperties)}
