"""The checkpoint files: outside the database, one for each chain, with the length that the chain had at certain times.

A file has one JSON line per checkpoint, with an HMAC over the line and over the HMAC of the line before. The
key is derived from `KVPORTAL_AUDIT_KEY` for this purpose only. So no line can be changed, moved, repeated
or removed from the middle. If the newest lines were removed, the chain's head in the database shows it
(vaults.audit.chain); that module also decides when a line is written.

A line torn by a crash is not JSON. Nothing was lost if the next line is bound to the line before the torn one.
"""

import errno
import hashlib
import hmac
import json
import os
import re
import stat
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings

from vaults.models.audit import INSTALLATION

#: Longest line in bytes; a longer line was not written by the portal.
LONGEST = 8192
#: Bytes at the end of the file that are read if the whole file is not needed.
TAIL = 65_536


class Kind(StrEnum):
    BEGIN = "begin"
    RESTORE = "restore"
    GOES_ON = ""


class Forged(Exception):
    """A complete line that the portal did not write, or that was changed later."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One line. `restore`: the entry that records the newest accepted restore, 0 if there was none.

    `previous`: the MAC of the line before. The line of a restore is bound to every earlier byte instead, so it also links
    to content that is no longer intact.
    """

    chain: str
    seq: int
    hash: str
    at: str
    kind: str = Kind.GOES_ON
    reason: str = ""
    restore: int = 0
    previous: str = ""
    mac: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def body(self) -> bytes:
        """The input of the MAC: the line without the MAC."""
        values = {name: getattr(self, name) for name in BODY}
        return json.dumps(values, separators=(",", ":")).encode()

    def line(self) -> bytes:
        return self.body()[:-1] + f',"mac":"{self.mac}"}}'.encode()


BODY = tuple(each.name for each in fields(Checkpoint) if each.name != "mac")


@dataclass(slots=True)
class Found:
    """Content of the file. `known`: the requested line is among its lines. `torn`: numbers of torn lines."""

    newest: Checkpoint | None = None
    problem: str = ""
    known: bool = False
    torn: list[int] = field(default_factory=list)
    open_end: bool = False


def file_of(chain: uuid.UUID) -> Path:
    """The installation's is the configured one; a team's is beside it, with the team's id in its name."""
    sink: Path = settings.AUDIT_SINK
    return sink if chain == INSTALLATION else sink.with_name(f"{sink.stem}.{chain}{sink.suffix}")


def chains() -> set[uuid.UUID]:
    """The chains that have a file. Raises OSError."""
    sink: Path = settings.AUDIT_SINK
    names = (each.name for each in sink.parent.iterdir()) if sink.parent.is_dir() else ()
    teams = (name.removeprefix(f"{sink.stem}.").removesuffix(sink.suffix) for name in names)
    return {uuid.UUID(team) for team in teams if _TEAM.fullmatch(team)} | ({INSTALLATION} if sink.exists() else set())


_TEAM = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read(chain: uuid.UUID, wanted: str) -> Found:
    """Read and check every line against the line before. `wanted`: a MAC that should be among them. Raises OSError."""
    found, digest = Found(), hashlib.sha256()
    for number, raw in enumerate(_lines(file_of(chain)), start=1):
        _take(found, number, raw, digest)
        found.known |= found.newest is not None and found.newest.mac == wanted
        digest.update(raw)
    found.known |= not wanted
    return found


def _lines(sink: Path) -> Iterator[bytes]:
    try:
        file = os.fdopen(_opened(sink, os.O_RDONLY), "rb")
    except FileNotFoundError:
        return
    with file:
        yield from iter(partial(file.readline, LONGEST), b"")


def _take(found: Found, number: int, raw: bytes, all_before: "hashlib._Hash") -> None:
    """Add a line to `found`."""
    try:
        line = _parse(raw)
    except Forged:
        line = Checkpoint("", 0, "", "", previous="no line of ours")
    if line is None:
        found.torn.append(number)
    elif line.kind == Kind.RESTORE and line.previous == all_before.hexdigest():
        found.newest, found.problem, found.torn = line, "", []  # everything before it was accepted
    elif found.problem:
        return
    elif line.kind != Kind.RESTORE and line.previous == (found.newest.mac if found.newest else ""):
        found.newest = line
    else:
        found.problem = (
            f"line {number} of the checkpoint file was changed, moved or added, or the audit key is a different one"
        )


def _parse(raw: bytes) -> Checkpoint | None:
    """A line written by the portal, or None if it was torn. Raises Forged."""
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    try:
        line = Checkpoint(**values)
        is_ours = hmac.compare_digest(line.mac.encode(), _mac(line).encode()) and line.line() == raw.rstrip(b"\n")
    except (TypeError, ValueError, AttributeError):
        raise Forged from None
    if not is_ours:
        raise Forged
    return line


def _mac(line: Checkpoint) -> str:
    return hmac.digest(_key(settings.AUDIT_KEY), line.body(), "sha256").hex()


@lru_cache(maxsize=1)
def _key(audit_key: str) -> bytes:
    return hmac.digest(audit_key.encode(), b"audit checkpoints", "sha256")


def tail(chain: uuid.UUID, wanted: str) -> Found:
    """The newest line, without reading the whole file; only its own MAC is checked. Raises OSError."""
    try:
        with os.fdopen(_opened(file_of(chain), os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            end = file.read()
    except FileNotFoundError:
        return Found(known=not wanted)
    found = Found(known=not wanted, open_end=bool(end) and not end.endswith(b"\n"))
    whole = end if size <= TAIL else end.partition(b"\n")[2]
    try:
        for raw in filter(None, reversed(whole.split(b"\n"))):
            if line := _parse(raw):
                found.newest = found.newest or line
                found.known |= line.mac == wanted
            if found.newest and found.known:
                break
    except Forged:
        found.problem = (
            "a line at the end of the checkpoint file is not as it was written, or the audit key is a different one"
        )
    if size > TAIL and found.newest is None:
        found.problem = found.problem or "the end of the checkpoint file holds no checkpoint"
    return found


def write(chain: uuid.UUID, line: Checkpoint, after: Found) -> Checkpoint:
    """Append a line and sync it to disk. The caller must prevent parallel calls. Raises OSError."""
    newest = after.newest
    line = replace(line, previous=newest.mac if newest else "", restore=newest.restore if newest else 0)
    return _append(file_of(chain), line, after)


def write_restore(chain: uuid.UUID, line: Checkpoint, after: Found) -> Checkpoint:
    """Append the line of an accepted restore: earlier lines no longer count against the trail. Raises OSError."""
    digest = hashlib.sha256()
    for raw in _lines(file_of(chain)):
        digest.update(raw)
    if after.open_end:
        digest.update(b"\n")
    return _append(
        file_of(chain), replace(line, kind=Kind.RESTORE, previous=digest.hexdigest(), restore=line.seq), after
    )


def _append(sink: Path, line: Checkpoint, after: Found) -> Checkpoint:
    signed = replace(line, mac=_mac(line))
    written = (b"\n" if after.open_end else b"") + signed.line() + b"\n"
    is_new = not sink.exists()
    descriptor = _opened(sink, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        if os.write(descriptor, written) != len(written):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new and os.name != "nt":
        _sync_name(sink.parent)
    return signed


def _opened(sink: Path, flags: int) -> int:
    """The file's descriptor. Raises OSError if it is not a regular file, such as a pipe, which could block forever."""
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(sink, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file")
    return descriptor


def _sync_name(directory: Path) -> None:
    """Sync the directory. Otherwise, after a power failure, the database could know a checkpoint whose file has no name yet."""
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
