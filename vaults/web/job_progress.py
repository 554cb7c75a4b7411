"""How far jobs are: figures, bar and words for display."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from vaults.models import ItemState, Job, JobItem, JobKind
from vaults.models.job import OPEN_STATES
from vaults.problems.scans import words_of_scan

#: Before this many items have ended, no pace is shown.
FEWEST_FOR_PACE = 5
#: In the order of the bar.
BAR = (ItemState.SUCCEEDED, ItemState.FAILED, ItemState.CANCELLED, ItemState.RUNNING, ItemState.WAITING)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar: `start` and `width` in items."""

    state: ItemState
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The items of a job by state."""

    job: Job
    label: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return self.total - self.open

    @property
    def open(self) -> int:
        return sum(self.counts.get(state, 0) for state in OPEN_STATES)

    @property
    def failed(self) -> int:
        return self.counts.get(ItemState.FAILED, 0)

    @property
    def waiting(self) -> int:
        return self.counts.get(ItemState.WAITING, 0)

    @property
    def segments(self) -> list[Segment]:
        found, start = [], 0
        for state in BAR:
            width = self.counts.get(state, 0)
            if width:
                found.append(Segment(state, start, width))
            start += width
        return found

    @property
    def title(self) -> str:
        match self.job.kind:
            case JobKind.SCAN:
                return f"Scan {self.label}" if self.total == 1 else f"Scan {self.total:,} vaults"
            case _:
                return self.job.get_kind_display() or "Job"

    @property
    def words(self) -> str:
        """For readers of the bar: "412 of 500, 9 failed"."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.ended:,} of {self.total:,}{failed}"

    @property
    def pace(self) -> str:
        """Such as "1.9 a second, about 46 s left"; "" if it is not known yet, or the job has ended."""
        seconds = (timezone.now() - self.job.created_at).total_seconds()
        if not self.open or self.ended < FEWEST_FOR_PACE or seconds <= 0:
            return ""
        pace = self.ended / seconds
        speed = f"{pace:.1f} a second" if pace >= 1 else f"{pace * 60:.0f} a minute"
        return f"{speed}, about {_amount(timedelta(seconds=self.open / pace))} left"


def _amount(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"


def progress_of(jobs: Sequence[Job], visible: QuerySet[JobItem]) -> list[Progress]:
    """The progress of each job, from two queries. `visible`: the items that the person may see."""
    items = visible.filter(job__in=jobs)
    counts: defaultdict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    for job_id, state, count in items.values_list("job", "state").annotate(count=Count("pk")).order_by():
        counts[job_id][state] = count
    singles = [job_id for job_id, states in counts.items() if sum(states.values()) == 1]
    labels = dict(visible.filter(job__in=singles).values_list("job", "label"))
    return [Progress(job, labels.get(job.pk, ""), counts[job.pk]) for job in jobs]


def what_happened(item: JobItem) -> str:
    """What became of an item, in words."""
    problem = words_of_scan(item.problem, item.facts)
    match item.state:
        case ItemState.SUCCEEDED:
            return "; ".join(part for part in (_result(item), problem) if part)
        case ItemState.RUNNING if item.tries > 1:
            return "taken up again after its worker ended"
        case ItemState.CANCELLED:
            return problem or "cancelled before it began"
        case _:
            return problem


def _result(item: JobItem) -> str:
    count, state = item.facts.get("count"), item.facts.get("state")
    if isinstance(count, int):
        return f"{count:,} item{'' if count == 1 else 's'}"
    return f"recorded as {state}" if isinstance(state, str) else ""
