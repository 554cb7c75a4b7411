"""The inventory: what a scan finds in a vault, kept as metadata. A scan reads lists and pending operations, never a value."""

import contextvars
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vaults import access, audit, clients, index, problems
from vaults.index import AnyDeleted, Live, item_of
from vaults.keyvault.client import VaultClient
from vaults.keyvault.errors import Forbidden, KeyVaultError, NotFound, TransportError
from vaults.keyvault.parallel import gather
from vaults.keyvault.timelimit import time_limit
from vaults.keyvault.types import CertificateProperties
from vaults.models import InventoryItem, User, Vault
from vaults.permissions import Action

#: A scan that has not ended after this long was cut off; another may begin.
LEASE = timedelta(minutes=10)
#: A scan gives up before its lease ends.
LONGEST_SCAN = timedelta(minutes=8)
#: Seconds between two notes of how far a scan is.
NOTE_EVERY = 1.0
Listing = Callable[[VaultClient], Iterable[Live | AnyDeleted]]

LISTINGS: list[Listing] = [
    lambda client: client.secrets.list(),
    lambda client: client.keys.list(),
    lambda client: client.certificates.list(include_pending=True),
    lambda client: client.secrets.list_deleted(),
    lambda client: client.keys.list_deleted(),
    lambda client: client.certificates.list_deleted(),
]


class ScanUnderWay(Exception):
    """This vault is being scanned right now."""


def request_scan(actor: User, vault: Vault) -> None:
    """Ask the worker to scan the vault next, in this person's name. Who asks again waits for the same scan."""
    access.require(actor, Action.VAULT_SCAN, vault.team)
    waiting = Vault.objects.filter(pk=vault.pk, scan_requested_at=None)
    waiting.update(scan_requested_at=timezone.now(), scan_requested_by=actor)


def request_scans(actor: User, vaults: Iterable[Vault]) -> int:
    """Ask for a scan of each of these vaults, in this person's name; how many wait for theirs now.

    Whoever asked first for a vault that waits already stays the one whose name is on the record.
    """
    found = list(vaults)
    for team in {vault.team for vault in found}:
        access.require(actor, Action.VAULT_SCAN, team)
    asked = {"scan_requested_at": timezone.now(), "scan_requested_by": actor}
    Vault.objects.filter(pk__in=[vault.pk for vault in found], scan_requested_at=None).update(**asked)
    return len(found)


def scan_vault(actor: User | None, vault: Vault) -> int:
    """Read all six lists side by side, then the operations of certificates that may be pending, and replace what was known
    of the vault; the number of items found.

    A list that Azure refuses is named in `vault.scan_problem`; the others count all the same. Raises ScanUnderWay.
    """
    _take_lease(vault)
    problem, ended = "The scan failed in this server. Its log says why.", None
    try:
        with audit.recording(actor, Action.VAULT_SCAN, vault.team, vault=vault) as event:
            access.require(actor, Action.VAULT_SCAN, vault.team)
            client = clients.for_vault(vault, event)
            with time_limit(LONGEST_SCAN.total_seconds()):
                lists = _read_lists(vault, client)
            found = [each for part, _ in lists for each in part]
            pending = _pending(client, index.pending_names(vault), found)
            items = [item_of(vault, each) for each in found]
            for item in items:
                item.pending = item.kind == InventoryItem.Kind.CERTIFICATE and item.name in pending
            with transaction.atomic():
                vault.items.all().delete()
                InventoryItem.objects.bulk_create(items, batch_size=500)
            event.detail["count"] = len(items)
        problem = "; ".join(dict.fromkeys(refusal for _, refusal in lists if refusal))
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


def _read_lists(vault: Vault, client: VaultClient) -> Sequence[tuple[list[Live | AnyDeleted], str]]:
    """All lists side by side; this thread has the database, and notes meanwhile how far the others are."""
    progress = Progress()
    calls = [partial(_read, vault, client, read, progress) for read in LISTINGS]
    with ThreadPoolExecutor(1, thread_name_prefix="lists") as pool:
        reading = pool.submit(contextvars.copy_context().run, lambda: gather(*calls, return_exceptions=True))
        while wait([reading], timeout=NOTE_EVERY).not_done:
            Vault.objects.filter(pk=vault.pk).update(scan_lists=progress.lists, scan_items=progress.items)
    lists, failures = [], []
    for each in reading.result():
        failures.append(each) if isinstance(each, Exception) else lists.append(each)
    if failures:
        # Of a vault that is left alone after some failures, the failures tell more than that.
        raise min(failures, key=lambda error: isinstance(error, TransportError) and error.reason == "resting")
    return lists


def _take_lease(vault: Vault) -> None:
    free = Q(scan_started_at=None) | Q(scan_started_at__lt=timezone.now() - LEASE)
    begun: dict[str, Any] = {
        "scan_started_at": timezone.now(),
        "scan_requested_at": None,
        "scan_requested_by": None,
        "scan_lists": 0,
        "scan_items": 0,
    }
    if not Vault.objects.filter(free, pk=vault.pk).update(**begun):
        raise ScanUnderWay


def _read(vault: Vault, client: VaultClient, read: Listing, progress: Progress) -> tuple[list[Live | AnyDeleted], str]:
    """One list, or the reason why the service principal may not read it."""
    found = []
    try:
        for each in read(client):
            found.append(each)
            progress.add(items=1)
    except Forbidden as error:
        return [], problems.explain(error, vault=vault).title
    progress.add(lists=1)
    return found, ""


def _pending(client: VaultClient, known: set[str], found: Sequence[Live | AnyDeleted]) -> set[str]:
    """Names of certificates whose operation is under way. Asked is where none was issued, or one was under way before."""
    names = [
        each.name
        for each in found
        if isinstance(each, CertificateProperties) and (not each.x5t or each.name.lower() in known)
    ]
    answers = gather(*(partial(_is_pending, client, name, name.lower() in known) for name in names))
    return {name for name, pending in zip(names, answers, strict=True) if pending}


def _is_pending(client: VaultClient, name: str, known: bool) -> bool:
    """What can't be asked is not called pending; a failure leaves what was known."""
    try:
        return client.certificates.operation(name).is_pending
    except (NotFound, Forbidden):
        return False
    except KeyVaultError:
        return known
