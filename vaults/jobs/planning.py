"""Plan the portal's own jobs: scans that are due, acts that were cut off, old rows.

Every worker plans; of one thing, only one item waits at a time.
"""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef

from vaults.actions import jobs, reconciliation, scans
from vaults.actions.jobs import Part
from vaults.models import JobItem, JobKind, Team
from vaults.models.job import OPEN_STATES

#: An act that can't be reconciled is tried again after this time.
AGAIN_AFTER = timedelta(hours=1)


def plan_scans(now: datetime) -> None:
    """A job in each team for the vaults that are due: requested ones first, then those whose last scan is the oldest."""
    underway = JobItem.objects.filter(vault=OuterRef("pk"), state__in=OPEN_STATES)
    due = scans.due(now).exclude(Exists(underway))
    parts: defaultdict[Team, list[Part]] = defaultdict(list)
    for vault in due.order_by(F("scan_requested_at").asc(nulls_last=True), F("scanned_at").asc(nulls_first=True)):
        parts[vault.team].append(jobs.part_of(vault))
    for team, wanted in parts.items():
        jobs.begin(JobKind.SCAN, team, wanted)


def plan_reconciliation(now: datetime) -> None:
    """A job in each team for the acts that were cut off, without those that failed to be reconciled lately."""
    tried = JobItem.objects.filter(job__kind=JobKind.RECONCILE, ended_at__gt=now - AGAIN_AFTER)
    done = set(tried.values_list("event", flat=True))
    parts: defaultdict[uuid.UUID | None, list[Part]] = defaultdict(list)
    for entry in reconciliation.open_acts(now):
        if entry.event not in done:
            key = f"{JobKind.RECONCILE}:{entry.event}"
            parts[entry.team_id].append(Part(key, f"{entry.action} {entry.name}".strip(), event=entry.event))
    teams = Team.objects.in_bulk([team_id for team_id in parts if team_id])
    for team_id, wanted in parts.items():
        jobs.begin(JobKind.RECONCILE, teams.get(team_id) if team_id else None, wanted)


def plan_sweep(_now: datetime) -> None:
    jobs.begin(JobKind.SWEEP, None, [Part(JobKind.SWEEP, "old rows")])
