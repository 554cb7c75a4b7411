"""Soft delete, recover and purge: the same for secrets, keys and certificates.

Source: Key Vault REST, "Soft-delete". An operation responds at once and takes effect after the settle time.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import DELETED, LIVE, PURGED, Entry
from vaults.emulator.state.objects import ObjectTable
from vaults.emulator.wire import errors
from vaults.emulator.wire.kinds import Kind

DAY = 86400


def delete(call: Call, db: sqlite3.Connection, kind: Kind, managed: Iterable[Kind] = ()) -> Entry:
    """Soft-delete an object with all its versions, and its managed objects of the kinds in `managed`."""
    entry = call.table(db, kind).live(call.name)
    if entry.managed:
        raise errors.managed(kind, "delete")
    settles = call.settles()
    for table, item in _with_managed(call, db, kind, entry, managed):
        item.state, item.settles = DELETED, settles
        item.deleted_on, item.purge_on = call.now, call.now + call.vault.retention_days * DAY
        table.save(item)
    return entry


def recover(call: Call, db: sqlite3.Connection, kind: Kind, managed: Iterable[Kind] = ()) -> Entry:
    """Recover a deleted object and its managed objects."""
    entry = _deleted(call, db, kind)
    if entry.managed:
        raise errors.managed(kind, "recover")
    settles = call.settles()
    for table, item in _with_managed(call, db, kind, entry, managed):
        item.state, item.settles, item.deleted_on, item.purge_on = LIVE, settles, None, None
        table.save(item)
    return entry


def purge(call: Call, db: sqlite3.Connection, kind: Kind, managed: Iterable[Kind] = ()) -> None:
    """Purge a deleted object and its managed objects. Its name stays taken until the purge has settled."""
    entry = _deleted(call, db, kind)
    if call.vault.purge_protection:
        raise errors.purge_protected(kind, entry.name)
    if entry.managed:
        raise errors.managed(kind, "purge")
    settles = call.settles()
    for table, item in _with_managed(call, db, kind, entry, managed):
        if call.service.settle_seconds:
            item.state, item.settles, item.purge_on = PURGED, settles, int(settles)
            table.save(item)
        else:
            table.remove(item.name)


def _deleted(call: Call, db: sqlite3.Connection, kind: Kind) -> Entry:
    """The deleted object for recover and purge. Raises the error of each other state."""
    entry = call.table(db, kind).entry(call.name)
    if entry is None:
        raise errors.not_found(kind, call.name)
    if entry.state == LIVE:
        raise errors.exists_already(kind, entry.name)
    if entry.state == PURGED or entry.settles > call.service.clock():
        raise errors.being_deleted(kind, entry.name)
    return entry


def _with_managed(
    call: Call, db: sqlite3.Connection, kind: Kind, entry: Entry, managed: Iterable[Kind]
) -> Iterator[tuple[ObjectTable, Entry]]:
    for each in (kind, *managed):
        table = call.table(db, each)
        item = entry if each == kind else table.entry(entry.name)
        if item is not None and (each == kind or item.managed):
            yield table, item
