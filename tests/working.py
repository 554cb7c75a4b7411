"""Jobs in tests: made, and worked on in this thread as a worker does in its own."""

import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone

from tests.conftest import World
from vaults.jobs import planning
from vaults.jobs.claims import claimable
from vaults.jobs.tasks import work_on
from vaults.models import ItemState, Job, JobItem, JobKind, User


def work_on_all() -> list[JobItem]:
    """Perform all items that wait. Returns them as they ended."""
    done = []
    while item := JobItem.objects.filter(claimable(timezone.now())).order_by("job__created_at", "position").first():
        done.append(item.pk)
        work_on.call(str(item.job_id))
    return list(JobItem.objects.filter(pk__in=done))


def scan_what_is_due() -> list[JobItem]:
    planning.plan_scans(timezone.now())
    return work_on_all()


def reconcile_open_acts(now: datetime | None = None) -> int:
    """Returns the number of acts for which an outcome was recorded."""
    planning.plan_reconciliation(now or timezone.now())
    done = [item for item in work_on_all() if item.job.kind == JobKind.RECONCILE]
    return sum(item.state == ItemState.SUCCEEDED for item in done)


def make_job(world: World, by: User | None = None, pk: Any = None, **counts: int) -> Job:
    """A scan job of the world's team with so many items of each state."""
    job = Job.objects.create(pk=pk or uuid.uuid4(), team=world.team, kind=JobKind.SCAN, requested_by=by)
    states = [state for state, count in counts.items() for _ in range(count)]
    for position, state in enumerate(states):
        JobItem.objects.create(
            job=job,
            position=position,
            key=f"{job.pk}:{position}",
            label=world.vault.name,
            vault=world.vault,
            state=state,
            problem="refused.firewall" if state == ItemState.FAILED else "",
            started_at=None if state == ItemState.WAITING else timezone.now(),
        )
    return job
