"""A chain's head and its checkpoints: the length of the chain, as stored in the database and in its checkpoint file.

There is one chain for the installation and one for each team. A head is sealed with `KVPORTAL_AUDIT_KEY`, together with the
trail's id and its newest checkpoint. The checkpoint file (vaults.audit.checkpoints) contains the head at each checkpoint. A
restored older database contradicts the file; a truncated file contradicts the head. A line is only added if both are
consistent, so that later entries never make a forged trail look valid.

Writing a checkpoint takes the head's lock, as adding an entry does, so several processes write one after the other.
"""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone

from vaults.audit import checkpoints
from vaults.audit.checkpoints import Checkpoint, Found, Kind
from vaults.models import AuditChain, AuditEntry
from vaults.models.audit import INSTALLATION

log = structlog.get_logger("vaults.audit.chain")

#: The previous hash of the first entry.
NOTHING = "0" * 64
#: Entries between two checkpoints if no worker writes one each minute.
EVERY = 100
#: An entry without a checkpoint after this time is reported: no worker runs, or the file can't be written.
LATE = timedelta(minutes=5)


def head(chain: uuid.UUID) -> AuditChain:
    return AuditChain.objects.filter(chain=chain).first() or AuditChain(chain=chain)


def known() -> set[uuid.UUID]:
    """The chains that have a head or a checkpoint file. Raises OSError, and ValueError if a head's chain can't be read."""
    return {INSTALLATION, *AuditChain.objects.values_list("chain", flat=True)} | checkpoints.chains()


def seal_of(head: AuditChain) -> str:
    """The head's seal, which only the portal can compute.

    Without it, the newest entries could be removed and the head set back.
    """
    bound = (head.trail, head.checkpoint) if head.trail else ()  # both are empty before the first checkpoint
    begin = "head" if head.chain == INSTALLATION else f"head of {head.chain}"
    message = "\n".join((begin, *bound, str(head.seq), head.hash))
    return hmac.new(settings.AUDIT_KEY.encode(), message.encode(), hashlib.sha256).hexdigest()


def is_sealed(head: AuditChain) -> bool:
    """True if the head of a chain with entries is as the portal wrote it."""
    return hmac.compare_digest(str(head.seal).encode(), seal_of(head).encode())


def may_begin(chain: uuid.UUID) -> bool:
    """True if the chain never had an entry, as far as its checkpoint file shows."""
    try:
        found = checkpoints.tail(chain, "")
    except OSError:
        return True  # checked later, when the file can be read
    return not (found.newest or found.problem)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a chain and its checkpoints are inconsistent, and the first affected entry."""

    seq: int
    reason: str


def misfit(head: AuditChain, found: Found) -> Misfit | None:
    """Compare the head with its checkpoints. `found` must be read for the head's checkpoint, and not after the head."""
    newest = found.newest
    unsure = newest.seq + 1 if newest else 1
    if found.problem:
        return Misfit(unsure, found.problem)
    known = f"the checkpoint of {newest.moment:%d %b %Y, %H:%M} UTC knows" if newest else ""
    if newest and not head.seq:
        return Misfit(1, f"all entries were removed: {known} of {newest.seq}")
    if newest and head.trail not in ("", newest.chain):
        return Misfit(1, "the checkpoint file is that of another trail, or this trail was put in the place of its own")
    if newest and newest.seq > head.seq:
        return Misfit(head.seq + 1, f"entries after {head.seq} were removed: {known} of {newest.seq}")
    if newest and _hash_at(head.chain, newest.seq) != newest.hash:
        return Misfit(newest.seq, f"entry {newest.seq} is not the one that {known}")
    if not found.known:
        what = "the newest lines of the checkpoint file were" if newest else "the checkpoint file was"
        return Misfit(unsure, f"{what} removed or replaced")
    if head.seq and not is_sealed(head):
        return Misfit(head.seq + 1, "the newest entries were cut off at some time")
    return None


def _hash_at(chain: uuid.UUID, seq: int) -> str | None:
    return AuditEntry.objects.filter(chain=chain, seq=seq).values_list("hash", flat=True).first()


def note_all() -> None:
    """Write a checkpoint for each chain that has entries since its last one. See `note`."""
    for each in AuditChain.objects.filter(seq__gt=0).exclude(trail=""):
        if _noted.get(each.chain) != each.hash:
            note(each.chain)


#: The hash of the newest entry of each chain at its last checkpoint, as this process knows it: to skip chains without news.
_noted: dict[uuid.UUID, str] = {}


def note(chain: uuid.UUID, *, begin: bool = False) -> None:
    """Write a checkpoint if entries were added since the last one. `begin`: write also the first one of a trail.

    It never prevents an act: a failure is logged, and after some time the audit page shows it.
    """
    try:
        with transaction.atomic(durable=True):
            now = AuditChain.objects.select_for_update().filter(chain=chain).first()
            if now is not None and now.seq and (now.trail or begin):
                _note(now)
    except (OSError, Error) as error:
        log.error("no checkpoint could be made", error=type(error).__name__, reason=str(error))


def _note(now: AuditChain) -> None:
    found = checkpoints.tail(now.chain, now.checkpoint)
    if wrong := misfit(now, found):
        log.error(
            "no checkpoint is made: the audit trail does not fit its checkpoints",
            chain=str(now.chain),
            reason=wrong.reason,
        )
        return
    line = found.newest
    if not now.trail:  # an existing line may be unknown to the database
        now.trail = line.chain if line else str(uuid.uuid4())
    if line is None or line.seq < now.seq:
        line = checkpoints.write(now.chain, _line(now, Kind.GOES_ON if line else Kind.BEGIN), found)
    if now.checkpoint != line.mac:
        _bind(now, line)
    _noted[now.chain] = now.hash


def _line(now: AuditChain, kind: Kind, reason: str = "") -> Checkpoint:
    at = timezone.now().isoformat(timespec="seconds")
    return Checkpoint(now.trail, now.seq, now.hash, at, kind, reason)


def _bind(now: AuditChain, line: Checkpoint) -> None:
    now.checkpoint = line.mac
    now.seal = seal_of(now)
    now.save()


def accept(chain: uuid.UUID, reason: str) -> None:
    """Accept the present trail: earlier checkpoints no longer count against it. Raises OSError."""
    with transaction.atomic(durable=True):
        now = AuditChain.objects.select_for_update().get(chain=chain)
        now.trail = now.trail or str(uuid.uuid4())
        found = checkpoints.tail(chain, now.checkpoint)
        _bind(now, checkpoints.write_restore(chain, _line(now, Kind.RESTORE, reason), found))


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a chain and its checkpoints, as far as it is visible without reading either completely.

    `behind`: number of entries newer than the newest checkpoint. `late`: one of them has waited for a checkpoint too long.
    """

    newest: Checkpoint | None = None
    behind: int = 0
    late: bool = False
    problem: str = ""
    restore: AuditEntry | None = None


def standing(chain: uuid.UUID) -> Standing:
    """Raises OSError if the checkpoint file can't be read."""
    before = head(chain)
    found = checkpoints.tail(chain, before.checkpoint)
    now = head(chain)
    wrong = misfit(now, found)
    newest = found.newest
    if wrong:
        return Standing(newest, problem=wrong.reason)
    covered = newest.seq if newest else 0
    return Standing(newest, now.seq - covered, is_late(chain, covered), restore=restore_of(chain, newest))


def is_late(chain: uuid.UUID, covered: int) -> bool:
    waiting = AuditEntry.objects.filter(chain=chain, seq=covered + 1)
    return waiting.filter(at__lt=timezone.now() - LATE).exists()


def restore_of(chain: uuid.UUID, newest: Checkpoint | None) -> AuditEntry | None:
    """The entry that records the newest accepted restore."""
    if newest is None or not newest.restore:
        return None
    return AuditEntry.objects.filter(chain=chain, seq=newest.restore).first()


def are_kept() -> bool:
    """True if the checkpoints of all chains are consistent and not late. For the health check."""
    try:
        standings = [standing(each) for each in known()]
    except (OSError, ValueError):
        return False
    return not any(each.late or each.problem for each in standings)
