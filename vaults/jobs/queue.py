"""The queue of deliveries in the database, as django-tasks-db keeps it. The only module that knows that backend."""

import uuid
from datetime import datetime

from django.utils.crypto import get_random_string
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

QUEUE, BACKEND = "default", "default"


def contains(job_id: uuid.UUID) -> bool:
    """True if a delivery of the job waits."""
    return DBTaskResult.objects.filter(status=TaskResultStatus.READY, args_kwargs__args__0=str(job_id)).exists()


def waiting(limit: int) -> int:
    """The number of deliveries that wait for a worker, at most `limit`."""
    return len(DBTaskResult.objects.ready().filter(queue_name=QUEUE, backend_name=BACKEND)[:limit])


def take_one() -> None:
    """Take one delivery and work on it. Does nothing if there is none."""
    Worker(
        queue_names=[QUEUE],
        excluded_queue_names=[],
        backend_name=BACKEND,
        worker_id=get_random_string(32),
        interval=0,
        startup_delay=False,
        batch=True,
        max_tasks=1,
    ).run()


def remove_taken(before: datetime) -> int:
    """Remove deliveries that were taken before then, also those that a killed worker left. Returns their number."""
    return DBTaskResult.objects.exclude(status=TaskResultStatus.READY).filter(started_at__lt=before).delete()[0]
