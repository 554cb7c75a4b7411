"""Verify the audit trail: each entry against the one before it, and the whole against its head and its checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from vaults.audit import chain, checkpoints, stored
from vaults.audit.links import link

log = structlog.get_logger("vaults.audit")


@dataclass(frozen=True, slots=True)
class Verification:
    """`broken`: the first entry that is inconsistent, or None. `count`: the number of entries read.

    `notes`: remarks on a trail that is intact.
    """

    count: int
    broken: int | None
    reason: str = ""
    notes: tuple[str, ...] = ()


def verify() -> Verification:
    """Check every entry from the first on, then compare the trail with its head and its checkpoints.

    Raises OSError if the checkpoint file can't be read.
    """
    found = checkpoints.read(chain.head().checkpoint)
    links = _links()
    if links.broken is not None:
        return links
    if wrong := chain.misfit(chain.head(), found):
        return Verification(links.count, wrong.seq, wrong.reason)
    return Verification(links.count, None, notes=tuple(_notes(found)))


def _links() -> Verification:
    """Check that each entry is bound to the one before it, up to the head.

    The trail may grow meanwhile: it must reach the head as it was before, and must not exceed the head as it is afterwards.
    """
    before = chain.head()
    count, previous, passed = 0, chain.NOTHING, before.seq == 0
    for entry in stored.read_through():
        count += 1
        if entry is None:
            return Verification(count, count, f"entry {count} was changed: it can't be read any more")
        if entry.seq != count:
            return Verification(count, count, f"entry {count} is missing")
        if entry.previous_hash != previous or not stored.is_as_written(entry) or entry.hash != link(entry):
            return Verification(count, entry.seq, f"entry {entry.seq} was changed, or the audit key is a different one")
        previous = entry.hash
        passed = passed or (before.seq, before.hash) == (count, previous)
    after = chain.head()
    if not passed or after.seq < count or (after.seq == count and after.hash != previous):
        return Verification(count, count + 1, f"entries after {count} are missing")
    return Verification(count, None)


def _notes(found: checkpoints.Found) -> Iterator[str]:
    if torn := ", ".join(map(str, found.torn)):
        yield f"a crash has torn what stands in line {torn} of the checkpoint file; nothing is missing"
    if restore := chain.restore_of(found.newest):
        yield f"a restore was accepted on {restore.at:%d %b %Y, %H:%M} UTC: {restore.detail.get('reason')}"


def begin_checkpoints() -> None:
    """At startup: write the first checkpoint of a trail without checkpoints, if the trail is intact."""
    head = chain.head()
    try:
        wrong = verify().reason if head.seq and not head.chain else ""
    except OSError as error:
        wrong = str(error)
    if wrong:
        log.error("the audit trail gets no checkpoint", reason=wrong)
    else:
        chain.note(begin=True)


class NothingToAccept(Exception):
    """There is no restore to accept; the text gives the reason."""


def require_restore() -> None:
    """Raises NothingToAccept unless the only fault is an end that differs from the head or the checkpoints. Raises OSError."""
    if verify().broken is None:
        raise NothingToAccept("the audit trail is whole")
    if changed := _links().reason:
        raise NothingToAccept(f"{changed}; no restore does that")
