"""The inventory: what a scan finds in a vault, kept as metadata. A scan reads lists and pending operations, never a value."""

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import get_text_list

from vaults import access, clients, problems
from vaults.actions.parts import Part, read_through, record_unread
from vaults.audit import recording
from vaults.azure.errors import Forbidden, KeyVaultError, NotAddressable, NotFound, TransportError
from vaults.azure.parallel import gather
from vaults.azure.time_limit import time_limit
from vaults.inventory import observe
from vaults.inventory.observe import AnyDeleted, Live, item_of
from vaults.keyvault.client import VaultClient
from vaults.keyvault.paging import Page, pages
from vaults.keyvault.types import CertificateProperties, Deleted
from vaults.models import InventoryItem, User, Vault
from vaults.permissions import Action

#: A scan that has not ended after this long was cut off; another may begin.
LEASE = timedelta(minutes=10)
#: So was one that gave no sign of life for this long: its worker was killed.
SILENCE = timedelta(minutes=1)
#: A scan gives up before its lease ends.
LONGEST_SCAN = timedelta(minutes=8)
#: Seconds between two notes of how far a scan is, which are its signs of life.
NOTE_EVERY = 1.0
Found = Live | AnyDeleted
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a vault, and which of its items it is about."""

    kind: InventoryItem.Kind
    deleted: bool
    page: Callable[[VaultClient], Callable[[str | None], Page[Any]]]

    def __str__(self) -> str:
        return f"deleted {self.kind}s" if self.deleted else f"{self.kind}s"

    @property
    def items(self) -> Q:
        return Q(kind=self.kind, deleted_on__isnull=not self.deleted)


LISTINGS = [
    Listing(InventoryItem.Kind.SECRET, False, lambda client: client.secrets.list_page),
    Listing(InventoryItem.Kind.KEY, False, lambda client: client.keys.list_page),
    Listing(
        InventoryItem.Kind.CERTIFICATE,
        False,
        lambda client: partial(client.certificates.list_page, include_pending=True),
    ),
    Listing(InventoryItem.Kind.SECRET, True, lambda client: client.secrets.deleted_page),
    Listing(InventoryItem.Kind.KEY, True, lambda client: client.keys.deleted_page),
    Listing(InventoryItem.Kind.CERTIFICATE, True, lambda client: client.certificates.deleted_page),
]


class ScanUnderWay(Exception):
    """This vault is being scanned right now."""


def request_scans(actor: User, vaults: Iterable[Vault]) -> int:
    """Ask the worker to scan each of these vaults next, in this person's name; how many wait for theirs now.

    Where a vault waits already, whoever asked first stays the one whose name is on the record.
    """
    found = list(vaults)
    asked = {"scan_requested_at": timezone.now(), "scan_requested_by": actor}
    for team in {vault.team for vault in found}:
        waiting = [vault.pk for vault in found if vault.team == team]
        with access.writing(actor, Action.VAULT_SCAN, team):
            Vault.objects.filter(pk__in=waiting, scan_requested_at=None).update(**asked)
    return len(found)


def scan_vault(actor: User | None, vault: Vault) -> int:
    """Read all six lists side by side, then the operations of certificates that may be pending, and replace what was known
    of the vault; the number of items found.

    A list that Azure refuses is named in `vault.scan_problem`, and the others count all the same. So do they where one fails
    otherwise; what was known of that one stays. Raises ScanUnderWay, and the error of a vault that gives no list at all.
    """
    _take_lease(vault)
    problem, ended = "The scan failed in this server. Its log says why.", None
    try:
        with (
            recording.recording(actor, Action.VAULT_SCAN, vault.team, vault=vault) as event,
            time_limit(LONGEST_SCAN.total_seconds()),
        ):
            access.require(actor, Action.VAULT_SCAN, vault.team)
            client = clients.for_vault(vault, event)
            progress = Progress()
            lists = _noting(vault, progress, [partial(_read, client, listing, progress) for listing in LISTINGS])
            _require_a_list(lists)
            record_unread(event, *lists)
            found = _each_once(each for part in lists for each in part.value or ())
            pending = _pending(vault, client, progress, found)
            items = [item_of(vault, each) for each in found]
            for item in items:
                item.pending = item.kind == InventoryItem.Kind.CERTIFICATE and item.name in pending
            _replace(vault, items, [listing for listing, part in zip(LISTINGS, lists, strict=True) if _in_part(part)])
            event.detail["count"] = len(items)
        problem = "; ".join(dict.fromkeys(_problems(vault, lists)))
        ended = vault.scanned_at = timezone.now()
    except problems.EXPECTED as error:
        problem = problems.explain(error, vault=vault).title
        raise
    finally:
        vault.scan_started_at, vault.scan_ended_at, vault.scan_problem = None, ended or timezone.now(), problem[:300]
        vault.save(update_fields=["scan_started_at", "scan_ended_at", "scan_problem", "scanned_at"])
    return len(items)


def awaits_scan(vault: Vault) -> bool:
    """Was a scan asked for, or begun, that has not ended? One that should have ended long ago was cut off."""
    since = timezone.now() - LEASE
    return any(moment and moment > since for moment in (vault.scan_requested_at, vault.scan_started_at))


class Progress:
    """How far a scan has come. The threads that read count here, and write nothing."""

    def __init__(self) -> None:
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


def _noting(vault: Vault, progress: Progress, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
    """All calls side by side; this thread has the database, and notes meanwhile how far the others are."""
    with ThreadPoolExecutor(1, thread_name_prefix="lists") as pool:
        reading = pool.submit(contextvars.copy_context().run, lambda: gather(*calls))
        while wait([reading], timeout=NOTE_EVERY).not_done:
            how_far: dict[str, Any] = {"scan_lists": progress.lists, "scan_items": progress.items}
            Vault.objects.filter(pk=vault.pk).update(scan_seen_at=timezone.now(), **how_far)
    return reading.result()


def is_cut_off(now: datetime) -> Q:
    """Vaults whose scan began and ended neither one way nor the other."""
    silent = Q(scan_started_at__isnull=False, scan_seen_at__lt=now - SILENCE)
    return Q(scan_started_at__lt=now - LEASE) | silent


def _take_lease(vault: Vault) -> None:
    free = Q(scan_started_at=None) | is_cut_off(timezone.now())
    begun: dict[str, Any] = {
        "scan_started_at": timezone.now(),
        "scan_seen_at": timezone.now(),
        "scan_requested_at": None,
        "scan_requested_by": None,
        "scan_lists": 0,
        "scan_items": 0,
    }
    if not Vault.objects.filter(free, pk=vault.pk).update(**begun):
        raise ScanUnderWay


def _read(client: VaultClient, listing: Listing, progress: Progress) -> Part[list[Found]]:
    read = read_through(progress.counted(pages(listing.page(client))))
    if read.error is None:
        progress.add(lists=1)
    return read


def _failed(part: Part[list[Found]]) -> bool:
    """Whether nobody knows all that the list holds now. Where it may not be read, what was known is dropped."""
    return part.error is not None and not isinstance(part.error, Forbidden)


def _in_part(part: Part[list[Found]]) -> bool:
    """The same of one that names items by nothing that can be read: each may be one that was known."""
    return _failed(part) or part.nameless > 0


def _problems(vault: Vault, lists: Sequence[Part[list[Found]]]) -> Iterator[str]:
    """Why lists are missing: the permissions in one sentence; of another failure it must be said which list it met."""
    found = [
        (listing, read, problems.explain(read.error, vault=vault))
        for listing, read in zip(LISTINGS, lists, strict=True)
        if read.error
    ]
    missing = list(dict.fromkeys(problem.permission for _, _, problem in found if problem.permission))
    if missing:
        yield f"Azure refused: {get_text_list(missing, 'and')} {'is' if len(missing) == 1 else 'are'} missing"
    for listing, read, problem in found:
        if not problem.permission:
            yield f"{listing}: {problem.title}" if _failed(read) else problem.title
    for listing, read in zip(LISTINGS, lists, strict=True):
        if read.nameless:
            items = "item has" if read.nameless == 1 else "items have"
            yield f"{listing}: {read.nameless} {items} no identifier that can be read"


def _each_once(found: Iterable[Found]) -> list[Found]:
    """A list may name an item twice, on two pages or in two spellings."""
    known: dict[tuple[type, str], Found] = {}
    for each in found:
        properties = each.properties if isinstance(each, Deleted) else each
        known.setdefault((type(each), properties.name.lower()), each)
    return list(known.values())


def _require_a_list(lists: Sequence[Part[list[Found]]]) -> None:
    """Raises the error of a vault that failed without giving any list."""
    failures = [part.error for part in lists if part.error and _failed(part)]
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
    answers = _noting(vault, progress, [partial(_is_pending, client, name, name.lower() in known) for name in names])
    return {name for name, pending in zip(names, answers, strict=True) if pending}


def _is_pending(client: VaultClient, name: str, known: bool) -> bool:
    """What can't be asked is not called pending; a failure leaves what was known."""
    try:
        return client.certificates.operation(name).is_pending
    except (NotFound, Forbidden, NotAddressable):
        return False
    except KeyVaultError:
        return known
