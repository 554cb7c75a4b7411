"""Scans: request a scan, and run it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from vaults import access, problems
from vaults.actors import Actor, Person
from vaults.acts import Doing, act
from vaults.azure.time_limit import time_limit
from vaults.inventory import scan
from vaults.inventory.scan import LISTINGS, Listing, Progress
from vaults.keyvault.client import VaultClient
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.problems.scans import ListProblem, ScanProblem, problem_of_lists

#: A scan that has not ended after this time was cut off; another may begin.
LEASE = timedelta(minutes=10)
#: So was a scan without progress for this time: its worker was killed.
SILENCE = timedelta(minutes=1)
#: A scan gives up before its lease ends.
LONGEST_SCAN = timedelta(minutes=8)


class ScanUnderWay(Exception):
    """This vault is being scanned now."""


def request_scans(actor: Person, vaults: Iterable[Vault]) -> int:
    """Request a scan of each of these vaults in this person's name. Returns the number of vaults that now wait for a scan.

    If a scan of a vault was requested before, the record keeps the name of the first person.
    """
    found = list(vaults)
    asked = {"scan_requested_at": timezone.now(), "scan_requested_by": actor.user}
    for team in {vault.team for vault in found}:
        waiting = [vault.pk for vault in found if vault.team == team]
        with access.writing(actor, Action.VAULT_SCAN, team):
            Vault.objects.filter(pk__in=waiting, scan_requested_at=None).update(**asked)
    return len(found)


def scan_vault(actor: Actor, vault: Vault) -> int:
    """Scan a vault. Returns the number of items found.

    Read all six lists in parallel, each through the first connection that may read it; then the operations of certificates
    that may be pending, and merge the result into the inventory. `vault.scan_problem` names a list that Azure refuses or that
    fails; the other lists are still used. Known items of a failed list are kept. Raises ScanUnderWay, and the error of a vault
    from which no list could be read.
    """
    _take_lease(vault)
    problem, ended = ScanProblem("scan.broken"), None
    try:
        with act(actor, Action.VAULT_SCAN, vault) as doing, time_limit(LONGEST_SCAN.total_seconds()):
            progress = Progress(lambda progress: _note(vault, progress))
            reads = _read_lists(doing, vault, progress)
            lists = [read.part for read in reads]
            scan.require_a_list(lists)
            doing.record_unread(*lists)
            count = scan.merge(vault, _reader_of_certificates(reads), progress, lists)
            doing.detail["count"] = count
        problem = problem_of_lists(_problems(reads))
        ended = vault.scanned_at = timezone.now()
    except problems.EXPECTED as error:
        explained = problems.explain(error, vault=vault)
        problem = ScanProblem(explained.code, explained.facts)
        raise
    finally:
        vault.scan_started_at, vault.scan_ended_at = None, ended or timezone.now()
        vault.scan_problem, vault.scan_problem_facts = problem.code, dict(problem.facts)
        vault.save(
            update_fields=["scan_started_at", "scan_ended_at", "scan_problem", "scan_problem_facts", "scanned_at"]
        )
    return count


@dataclass(frozen=True, slots=True)
class _Read:
    """One list as it was read, and through which connection."""

    listing: Listing
    part: scan.List
    vault: Vault
    client: VaultClient


def _read_lists(doing: Doing, vault: Vault, progress: Progress) -> list[_Read]:
    """All of LISTINGS. A list that one connection may not read is read through the next one; the record names that one."""
    reads: dict[Listing, _Read] = {}
    for connection in vault.connections_in_order:
        wanted = [each for each in LISTINGS if each not in reads or scan.is_refused(reads[each].part)]
        if not wanted:
            break
        reached = vault.through(connection)
        client = doing.client_through(connection)
        found = zip(wanted, scan.read_lists(client, wanted, progress), strict=True)
        reads |= {listing: _Read(listing, part, reached, client) for listing, part in found}
    others = {str(read.listing): read.vault.connection.name for read in reads.values() if _is_by_another(read, vault)}
    if others:
        doing.detail["through"] = others
    return [reads[listing] for listing in LISTINGS]


def _is_by_another(read: _Read, vault: Vault) -> bool:
    return read.part.error is None and read.vault.connection != vault.connection


def _reader_of_certificates(reads: Sequence[_Read]) -> VaultClient:
    return next(read.client for read in reads if read.listing == Listing(CERTIFICATE, deleted=False))


def _problems(reads: Sequence[_Read]) -> list[ListProblem]:
    """The problem of each list that was not read completely."""
    found = []
    for read in reads:
        listing, part = str(read.listing), read.part
        if part.error:
            problem = problems.explain(part.error, vault=read.vault)
            found.append(ListProblem(listing, problem.code, problem.facts, failed=scan.has_failed(part)))
        if part.nameless:
            found.append(ListProblem(listing, "scan.nameless", {"count": part.nameless}, failed=True))
    return found


def _note(vault: Vault, progress: Progress) -> None:
    how_far: dict[str, Any] = {"scan_lists": progress.lists, "scan_items": progress.items}
    Vault.objects.filter(pk=vault.pk).update(scan_seen_at=timezone.now(), **how_far)


def awaits_scan(vault: Vault) -> bool:
    """True if a scan was requested or has begun and has not ended. Requests and scans older than the lease do not count."""
    since = timezone.now() - LEASE
    return any(moment and moment > since for moment in (vault.scan_requested_at, vault.scan_started_at))


def is_cut_off(now: datetime) -> Q:
    """Filter for vaults whose scan began and was cut off."""
    silent = Q(scan_started_at__isnull=False, scan_seen_at__lt=now - SILENCE)
    return Q(scan_started_at__lt=now - LEASE) | silent


def has_been_cut_off(vault: Vault) -> bool:
    """Like `is_cut_off`, for one loaded vault."""
    now, started, seen = timezone.now(), vault.scan_started_at, vault.scan_seen_at
    return started is not None and (started < now - LEASE or (seen is not None and seen < now - SILENCE))


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
