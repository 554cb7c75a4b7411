"""Remove rows that are no longer of use: ended jobs, deliveries of the task queue, locks whose holder was killed."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from vaults.jobs import queue
from vaults.models import ItemLock, ItemState, Job, JobItem

#: How long ended jobs are kept. The portal's own that went well are many, and tell nothing.
KEPT_FOR = timedelta(days=30)
KEPT_IF_PLANNED = timedelta(days=1)
DELIVERIES_KEPT_FOR = timedelta(days=1)
BATCH = 500


def sweep(now: datetime) -> int:
    """Returns the number of rows that were removed."""
    locks = ItemLock.objects.filter(expires_at__lt=now - timedelta(hours=1)).delete()[0]
    return locks + queue.remove_taken(now - DELIVERIES_KEPT_FOR) + _remove_jobs(now)


def _remove_jobs(now: datetime) -> int:
    """In batches, so that no transaction keeps others waiting."""
    failed = JobItem.objects.filter(job=OuterRef("pk"), state=ItemState.FAILED)
    planned = Q(requested_by=None, cancelled_at=None, ended_at__lt=now - KEPT_IF_PLANNED) & ~Exists(failed)
    old = Job.objects.filter(planned | Q(ended_at__lt=now - KEPT_FOR))
    removed = 0
    while found := list(old.values_list("pk", flat=True)[:BATCH]):
        removed += Job.objects.filter(pk__in=found).delete()[0]
    return removed
