"""Verifying the audit trail, as an act whose entry keeps what was found, and accepting that it was set back on purpose."""

from vaults.actors import Actor
from vaults.acts import act
from vaults.audit import chain, verification
from vaults.audit.verification import Verification
from vaults.models import Team
from vaults.models.audit import AuditState
from vaults.permissions import Action


def verify_trail(actor: Actor, team: Team) -> Verification:
    """Raises OSError where the checkpoint file can't be read."""
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
    """Record that the trail was set back on purpose, and let its checkpoints go on from where it is now.

    Only an end that is elsewhere can be accepted, never a change. Raises NothingToAccept, AuditUnavailable, OSError.
    """
    verification.require_restore()
    with act(actor, Action.AUDIT_ACCEPT_RESTORE, team, reason=reason):
        chain.accept(reason)
