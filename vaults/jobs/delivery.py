"""Deliver jobs to the workers, through Django's tasks.

A delivery says "work on this job" and nothing else. A lost one is repeated; one too many finds nothing to do.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from vaults.actions import jobs
from vaults.jobs import queue
from vaults.jobs.claims import claimable
from vaults.jobs.tasks import deliver
from vaults.models import Job, JobItem
from vaults.models.job import OPEN_STATES

#: Deliveries of one job at once, in all workers.
AT_ONCE = 16
#: If a job was delivered longer ago than this and is not in the queue, its deliveries may be lost.
LOST_AFTER = timedelta(seconds=10)


def deliver_jobs(now: datetime) -> None:
    """Deliver new jobs, and those whose deliveries were lost. Note the end of those whose items have all ended."""
    items = JobItem.objects.filter(job=OuterRef("pk"))
    is_open, has_work = Exists(items.filter(state__in=OPEN_STATES)), Exists(items.filter(claimable(now)))
    found = Job.objects.filter(ended_at=None).order_by("created_at")
    for job in found.annotate(is_open=is_open, has_work=has_work):
        if not job.is_open:
            jobs.close(job)
        elif job.has_work and _is_undelivered(job, now):
            _deliver(job, now)


def _is_undelivered(job: Job, now: datetime) -> bool:
    return job.delivered_at is None or (job.delivered_at < now - LOST_AFTER and not queue.contains(job.pk))


def _deliver(job: Job, now: datetime) -> None:
    """Unless another worker has just done it."""
    if Job.objects.filter(pk=job.pk, delivered_at=job.delivered_at).update(delivered_at=now):
        for _ in range(min(job.items.filter(claimable(now)).count(), AT_ONCE)):
            deliver(job)
