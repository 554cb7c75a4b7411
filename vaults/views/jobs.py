"""Background jobs: list, progress of one with its items, cancel, retry of what failed."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from vaults.access import visible_to
from vaults.actions import jobs
from vaults.models import ItemState, Job, JobItem
from vaults.permissions import Action
from vaults.web.decorators import needs, with_job
from vaults.web.job_progress import Progress, progress_of, what_happened
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, render_page

PAGE_SIZE = 25
ITEMS_PAGE_SIZE = 50
#: Failed ones first, then those in progress, then the newest.
RANKS = {ItemState.FAILED: 0, ItemState.RUNNING: 1, ItemState.SUCCEEDED: 2, ItemState.CANCELLED: 3}
EVERYTHING = "all"


@require_safe
@needs(Action.JOB_READ)
def job_list(request: HtmxRequest) -> HttpResponse:
    """The current team's jobs, newest first: those of people, and what is in progress; with `show=all` also the portal's own."""
    visible = navigation_of(request, request.actor).visible
    found = visible.jobs.order_by("-created_at")
    everything = request.GET.get("show") == EVERYTHING
    if not everything:
        found = found.filter(Q(requested_by__isnull=False) | Q(ended_at=None))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = progress_of(list(page.object_list), visible.job_items)
    context = {"page": page, "rows": rows, "everything": everything, "in_progress": any(row.open for row in rows)}
    return render_page(request, "vaults/job_list.html", context, partial="results")


@require_safe
@with_job
@needs(Action.JOB_READ)
def job_detail(request: HtmxRequest, job: Job) -> HttpResponse:
    """How far it is, and its items. The page polls until the job has ended."""
    visible = visible_to(request.actor).job_items
    [progress] = progress_of([job], visible)
    state = request.GET.get("state", "")
    page = Paginator(_items(visible.filter(job=job), state), ITEMS_PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "job": job,
        "progress": progress,
        "states": _states(progress),
        "state": state,
        "page": page,
        "items": [(item, ItemState(item.state).label, what_happened(item)) for item in page.object_list],
    }
    return render_page(request, "vaults/job_detail.html", context, partial="job")


def _items(items: QuerySet[JobItem], state: str) -> QuerySet[JobItem]:
    if state in ItemState.values:
        items = items.filter(state=state)
    rank = Case(*(When(state=each, then=Value(rank)) for each, rank in RANKS.items()), default=Value(len(RANKS)))
    return items.order_by(rank, F("ended_at").desc(nulls_last=True), "position")


def _states(progress: Progress) -> list[tuple[ItemState, int]]:
    """The states that occur, each with the number of its items."""
    return [(state, progress.counts[state]) for state in [*RANKS, ItemState.WAITING] if progress.counts.get(state)]


@require_POST
@with_job
@needs(Action.JOB_CANCEL)
def job_cancel(request: HtmxRequest, job: Job) -> HttpResponse:
    count = jobs.cancel(request.actor, job)
    if count:
        messages.success(request, f"{count} item{pluralize(count)} cancelled. What is in progress ends by itself.")
    else:
        messages.info(request, "There was nothing left to cancel.")
    return redirect("job_detail", job.pk)


@require_POST
@with_job
@needs(Action.JOB_RETRY)
def job_retry(request: HtmxRequest, job: Job) -> HttpResponse:
    """Leads to the new job."""
    again = jobs.retry(request.actor, job)
    if again is None:
        messages.info(request, "There is nothing to retry: what failed is gone, or waits in another job.")
    return redirect("job_detail", again.pk if again else job.pk)
