"""Jobs: begin, cancel, and retry what failed. Only rows are written here; a worker sees them within a second."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from vaults.actors import Actor, Person
from vaults.acts import act
from vaults.models import ItemState, Job, JobItem, JobKind, Team, User, Vault
from vaults.models.job import OPEN_STATES
from vaults.permissions import Action

BATCH = 500


@dataclass(frozen=True, slots=True)
class Part:
    """An item of a job that is to begin. Of one `key`, only one item waits at a time."""

    key: str
    label: str
    vault: Vault | None = None
    event: uuid.UUID | None = None


def part_of(vault: Vault) -> Part:
    """A scan of this vault."""
    return Part(f"{JobKind.SCAN}:{vault.pk}", vault.name, vault)


def begin(kind: JobKind, team: Team | None, parts: Iterable[Part], requested_by: User | None = None) -> Job | None:
    """A job of these parts, without those that already wait in another job. None if no part is left.

    What the portal had planned itself gives way to what a person asks for.
    """
    with transaction.atomic():
        job = Job.objects.create(kind=kind, team=team, requested_by=requested_by)
        items = [
            JobItem(job=job, position=position, key=part.key, label=part.label, vault=part.vault, event=part.event)
            for position, part in enumerate(parts)
        ]
        if requested_by:
            _give_way([item.key for item in items])
        JobItem.objects.bulk_create(items, batch_size=BATCH, ignore_conflicts=True)
        if job.items.exists():
            return job
        job.delete()
    return None


def _give_way(keys: Sequence[str]) -> None:
    for start in range(0, len(keys), BATCH):
        planned = JobItem.objects.filter(
            key__in=keys[start : start + BATCH], state=ItemState.WAITING, job__requested_by=None
        )
        planned.update(state=ItemState.CANCELLED, problem="job.asked_for", ended_at=timezone.now())


def cancel(actor: Actor, job: Job) -> int:
    """Cancel what has not begun; what is running ends. Returns the number of cancelled items. Raises RoleMissing."""
    with act(actor, Action.JOB_CANCEL, job) as doing, doing.writing():
        now = timezone.now()
        count = job.items.filter(state=ItemState.WAITING).update(state=ItemState.CANCELLED, ended_at=now)
        if count:
            Job.objects.filter(pk=job.pk, cancelled_at=None).update(cancelled_at=now)
        doing.detail["count"] = count
        close(job)
    return count


def retry(actor: Person, job: Job) -> Job | None:
    """A new job, in this person's name, of the items that failed. None if none is left, or all wait again. Raises RoleMissing."""
    with act(actor, Action.JOB_RETRY, job) as doing, doing.writing():
        failed = job.items.filter(state=ItemState.FAILED).select_related("vault")
        parts = [Part(item.key, item.label, item.vault, item.event) for item in failed if item.vault or item.event]
        again = begin(JobKind(job.kind), job.team, parts, actor.user)
        doing.detail["count"] = again.items.count() if again else 0
    return again


def close(job: Job) -> None:
    """Note the end of the job if all its items have ended."""
    if not job.items.filter(state__in=OPEN_STATES).exists():
        Job.objects.filter(pk=job.pk, ended_at=None).update(ended_at=timezone.now())
