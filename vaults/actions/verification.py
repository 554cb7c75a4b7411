"""Verify the audit trail, and accept a deliberate restore. Both are recorded as acts."""

from vaults.actors import Actor
from vaults.acts import act
from vaults.audit import chain, verification
from vaults.audit.verification import Verification
from vaults.models import Team
from vaults.models.audit import AuditState
from vaults.permissions import Action


def verify_trail(actor: Actor, team: Team) -> Verification:
    """Verify the trail and record the result. Raises OSError if the checkpoint file can't be read."""
    with act(actor, Action.AUDIT_VERIFY, team) as doing:
        try:
            found = verification.verify()
        except OSError:
            doing.detail["reason"] = "its checkpoint file can't be read"
            raise
        doing.detail.update(count=found.count, broken=found.broken)
        if found.broken is not None:
            doing.detail["reason"] = found.reason
            doing.event.state = AuditState.FAILED
    return found


def accept_restore(actor: Actor, team: Team, reason: str) -> None:
    """Record that the trail was restored deliberately, and continue its checkpoints from its present end.

    Only a different end can be accepted, never a changed entry. Raises NothingToAccept, AuditUnavailable, OSError.
    """
    verification.require_restore()
    with act(actor, Action.AUDIT_ACCEPT_RESTORE, team, reason=reason):
        chain.accept(reason)
