"""The inventory: what a scan finds in a vault, kept as metadata. A scan reads lists and pending operations, never a value."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vaults import access, audit, clients, index, problems
from vaults.index import AnyDeleted, Live, item_of
from vaults.keyvault.client import VaultClient
from vaults.keyvault.errors import Forbidden, KeyVaultError, NotFound
from vaults.keyvault.parallel import gather
from vaults.keyvault.types import CertificateProperties
from vaults.models import InventoryItem, User, Vault
from vaults.permissions import Action

#: A scan that has not ended after this long was cut off; another may begin.
LEASE = timedelta(minutes=10)
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
    """Ask the worker to scan the vault next, in this person's name."""
    access.require(actor, Action.VAULT_SCAN, vault.team)
    Vault.objects.filter(pk=vault.pk).update(scan_requested_at=timezone.now(), scan_requested_by=actor)


def scan_vault(actor: User | None, vault: Vault) -> int:
    """Read all six lists side by side, then the operations of certificates that may be pending, and replace what was known
    of the vault; the number of items found.

    A list that Azure refuses is named in `vault.scan_problem`; the others count all the same. Raises ScanUnderWay.
    """
    _take_lease(vault)
    problem = "The scan was cut off."
    try:
        with audit.recording(actor, Action.VAULT_SCAN, vault.team, vault=vault) as event:
            access.require(actor, Action.VAULT_SCAN, vault.team)
            client = clients.for_vault(vault, event)
            lists = gather(*(partial(_read, vault, client, read) for read in LISTINGS))
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
        vault.scanned_at = timezone.now()
    except problems.EXPECTED as error:
        problem = problems.explain(error, vault=vault).title
        raise
    finally:
        vault.scan_started_at = None
        vault.scan_problem = problem[:300]
        vault.save(update_fields=["scan_started_at", "scan_problem", "scanned_at"])
    return len(items)


def _take_lease(vault: Vault) -> None:
    free = Q(scan_started_at=None) | Q(scan_started_at__lt=timezone.now() - LEASE)
    begun = {"scan_started_at": timezone.now(), "scan_requested_at": None, "scan_requested_by": None}
    if not Vault.objects.filter(free, pk=vault.pk).update(**begun):
        raise ScanUnderWay


def _read(vault: Vault, client: VaultClient, read: Listing) -> tuple[list[Live | AnyDeleted], str]:
    """One list, or the reason why the service principal may not read it."""
    try:
        return list(read(client)), ""
    except Forbidden as error:
        return [], problems.explain(error, vault=vault).title


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
