"""Lifetime actions: renewal of certificates. Source: Key Vault REST, CertificatePolicy, lifetime_actions.

A request for the certificate, its key or its secret applies all renewals that have become due. No e-mail is sent.
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


def renew_due(call: Call) -> None:
    """Begin the due renewals of the certificate in the path, and complete those that are due to complete."""
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
    """The certificate in the path, its newest version, and when its renewal was due; None if it is not due."""
    table = call.table(db, CERTIFICATE)
    entry = table.entry(call.name)
    if entry is None or entry.state != LIVE or not entry.listed:
        return None
    version = table.version(entry)
    moment = _moment(entry, version)
    if moment is None or not version.created < moment <= call.now or _is_tried(call, db, entry):
        return None
    return entry, version, moment


def _moment(entry: Entry, version: Version) -> int | None:
    """When the renewal of a version is due; None if it is never renewed."""
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
    """Whether an operation is in progress, or one to renew this version has failed."""
    if not operations.exists(db, call.vault.id, entry.name):
        return False
    operation, _, _ = operations.find(db, call.vault.id, entry.name)
    return operation["status"] == IN_PROGRESS or operation.get("renews") == entry.current
