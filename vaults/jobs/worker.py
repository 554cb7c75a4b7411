"""The worker: scans vaults that somebody asked for and those whose last scan is old, and settles acts that were cut off."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from vaults import problems
from vaults.actions.inventory import ScanUnderWay, is_cut_off, scan_vault
from vaults.actions.settlement import settle_open_acts
from vaults.models import Vault

log = structlog.get_logger("vaults.worker")

AT_ONCE = 4
LOOK_EVERY = 1.0
#: After a failed look the next one waits twice as long, up to this.
LONGEST_PAUSE = 30.0
#: A vault whose scan failed is tried again after this long, not with every look.
RETRY_AFTER = timedelta(minutes=2)
SETTLE_EVERY = timedelta(minutes=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def run(stop: threading.Event) -> None:
    """Work until told to stop; a scan under way is finished first. A database that fails is waited for."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="scan") as pool:
        look = Look(pool)
        pause = LOOK_EVERY
        while not stop.wait(pause):
            pause = LOOK_EVERY if succeeds(look) else min(2 * pause, LONGEST_PAUSE)


def succeeds(work: Callable[[], None]) -> bool:
    """Whatever goes wrong is logged, and the next try gets a fresh connection if this one broke."""
    try:
        work()
    except Exception:
        log.exception("the worker's look failed")
        return False
    finally:
        close_old_connections()
    return True


class Look:
    """One look at what there is to do: settle acts that were cut off, and begin scans that are due."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._under_way: dict[uuid.UUID, Future[None]] = {}
        self._tried: dict[uuid.UUID, datetime] = {}
        self._settled_at = LONG_AGO

    def __call__(self) -> None:
        now = timezone.now()
        self._under_way = {key: job for key, job in self._under_way.items() if not job.done()}
        for vault in due(now):
            rests = vault.scan_requested_at is None and now - self._tried.get(vault.pk, LONG_AGO) < RETRY_AFTER
            if vault.pk not in self._under_way and not rests:
                self._tried[vault.pk] = now
                self._under_way[vault.pk] = self._pool.submit(scan, vault)
        if now - self._settled_at > SETTLE_EVERY:
            self._settled_at = now
            settle_open_acts()


def due(now: datetime) -> list[Vault]:
    """Vaults to scan: asked for first, then never scanned, then those scanned too long ago or cut off in the middle."""
    old = now - timedelta(minutes=settings.SCAN_MINUTES)
    wanted = Q(scan_requested_at__isnull=False) | Q(scanned_at=None) | Q(scanned_at__lt=old) | is_cut_off(now)
    found = Vault.objects.filter(wanted).select_related("connection__team", "scan_requested_by")
    return sorted(found, key=lambda vault: (vault.scan_requested_at is None, vault.scanned_at is not None))


def scan(vault: Vault) -> None:
    """One scan; what goes wrong is on the vault's row and in the audit trail."""
    try:
        scan_vault(vault.scan_requested_by, vault)
    except ScanUnderWay:
        pass
    except problems.EXPECTED as error:
        log.info("scan failed", vault=vault.slug, error=type(error).__name__)
    except Exception:
        log.exception("scan broke", vault=vault.slug)
    finally:
        close_old_connections()
