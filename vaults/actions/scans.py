"""Scans: request a scan, and run it."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from vaults import access, problems
from vaults.actions import jobs
from vaults.actors import Actor, Person, System
from vaults.acts import Doing, act
from vaults.azure.time_limit import time_limit
from vaults.inventory import scan
from vaults.inventory.scan import LISTINGS, Listing, Progress
from vaults.keyvault.client import VaultClient
from vaults.kinds import CERTIFICATE
from vaults.models import JobKind, Vault, VaultConnection
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.problems.scans import ListProblem, ScanProblem, problem_of_lists
from vaults.sealing import SealBroken

#: A scan that has not ended after this time was cut off; another may begin.
LEASE = timedelta(minutes=10)
#: So was a scan without progress for this time: its worker was killed.
SILENCE = timedelta(minutes=1)
#: A scan gives up before its lease ends.
LONGEST_SCAN = timedelta(minutes=8)
#: Time after the end of a scan before a vault is scanned again if the scan failed; doubled after each further failure.
REST = timedelta(minutes=2)
LONGEST_REST = timedelta(minutes=30)
MOST_DOUBLINGS = 4


class ScanUnderWay(Exception):
    """This vault is being scanned now, or was scanned a moment ago."""


def request_scans(actor: Person, vaults: Iterable[Vault]) -> int:
    """Request a scan of each of these vaults in this person's name. Returns the number of vaults that now wait for a scan.

    If a person requested a scan of a vault before that still waits, the record keeps the name of that person.
    """
    found = list(vaults)
    for team in {vault.team for vault in found}:
        wanted = [vault for vault in found if vault.team == team]
        with access.writing(actor, Action.VAULT_SCAN, team):
            jobs.begin(JobKind.SCAN, team, [jobs.part_of(vault) for vault in wanted], actor.user)
            waiting = Vault.objects.filter(pk__in=[vault.pk for vault in wanted], scan_requested_at=None)
            waiting.update(scan_requested_at=timezone.now())
    return len(found)


@dataclass(slots=True)
class Run:
    """One scan. `owner`: its token for the lease; `instead_of`: the token of the killed one that it replaces.

    `parent`: the id of its job; `event`: its own, once it has begun.
    """

    owner: uuid.UUID = field(default_factory=uuid.uuid4)
    instead_of: uuid.UUID | None = None
    parent: uuid.UUID | None = None
    event: uuid.UUID | None = None


def scan_vault(actor: Actor, vault: Vault, run: Run | None = None) -> int:
    """Scan a vault. Returns the number of items found.

    Read all six lists in parallel, each through the first connection that may read it; then the operations of certificates
    that may be pending, merge the result into the inventory, and read the certificates that have changed. `vault.scan_problem`
    names a list that Azure refuses or that fails; the other lists are still used. Known items of a failed list are kept. Raises
    ScanUnderWay, and the error of a vault from which no list could be read.
    """
    run = run or Run()
    owner = _take_lease(vault, run)
    try:
        with (
            act(actor, Action.VAULT_SCAN, vault, parent=run.parent) as doing,
            time_limit(LONGEST_SCAN.total_seconds()),
        ):
            run.event = doing.event.id
            count = _scan(doing, vault, owner)
    except problems.EXPECTED as error:
        explained = problems.explain(error, vault=vault)
        _end(vault, owner, ScanProblem(explained.code, explained.facts), failed=True)
        raise
    except BaseException:
        _end(vault, owner, ScanProblem("scan.broken"), failed=True)
        raise
    return count


def _scan(doing: Doing, vault: Vault, owner: uuid.UUID) -> int:
    """The end is stored before the outcome is recorded: if the worker is killed in between, the vault is not scanned again."""
    progress = Progress(lambda progress: _note(vault, owner, progress))
    reads = _read_lists(doing, vault, progress)
    lists = [read.part for read in reads]
    scan.require_a_list(lists)
    doing.record_unread(*lists)
    _require_lease(vault, owner)
    merged = scan.merge(vault, _reader_of_certificates(reads), progress, lists)
    doing.record_unread(*lists, merged.certificates)
    doing.detail["count"] = merged.count
    _end(vault, owner, problem_of_lists(_problems(reads)), failed=False)
    return merged.count


def has_ended(vault: Vault, since: datetime) -> bool:
    """True if a scan that began after `since` has ended, although its worker may have been killed before it said so."""
    return vault.scan_owner is None and vault.scan_ended_at is not None and vault.scan_ended_at >= since


@dataclass(frozen=True, slots=True)
class _Read:
    """One list as it was read, and through which connection."""

    listing: Listing
    part: scan.List
    vault: Vault
    client: VaultClient


def _read_lists(doing: Doing, vault: Vault, progress: Progress) -> list[_Read]:
    """All of LISTINGS. A list that one connection may not read is read through the next one; the record names that one.

    So is each list if a connection's stored credential can't be opened. Raises SealBroken if none can be.
    """
    reads: dict[Listing, _Read] = {}
    broken: SealBroken | None = None
    for connection in vault.connections_in_order:
        wanted = [each for each in LISTINGS if each not in reads or scan.is_refused(reads[each].part)]
        if not wanted:
            break
        reached = vault.through(connection)
        try:
            client = doing.client_through(connection)
        except SealBroken as error:
            broken = broken or error
            continue
        found = zip(wanted, scan.read_lists(client, wanted, progress), strict=True)
        reads |= {listing: _Read(listing, part, reached, client) for listing, part in found}
    if broken and not reads:
        raise broken
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


def _end(vault: Vault, owner: uuid.UUID, problem: ScanProblem, *, failed: bool) -> None:
    """Store the result and release the lease, unless another scan has taken it.

    Called again after success, it stores that the outcome could not be recorded.
    """
    now, failures = timezone.now(), vault.scan_failures + 1 if failed else 0
    ended: dict[str, Any] = {
        "scan_started_at": None,
        "scan_owner": None,
        "scan_ended_at": now,
        "scanned_at": vault.scanned_at if failed else now,
        "scan_problem": problem.code,
        "scan_problem_facts": dict(problem.facts),
        "scan_failures": failures,
        "scan_rests_until": now + rest_after(failures),
    }
    mine = Q(scan_owner=owner) | Q(scan_owner=None, scan_started_at=None, scan_ended_at=vault.scan_ended_at)
    if Vault.objects.filter(mine, pk=vault.pk).update(**ended):
        for name, value in ended.items():
            setattr(vault, name, value)


def rest_after(failures: int) -> timedelta:
    """The time before the next scan after so many failures in a row."""
    doublings: int = min(max(failures - 1, 0), MOST_DOUBLINGS)
    return min(REST * int(2**doublings), LONGEST_REST)


def _require_lease(vault: Vault, owner: uuid.UUID) -> None:
    """A scan that was interrupted for a minute stores nothing if another has begun. Raises ScanUnderWay."""
    if not Vault.objects.filter(pk=vault.pk, scan_owner=owner).exists():
        raise ScanUnderWay


def _note(vault: Vault, owner: uuid.UUID, progress: Progress) -> None:
    how_far: dict[str, Any] = {"scan_lists": progress.lists, "scan_items": progress.items}
    Vault.objects.filter(pk=vault.pk, scan_owner=owner).update(scan_seen_at=timezone.now(), **how_far)


def awaits_scan(vault: Vault) -> bool:
    """True if a scan was requested or has begun and has not ended. Requests and scans older than the lease do not count."""
    since = timezone.now() - LEASE
    return any(moment and moment > since for moment in (vault.scan_requested_at, vault.scan_started_at))


def due(now: datetime) -> VaultQuerySet:
    """Vaults to scan: requested ones, those never scanned or too long ago, and those whose scan was cut off.

    After a scan that failed, a vault rests; a requested scan, and one that was cut off, waits for no rest.
    """
    old = Q(scanned_at=None) | Q(scanned_at__lt=now - timedelta(minutes=settings.SCAN_MINUTES))
    rested = Q(scan_rests_until=None) | Q(scan_rests_until__lte=now)
    idle = Q(scan_started_at=None)
    wanted = Q(scan_requested_at__isnull=False) | (old & rested & idle) | is_cut_off(now)
    reached = VaultConnection.objects.filter(vault=OuterRef("pk"), connection__team=OuterRef("team"))
    return access.visible_to(System()).vaults.filter(wanted, Exists(reached))


def is_cut_off(now: datetime) -> Q:
    """Filter for vaults whose scan began and was cut off."""
    silent = Q(scan_started_at__isnull=False, scan_seen_at__lt=now - SILENCE)
    return Q(scan_started_at__lt=now - LEASE) | silent


def has_been_cut_off(vault: Vault) -> bool:
    """Like `is_cut_off`, for one loaded vault."""
    now, started, seen = timezone.now(), vault.scan_started_at, vault.scan_seen_at
    return started is not None and (started < now - LEASE or (seen is not None and seen < now - SILENCE))


def _take_lease(vault: Vault, run: Run) -> uuid.UUID:
    """The token of the lease's owner. Raises ScanUnderWay, also if another scan has ended since the vault was loaded."""
    free = Q(scan_started_at=None) | is_cut_off(timezone.now())
    if run.instead_of:
        free |= Q(scan_owner=run.instead_of)
    begun: dict[str, Any] = {
        "scan_started_at": timezone.now(),
        "scan_owner": run.owner,
        "scan_seen_at": timezone.now(),
        "scan_requested_at": None,
        "scan_lists": 0,
        "scan_items": 0,
    }
    if not Vault.objects.filter(free, pk=vault.pk, scan_ended_at=vault.scan_ended_at).update(**begun):
        raise ScanUnderWay
    return run.owner
