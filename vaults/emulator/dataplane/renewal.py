"""Lifetime actions: certificates that renew themselves. Key Vault REST: CertificatePolicy, lifetime_actions.

The time is looked at when somebody asks for the certificate, its key or its secret: then it is renewed as often as
it should have been meanwhile. Mail is not written.
"""

import sqlite3

from vaults.emulator.dataplane import pending
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.rotation import MOST_AT_ONCE
from vaults.emulator.state import keymaterial, operations
from vaults.emulator.state.entries import LIVE, Entry, Version, new_version_id
from vaults.emulator.state.operations import IN_PROGRESS
from vaults.emulator.wire.kinds import CERTIFICATE

DAY = 86400


def catch_up(call: Call) -> None:
    """Begin the renewals that a certificate's policy wanted by now, and end those that had the time to end."""
    with call.service.store.reading() as db:
        if _due(call, db) is None:
            return
    with call.service.store.writing() as db:
        for _ in range(MOST_AT_ONCE):
            due = _due(call, db)
            if due is None:
                return
            _begin(call, db, *due)
            pending.complete_due(call, db)


def _begin(call: Call, db: sqlite3.Connection, entry: Entry, version: Version, moment: int) -> None:
    policy = entry.extra["policy"]
    key = pending.key_for(call, db, entry, policy)
    operation = pending.new_operation(policy, key, enabled=True, tags=version.tags)
    operation |= {"version": new_version_id(), "renews": entry.current}
    completes = moment + call.service.certificate_seconds
    operations.write(db, call.vault.id, entry.name, operation, completes, keymaterial.dump(key))


def _due(call: Call, db: sqlite3.Connection) -> tuple[Entry, Version, int] | None:
    """The certificate of a call, its newest version and when that should have been renewed, if it should."""
    shelf = call.shelf(db, CERTIFICATE)
    entry = shelf.entry(call.name)
    if entry is None or entry.state != LIVE or not entry.listed:
        return None
    version = shelf.version(entry)
    moment = _moment(entry, version)
    if moment is None or not version.created < moment <= call.now or _is_tried(call, db, entry):
        return None
    return entry, version, moment


def _moment(entry: Entry, version: Version) -> int | None:
    """When a version is to be renewed; None where nobody can, or should."""
    policy = entry.extra["policy"]
    if policy["issuer"]["name"].lower() == "unknown" or version.not_before is None or version.expires_on is None:
        return None
    for action in policy["lifetime_actions"]:
        if action["action"]["action_type"] == "AutoRenew":
            days, percentage = (action["trigger"].get(name) for name in ("days_before_expiry", "lifetime_percentage"))
            if days is not None:
                return version.expires_on - int(days) * DAY
            return version.not_before + (version.expires_on - version.not_before) * int(percentage or 0) // 100
    return None


def _is_tried(call: Call, db: sqlite3.Connection, entry: Entry) -> bool:
    """Whether an operation is at work, or the one that was to renew this very version has come to nothing."""
    if not operations.exists(db, call.vault.id, entry.name):
        return False
    operation, _, _ = operations.find(db, call.vault.id, entry.name)
    return operation["status"] == IN_PROGRESS or operation.get("renews") == entry.current
