"""Old rows are removed: ended jobs, deliveries, locks of killed processes. What is open stays."""

from datetime import timedelta

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.conftest import World
from tests.working import make_job, work_on_all
from vaults.jobs import planning
from vaults.jobs.sweeping import sweep
from vaults.jobs.tasks import deliver
from vaults.models import ItemLock, Job, JobItem, JobKind


def test_ended_jobs_are_kept_for_a_while(world: World) -> None:
    now = timezone.now()
    long_ago, lately = now - timedelta(days=31), now - timedelta(days=2)
    open_job = make_job(world, waiting=1)
    for ended_at in (long_ago, lately):
        for by in (world.olga, None):
            for counts in ({"succeeded": 1}, {"failed": 1}):
                Job.objects.filter(pk=make_job(world, by, **counts).pk).update(ended_at=ended_at)
    sweep(now)
    left = [(job.ended_at, job.requested_by) for job in Job.objects.exclude(pk=open_job.pk)]
    assert sorted(left, key=str) == sorted(
        [(lately, world.olga), (lately, world.olga), (lately, None)], key=str
    )  # of the portal's own, the one that failed
    assert JobItem.objects.count() == 4


def test_deliveries_and_locks_go_after_a_day_and_an_hour(world: World) -> None:
    now = timezone.now()
    job = make_job(world, waiting=1)
    for started_at in (now, now - timedelta(days=2)):
        deliver(job)
        DBTaskResult.objects.filter(started_at=None).update(status="RUNNING", started_at=started_at)
    deliver(job)
    for key, expires_at in (("held", now), ("left", now - timedelta(hours=2))):
        ItemLock.objects.create(key=key, owner=job.pk, expires_at=expires_at)
    sweep(now)
    assert sorted(row.status for row in DBTaskResult.objects.all()) == ["READY", "RUNNING"]
    assert DBTaskResult.objects.get(status="RUNNING").started_at == now
    assert [lock.key for lock in ItemLock.objects.all()] == ["held"]


def test_it_is_a_job_itself(world: World) -> None:
    planning.plan_sweep(timezone.now())
    planning.plan_sweep(timezone.now())
    [item] = work_on_all()
    assert (item.job.kind, item.job.team, item.facts) == (JobKind.SWEEP, None, {"count": 0})
