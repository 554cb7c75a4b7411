"""Background work: a job and its items. These rows hold the truth; the task queue only delivers.

A worker claims an item by a conditional update with its own owner token, and keeps it with a heartbeat.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from vaults.models.json import ShapedJSONField, nested_facts
from vaults.models.team import Team, User
from vaults.models.vault import Vault


class JobKind(models.TextChoices):
    SCAN = "scan", "Scan"
    RECONCILE = "reconcile", "Reconcile interrupted acts"
    SWEEP = "sweep", "Remove old rows"


class ItemState(models.TextChoices):
    WAITING = "waiting", "to come"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


#: The states of an item that has not ended.
OPEN_STATES = (ItemState.WAITING, ItemState.RUNNING)


class Job(models.Model):
    """Work on several items. It has ended when all its items have. Its id is the `parent` of the audit entries of its items.

    `team`: None for work of the installation. `requested_by`: in whose name it acts; None for the portal itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20, choices=JobKind.choices)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    #: When it was last handed to the task queue.
    delivered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at"], name="job_of_team"),
            models.Index(fields=["created_at"], condition=models.Q(ended_at=None), name="job_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class JobItem(models.Model):
    """One part of a job. `key`: what it works on; of one key, one item at a time waits, and one runs.

    `event`: of a scan, the event of its audit entry; of a reconciliation, the event of the interrupted act.
    `facts`: those of the problem, or of the result if there is no problem.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=100)
    label = models.CharField(max_length=300)
    vault = models.ForeignKey(Vault, null=True, on_delete=models.SET_NULL, related_name="job_items")
    event = models.UUIDField(null=True)
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.WAITING)
    problem = models.CharField(max_length=60, blank=True)
    facts = ShapedJSONField(default=dict, shape=nested_facts)
    tries = models.PositiveSmallIntegerField(default=0)
    owner = models.UUIDField(null=True)
    heartbeat = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "position"], name="job_item_position"),
            models.UniqueConstraint(fields=["key"], condition=models.Q(state="waiting"), name="job_item_waits_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["job", "state", "position"], name="job_item_state"),
            models.Index(fields=["heartbeat"], condition=models.Q(state="running"), name="job_item_running"),
            models.Index(fields=["key"], condition=models.Q(state="running"), name="job_item_key"),
            models.Index(fields=["owner"], condition=models.Q(state="running"), name="job_item_owner"),
        ]
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.label
