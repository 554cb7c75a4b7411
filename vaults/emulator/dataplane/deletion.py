"""Soft delete, recover and purge: the same for secrets, keys and certificates.

Key Vault REST: "Soft-delete". An operation answers at once and takes hold after the settle time.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import DELETED, LIVE, PURGED, Entry
from vaults.emulator.state.objects import Shelf
from vaults.emulator.wire import errors
from vaults.emulator.wire.kinds import Kind

DAY = 86400


def delete(call: Call, db: sqlite3.Connection, kind: Kind, twins: Iterable[Kind] = ()) -> Entry:
    """Move an object, and its managed twins, to the deleted state. All its versions go with it."""
    entry = call.shelf(db, kind).live(call.name)
    if entry.managed:
        raise errors.managed(kind, "delete")
    settles = call.settles()
    for shelf, item in _with_twins(call, db, kind, entry, twins):
        item.state, item.settles = DELETED, settles
        item.deleted_on, item.purge_on = call.now, call.now + call.vault.retention_days * DAY
        shelf.save(item)
    return entry


def recover(call: Call, db: sqlite3.Connection, kind: Kind, twins: Iterable[Kind] = ()) -> Entry:
    """Bring a deleted object back, and its managed twins with it."""
    entry = _deleted(call, db, kind)
    if entry.managed:
        raise errors.managed(kind, "recover")
    settles = call.settles()
    for shelf, item in _with_twins(call, db, kind, entry, twins):
        item.state, item.settles, item.deleted_on, item.purge_on = LIVE, settles, None, None
        shelf.save(item)
    return entry


def purge(call: Call, db: sqlite3.Connection, kind: Kind, twins: Iterable[Kind] = ()) -> None:
    """Remove a deleted object for good. Its name stays taken until the purge has settled."""
    entry = _deleted(call, db, kind)
    if call.vault.purge_protection:
        raise errors.purge_protected(kind, entry.name)
    if entry.managed:
        raise errors.managed(kind, "purge")
    settles = call.settles()
    for shelf, item in _with_twins(call, db, kind, entry, twins):
        if call.service.settle_seconds:
            item.state, item.settles, item.purge_on = PURGED, settles, int(settles)
            shelf.save(item)
        else:
            shelf.remove(item.name)


def _deleted(call: Call, db: sqlite3.Connection, kind: Kind) -> Entry:
    """The deleted object that recover and purge work on; each other state has its own refusal."""
    entry = call.shelf(db, kind).entry(call.name)
    if entry is None:
        raise errors.not_found(kind, call.name)
    if entry.state == LIVE:
        raise errors.exists_already(kind, entry.name)
    if entry.state == PURGED or entry.settles > call.service.clock():
        raise errors.being_deleted(kind, entry.name)
    return entry


def _with_twins(
    call: Call, db: sqlite3.Connection, kind: Kind, entry: Entry, twins: Iterable[Kind]
) -> Iterator[tuple[Shelf, Entry]]:
    for each in (kind, *twins):
        shelf = call.shelf(db, each)
        item = entry if each == kind else shelf.entry(entry.name)
        if item is not None and (each == kind or item.managed):
            yield shelf, item
