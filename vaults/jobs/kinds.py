"""What each kind of job does with one of its items."""

from collections.abc import Callable

import structlog
from django.db import Error
from django.utils import timezone

from vaults import access, problems
from vaults.actions import reconciliation, scans
from vaults.actors import Actor, System
from vaults.actors import Job as OnBehalf
from vaults.audit.appending import AuditUnavailable
from vaults.jobs import sweeping
from vaults.jobs.claims import Claim, Result
from vaults.models import ItemState, JobKind, User, Vault
from vaults.permissions import Action

log = structlog.get_logger("vaults.jobs")


def perform(claim: Claim) -> Result:
    """Perform the item. Expected failures are a result; raises database errors, which another try may not meet."""
    found = _PERFORM.get(claim.item.job.kind)
    return found(claim) if found else Result(ItemState.FAILED, "job.unknown_kind")


def _scan(claim: Claim) -> Result:
    vault_id = claim.item.vault_id
    vault = access.visible_to(System()).vaults.filter(pk=vault_id).first() if vault_id else None
    if vault is None:
        return Result(ItemState.FAILED, "job.vault_removed")
    person, began = claim.item.job.requested_by, claim.item.started_at
    if claim.instead_of and began and scans.has_ended(vault, began):
        return _result_of(vault)
    if person is None and not claim.instead_of and not scans.due(timezone.now()).filter(pk=vault.pk).exists():
        return Result(problem="job.not_due")  # another scan has ended since this one was planned
    # No other item of this vault is claimed: a lease that still stands is that of a killed worker.
    run = scans.Run(claim.owner, vault.scan_owner, claim.item.job_id)
    try:
        count = scans.scan_vault(actor_for(person, vault), vault, run)
    except scans.ScanUnderWay:
        return Result(ItemState.FAILED, "job.under_way", event=run.event)
    except problems.EXPECTED as error:
        log.info("scan failed", vault=vault.slug, error=type(error).__name__)
        problem = problems.explain(error, vault=vault)
        return Result(ItemState.FAILED, problem.code, problem.facts, run.event)
    except Error:
        raise
    except Exception:
        log.exception("scan broke", vault=vault.slug)
        return Result(ItemState.FAILED, "scan.broken", event=run.event)
    return Result(problem=vault.scan_problem, facts={**vault.scan_problem_facts, "count": count}, event=run.event)


def _result_of(vault: Vault) -> Result:
    """The result of the vault's last scan, as its row tells it."""
    went_well = vault.scanned_at == vault.scan_ended_at
    state = ItemState.SUCCEEDED if went_well else ItemState.FAILED
    return Result(state, vault.scan_problem, vault.scan_problem_facts)


def actor_for(person: User | None, vault: Vault) -> Actor:
    """The person who requested the scan, or the portal itself if they no longer have the right: every vault must be scanned."""
    if person:
        job = OnBehalf(person)
        if access.decide(job, Action.VAULT_SCAN, vault).allowed:
            return job
    return System()


def _reconcile(claim: Claim) -> Result:
    """An error leaves the act open; a later job tries again."""
    event = claim.item.event
    if event is None:
        raise TypeError("a reconciliation is about an event")
    try:
        return Result(facts={"state": reconciliation.reconcile_act(event)})
    except (Error, AuditUnavailable):
        raise
    except Exception:
        log.exception("an open act can't be reconciled yet")
        return Result(ItemState.FAILED, "job.broken")


def _sweep(_claim: Claim) -> Result:
    return Result(facts={"count": sweeping.sweep(timezone.now())})


_PERFORM: dict[str, Callable[[Claim], Result]] = {
    JobKind.SCAN: _scan,
    JobKind.RECONCILE: _reconcile,
    JobKind.SWEEP: _sweep,
}
