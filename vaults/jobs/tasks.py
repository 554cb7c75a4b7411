"""The task that is delivered for a job. Its argument is the job's id; it returns and raises nothing."""

import uuid
from datetime import datetime, timedelta

import structlog
from django.utils import timezone
from django_tasks import task

from vaults.actions import jobs
from vaults.jobs.claims import claim, end, running
from vaults.jobs.kinds import perform
from vaults.models import ItemState, Job

log = structlog.get_logger("vaults.jobs")

#: When a job is delivered again whose waiting items can't be claimed yet.
LATER = timedelta(seconds=2)
ASKED_FOR, PLANNED = 10, 0


@task()
def work_on(job_id: str) -> None:
    """Perform one item of the job, then have the job delivered again if items wait: so jobs take turns.

    An error leaves the item without a heartbeat, so that it is claimed again. It is only logged: the queue would store its text.
    """
    try:
        _work_on(uuid.UUID(job_id))
    except Exception:
        log.exception("a job could not be worked on", job=job_id)


def deliver(job: Job, after: datetime | None = None) -> None:
    """Have the job worked on by some worker. What a person asked for comes first."""
    priority = ASKED_FOR if job.requested_by_id else PLANNED
    work_on.using(priority=priority, run_after=after).enqueue(str(job.pk))


def _work_on(job_id: uuid.UUID) -> None:
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return
    claimed = claim(job.pk)
    if claimed:
        running.add(claimed)
        try:
            end(claimed, perform(claimed))
        finally:
            running.remove(claimed)
    if job.items.filter(state=ItemState.WAITING).exists():
        deliver(job, None if claimed else timezone.now() + LATER)
    else:
        jobs.close(job)
