"""Claims: which worker performs which item of a job.

An item is claimed by a conditional update, so that two workers never perform it at once. It is kept by a heartbeat; if that is
silent, the worker was killed, and the item can be claimed again.
"""

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from vaults.models import ItemState, JobItem
from vaults.problems.titles import Facts

BEAT_SECONDS = 5.0
#: An item without a heartbeat for this time lost its worker.
SILENCE = timedelta(seconds=40)
#: An item whose worker was lost this often is given up: it may be what ends the workers.
MOST_TRIES = 5
#: Attempts to claim an item while other workers claim those of the same job.
CLAIM_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Result:
    """How an item ended. `problem`: a problem's code; a scan that succeeded may have one too."""

    state: ItemState = ItemState.SUCCEEDED
    problem: str = ""
    facts: Facts = field(default_factory=dict)
    event: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An item that this process performs. `owner`: the token of the claim; `instead_of`: that of a killed worker's claim."""

    item: JobItem
    owner: uuid.UUID
    instead_of: uuid.UUID | None


def lost(now: datetime) -> Q:
    """Filter for items whose worker was killed."""
    return Q(state=ItemState.RUNNING, heartbeat__lt=now - SILENCE)


def claimable(now: datetime) -> Q:
    """Filter for items that can be claimed. An item waits while another one works on the same thing, also if that is lost."""
    working = JobItem.objects.filter(key=OuterRef("key"), state=ItemState.RUNNING)
    return (Q(state=ItemState.WAITING) & ~Exists(working)) | lost(now)


def claim(job_id: uuid.UUID) -> Claim | None:
    """Claim the first item of the job that can be claimed. None if there is none."""
    for _ in range(CLAIM_ATTEMPTS):
        now = timezone.now()
        item = JobItem.objects.filter(claimable(now), job=job_id).select_related("job__requested_by").first()
        if item is None:
            return None
        if item.tries >= MOST_TRIES:
            end(Claim(item, item.owner or uuid.uuid4(), None), Result(ItemState.FAILED, "job.worker_lost"))
        elif found := _take(item, now):
            return found
    return None


def _take(item: JobItem, now: datetime) -> Claim | None:
    former, owner = item.owner, uuid.uuid4()
    unchanged = JobItem.objects.filter(pk=item.pk, state=item.state, owner=former, tries=item.tries)
    taken: dict[str, Any] = {
        "state": ItemState.RUNNING,
        "owner": owner,
        "heartbeat": now,
        "started_at": item.started_at or now,
        "tries": item.tries + 1,
    }
    return Claim(item, owner, former) if unchanged.update(**taken) else None


def end(claim: Claim, result: Result) -> bool:
    """Store the result. False if the item has another owner by now: this process was suspended, and another has taken over."""
    ended: dict[str, Any] = {
        "state": result.state,
        "problem": result.problem,
        "facts": dict(result.facts),
        "event": result.event or claim.item.event,
        "ended_at": timezone.now(),
    }
    mine = JobItem.objects.filter(pk=claim.item.pk, state=ItemState.RUNNING, owner=claim.owner)
    return bool(mine.update(**ended))


class Running:
    """The claims that this process holds, each with the time of its begin."""

    def __init__(self) -> None:
        self._begun: dict[uuid.UUID, datetime] = {}
        self._lock = threading.Lock()

    def add(self, claim: Claim) -> None:
        with self._lock:
            self._begun[claim.owner] = timezone.now()

    def remove(self, claim: Claim) -> None:
        with self._lock:
            self._begun.pop(claim.owner, None)

    def since(self) -> list[datetime]:
        with self._lock:
            return list(self._begun.values())

    def beat(self) -> None:
        """Tell that the claims are alive."""
        with self._lock:
            owners = list(self._begun)
        if owners:
            JobItem.objects.filter(state=ItemState.RUNNING, owner__in=owners).update(heartbeat=timezone.now())


#: Of this process.
running = Running()
