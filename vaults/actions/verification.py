"""Verifying the audit trail, as an act whose entry keeps what was found."""

from vaults import access
from vaults.audit import recording, verification
from vaults.audit.verification import Verification
from vaults.models import Team, User
from vaults.models.audit import AuditState
from vaults.permissions import Action


def verify_trail(actor: User, team: Team) -> Verification:
    """Raises OSError where the checkpoint file can't be read."""
    with recording.recording(actor, Action.AUDIT_VERIFY, team) as event:
        access.require(actor, Action.AUDIT_VERIFY, team)
        try:
            found = verification.verify()
        except OSError:
            event.detail["reason"] = "its checkpoint file can't be read"
            raise
        event.detail |= {"count": found.count, "broken": found.broken}
        if found.broken is not None:
            event.detail["reason"] = found.reason
            event.state = AuditState.FAILED
    return found
