"""Verify the audit trail, and accept a deliberate restore. Both are recorded as acts."""

import uuid

from vaults.access import Installation
from vaults.actors import Actor
from vaults.acts import act
from vaults.audit import chain, verification
from vaults.audit.verification import Verification
from vaults.models import Team
from vaults.models.audit import INSTALLATION, AuditState
from vaults.permissions import Action


def verify_trail(actor: Actor, team: Team) -> Verification:
    """Verify the team's trail and record the result. Raises OSError if a checkpoint file can't be read."""
    with act(actor, Action.AUDIT_VERIFY, team) as doing:
        try:
            found = verification.verify_team(team)
        except OSError:
            doing.detail["reason"] = "its checkpoint file can't be read"
            raise
        doing.detail.update(count=found.count, broken=found.broken)
        if found.broken is not None:
            doing.detail["reason"] = found.reason
            doing.event.state = AuditState.FAILED
    return found


def accept_restore(actor: Actor, reason: str) -> None:
    """Record that the trail was restored deliberately, and continue its checkpoints from its present end.

    Each chain that was set back has its record. Only a different end can be accepted, never a changed entry. Raises
    NothingToAccept, AuditUnavailable, OSError.
    """
    for each in verification.restored():
        with act(actor, Action.AUDIT_ACCEPT_RESTORE, _owner_of(each), reason=reason):
            chain.accept(each, reason)


def _owner_of(each: uuid.UUID) -> Installation | Team:
    """The owner of a chain. A team that the restored database does not know yet has no name."""
    if each == INSTALLATION:
        return Installation()
    return Team.objects.filter(pk=each).first() or Team(pk=each)
