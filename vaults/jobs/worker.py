"""The worker: scans vaults, reconciles acts that were cut off, and writes the audit trail's checkpoints.

It scans vaults for which a scan was requested, and vaults whose last scan is old.
"""

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from vaults import access, problems
from vaults.actions.reconciliation import reconcile_open_acts
from vaults.actions.scans import ScanUnderWay, has_been_cut_off, is_cut_off, scan_vault
from vaults.actors import Actor, Job, System
from vaults.audit import chain, verification
from vaults.models import Vault
from vaults.permissions import Action

log = structlog.get_logger("vaults.worker")

AT_ONCE = 4
#: A scan that takes longer than this does not count towards AT_ONCE, so it does not delay other scans.
LONG = timedelta(minutes=1)
#: Most running scans, including long ones.
MOST_SCANS = 16
LOOK_EVERY = 1.0
#: Pause while scans wait for others to end.
LOOK_WHILE_CROWDED = 0.2
#: After a failed round, the pause before the next one is doubled, up to this.
LONGEST_PAUSE = 30.0
RECONCILE_EVERY = timedelta(minutes=1)
CHECKPOINT_SECONDS = 60.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def run(stop: threading.Event) -> None:
    """Work until `stop` is set; running scans are finished first. If the database fails, wait and retry."""
    keeper = threading.Thread(target=keep_checkpoints, args=(stop,), name="checkpoints")
    keeper.start()
    with ThreadPoolExecutor(MOST_SCANS, thread_name_prefix="scan") as pool:
        look = Look(pool)
        pause = LOOK_EVERY
        while not stop.wait(pause):
            pause = look.pause if succeeds(look) else min(2 * pause, LONGEST_PAUSE)
    keeper.join()
    succeeds(chain.note_all)  # also for entries of the last scans


def keep_checkpoints(stop: threading.Event, seconds: float = CHECKPOINT_SECONDS) -> None:
    """Write a checkpoint at the start and one each minute, independent of slow vaults."""
    succeeds(verification.begin_checkpoints)
    while not stop.wait(seconds):
        succeeds(chain.note_all)


def succeeds(work: Callable[[], None]) -> bool:
    """Run `work` and log any error. True if it succeeded. The next run gets a new connection if this one broke."""
    try:
        work()
    except Exception:
        log.exception("the worker's look failed")
        return False
    finally:
        close_old_connections()
    return True


@dataclass(slots=True)
class Tries:
    """A vault's scans so far. `job` is the running one."""

    begun: datetime = LONG_AGO
    job: Future[bool] | None = None

    def note_end(self) -> None:
        if self.job is not None and self.job.done():
            self.job = None


class Look:
    """One round of work: reconcile acts that were cut off, and start scans that are due.

    `pause`: seconds until the next round.
    """

    def __init__(self, pool: Executor) -> None:
        self.pause = LOOK_EVERY
        self._pool = pool
        self._tries: defaultdict[uuid.UUID, Tries] = defaultdict(Tries)
        self._reconciled_at = LONG_AGO

    def __call__(self) -> None:
        now = timezone.now()
        for tries in self._tries.values():
            tries.note_end()
        waiting = [vault for vault in due(now) if self._may_begin(vault, now)]
        # Requested scans first; of the others, the vault that has waited longest since its last try.
        waiting.sort(key=lambda vault: (vault.scan_requested_at is None, self._tries[vault.pk].begun))
        free = self._free(now)
        for vault in waiting[:free]:
            tries = self._tries[vault.pk]
            tries.begun, tries.job = now, self._pool.submit(scan, vault)
        self.pause = LOOK_WHILE_CROWDED if len(waiting) > free else LOOK_EVERY
        if now - self._reconciled_at > RECONCILE_EVERY:
            self._reconciled_at = now
            reconcile_open_acts()

    def _may_begin(self, vault: Vault, now: datetime) -> bool:
        """True unless it rests after its last scan. A requested scan, and one that was cut off, waits for no rest."""
        rests = vault.scan_rests_until is not None and now < vault.scan_rests_until
        wanted = vault.scan_requested_at is not None or has_been_cut_off(vault)
        return self._tries[vault.pk].job is None and (wanted or not rests)

    def _free(self, now: datetime) -> int:
        """How many more scans may start."""
        under_way = [tries.begun for tries in self._tries.values() if tries.job]
        short = [begun for begun in under_way if now - begun <= LONG]
        return max(min(AT_ONCE - len(short), MOST_SCANS - len(under_way)), 0)


def due(now: datetime) -> list[Vault]:
    """Vaults to scan: requested ones first, then those never scanned, then those scanned too long ago or cut off."""
    old = now - timedelta(minutes=settings.SCAN_MINUTES)
    wanted = Q(scan_requested_at__isnull=False) | Q(scanned_at=None) | Q(scanned_at__lt=old) | is_cut_off(now)
    found = access.visible_to(System()).vaults.filter(wanted).select_related("scan_requested_by")
    return sorted(found, key=lambda vault: (vault.scan_requested_at is None, vault.scanned_at is not None))


def actor_for(vault: Vault) -> Actor:
    """The person who requested the scan, or the portal itself if they no longer have the right: every vault must be scanned."""
    if vault.scan_requested_by:
        job = Job(vault.scan_requested_by)
        if access.decide(job, Action.VAULT_SCAN, vault).allowed:
            return job
    return System()


def scan(vault: Vault) -> bool:
    """Run one scan. True if it succeeded; errors are stored in the vault's row and in the audit trail."""
    try:
        scan_vault(actor_for(vault), vault)
    except ScanUnderWay:
        pass
    except problems.EXPECTED as error:
        log.info("scan failed", vault=vault.slug, error=type(error).__name__)
        return False
    except Exception:
        log.exception("scan broke", vault=vault.slug)
        return False
    finally:
        close_old_connections()
    return True
