"""Verify the audit trail: each entry against the one before it, and each chain against its head and its checkpoints."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from vaults.audit import chain, checkpoints, stored
from vaults.audit.links import is_ours
from vaults.models import AuditChain, AuditEntry, Team
from vaults.models.audit import INSTALLATION

log = structlog.get_logger("vaults.audit")


@dataclass(frozen=True, slots=True)
class Verification:
    """`broken`: the first entry that is inconsistent, or None. `count`: the number of entries read.

    `notes`: remarks on a chain that is intact.
    """

    count: int
    broken: int | None
    reason: str = ""
    notes: tuple[str, ...] = ()


def verify(of: uuid.UUID = INSTALLATION) -> Verification:
    """Check every entry of a chain from the first on, then compare the chain with its head and its checkpoints.

    Raises OSError if the checkpoint file can't be read.
    """
    found = checkpoints.read(of, chain.head(of).checkpoint)
    links = _links(of)
    if links.broken is not None:
        return links
    if wrong := chain.misfit(chain.head(of), found):
        return Verification(links.count, wrong.seq, wrong.reason)
    return Verification(links.count, None, notes=tuple(_notes(of, found)))


def verify_all() -> dict[uuid.UUID, Verification]:
    """Every chain that has entries, a head or a checkpoint file; the installation's first. Raises OSError."""
    return {each: verify(each) for each in _chains()}


def verify_team(team: Team) -> Verification:
    """The chain of a team, and the installation's, which has the team's oldest entries and the sign-ins. Raises OSError."""
    if _strays(team):
        return Verification(0, 1, "entries of this team are in a chain that is not the team's")
    own, shared = verify(team.pk), verify(INSTALLATION)
    count = own.count + shared.count
    if own.broken is not None:
        return Verification(count, own.broken, own.reason)
    if shared.broken is not None:
        return Verification(count, shared.broken, f"in the installation's chain, {shared.reason}")
    return Verification(count, None, notes=own.notes + shared.notes)


def _chains() -> list[uuid.UUID]:
    """Also a chain that nobody has begun: its entries would be on pages."""
    try:
        found = chain.known() | set(AuditEntry.objects.order_by().values_list("chain", flat=True).distinct())
    except ValueError:  # not an identifier
        found = {INSTALLATION, *checkpoints.chains()}
    return sorted(found)


def _strays(team: Team) -> bool:
    return AuditEntry.objects.filter(team_id=team.pk).exclude(chain__in=[team.pk, INSTALLATION]).exists()


def _links(of: uuid.UUID) -> Verification:
    """Check that each entry is bound to the one before it, up to the head.

    The chain may grow meanwhile: it must reach the head as it was before, and must not exceed the head as it is afterwards.
    """
    before = chain.head(of)
    count, previous, place, passed = 0, chain.NOTHING, 0, before.seq == 0
    for entry in stored.read_through(of):
        count += 1
        if entry is None:
            return Verification(count, count, f"entry {count} was changed: it can't be read any more")
        if entry.seq != count:
            return Verification(count, count, f"entry {count} is missing")
        if entry.pk <= place:
            return Verification(count, count, f"entry {count} was moved: pages show it at another place")
        if entry.previous_hash != previous or not is_ours(entry):
            return Verification(count, entry.seq, f"entry {entry.seq} was changed, or the audit key is a different one")
        previous, place = entry.hash, entry.pk
        passed = passed or (before.seq, before.hash) == (count, previous)
    after = chain.head(of)
    if not passed or after.seq < count or (after.seq == count and after.hash != previous):
        return Verification(count, count + 1, f"entries after {count} are missing")
    return Verification(count, None)


def _notes(of: uuid.UUID, found: checkpoints.Found) -> Iterator[str]:
    if torn := ", ".join(map(str, found.torn)):
        yield f"a crash has torn what stands in line {torn} of the checkpoint file; nothing is missing"
    if restore := chain.restore_of(of, found.newest):
        yield f"a restore was accepted on {restore.at:%d %b %Y, %H:%M} UTC: {restore.detail.get('reason')}"


def begin_checkpoints() -> None:
    """At startup: write the first checkpoint of each chain without checkpoints, if the chain is intact."""
    for each in AuditChain.objects.filter(seq__gt=0):
        _begin(each)


def _begin(head: AuditChain) -> None:
    try:
        wrong = "" if head.trail else verify(head.chain).reason
    except OSError as error:
        wrong = str(error)
    if wrong:
        log.error("the audit trail gets no checkpoint", chain=str(head.chain), reason=wrong)
    else:
        chain.note(head.chain, begin=True)


class NothingToAccept(Exception):
    """There is no restore to accept; the text gives the reason."""


def restored() -> list[uuid.UUID]:
    """The chains whose only fault is an end that differs from the head or the checkpoints.

    Raises NothingToAccept if there are none, or if a chain has another fault. Raises OSError.
    """
    found = [each for each, result in verify_all().items() if result.broken is not None]
    if not found:
        raise NothingToAccept("the audit trail is whole")
    for each in found:
        if changed := _links(each).reason:
            raise NothingToAccept(f"{changed}; no restore does that")
    return found
