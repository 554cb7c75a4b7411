"""Rotate Key, Get and Update Key Rotation Policy (7.3). Source: Key Vault REST.

A request for the key applies all rotations that have become due; each version is dated to the time when it was due.
"""

import re
import secrets
import sqlite3
from datetime import timedelta
from typing import Any

from vaults.emulator.dataplane import keys
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.x509tools import add_months
from vaults.emulator.state import keymaterial
from vaults.emulator.state.entries import LIVE, Entry, Version, new_version_id
from vaults.emulator.wire import errors, raw_members, rules
from vaults.emulator.wire.errors import bad_parameter
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import KEY

DURATION = re.compile(
    r"P(?:(\d{1,12})Y)?(?:(\d{1,12})M)?(?:(\d{1,12})W)?(?:(\d{1,12})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})S)?)?"
)
MOST_MONTHS = 1200  # of a duration, in any unit
NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
ACTIONS = {"rotate": "Rotate", "notify": "Notify"}
TRIGGERS = ("timeAfterCreate", "timeBeforeExpiry")
#: First part of the paths of raw members of the policy: "rotation_policy.attributes.expiryTime".
HELD_UNDER = "rotation_policy"
SHORTEST = timedelta(days=28)
#: A rotation keeps this distance from the creation of a version and from its expiry.
DISTANCE = timedelta(days=7)
MOST_AT_ONCE = 20  # rotations, or renewals, in one request


def rotate_key(call: Call) -> Response:
    """Rotate Key: a new version of the same type and size, permissions and tags; dates by the policy."""
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name)
        old = table.version(entry)
    if entry.managed:
        raise errors.managed(KEY, "rotate")
    version = _successor(call, entry, old, call.now)
    with call.service.store.writing() as db:
        entry = call.table(db, KEY).add(entry.name, version)
    return json_response(200, keys.bundle(call, entry, version))


def rotate_due(call: Call) -> None:
    """Apply the due rotations of the key in the path."""
    with call.service.store.reading() as db:
        if _due(call, db) is None:
            return
    with call.service.store.writing() as db:
        for _ in range(MOST_AT_ONCE):
            due = _due(call, db)
            if due is None:
                return
            entry, old, moment = due
            call.table(db, KEY).add(entry.name, _successor(call, entry, old, moment))


def _due(call: Call, db: sqlite3.Connection) -> tuple[Entry, Version, int] | None:
    """The key in the path, its newest version, and when its rotation was due; None if it is not due."""
    table = call.table(db, KEY)
    entry = table.entry(call.name)
    if entry is None or entry.state != LIVE or entry.managed or "rotation" not in entry.extra:
        return None
    version = table.version(entry)
    for action in entry.extra["rotation"]["actions"]:
        if action["action"]["type"] == ACTIONS["rotate"]:
            moment = _moment(action["trigger"], version)
            if moment is not None and version.created < moment <= call.now:
                return entry, version, moment
    return None


def _moment(trigger: dict[str, str], version: Version) -> int | None:
    """When a trigger is due for a version."""
    if "timeAfterCreate" in trigger:
        return _end(version.created, trigger["timeAfterCreate"])
    return None if version.expires_on is None else version.expires_on - _end(0, trigger["timeBeforeExpiry"])


def _successor(call: Call, entry: Entry, old: Version, moment: int) -> Version:
    """The version that follows another one."""
    jwk = old.data["jwk"]
    key: keymaterial.PrivateKey | bytes
    if old.data["kty"] == keys.AES:
        key = secrets.token_bytes(len(old.material))
    elif "crv" in jwk:
        key = call.service.new_key("EC", 0, jwk["crv"])
    else:
        key = call.service.new_key("RSA", keymaterial.load(old.material).key_size, "")
    return Version(
        new_version_id(),
        moment,
        moment,
        expires_on=_expiry(entry, moment),
        tags=old.tags,
        data=old.data | {"jwk": keymaterial.public_jwk(key)},
        material=keymaterial.dump(key),
    )


def get_rotation_policy(call: Call) -> Response:
    """Get Key Rotation Policy; a default if the key has none."""
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name)
        version = table.version(entry)
    policy = entry.extra.get("rotation")
    if policy is None:
        return json_response(200, {"lifetimeActions": [NOTIFY], "attributes": None})
    answer = {HELD_UNDER: _policy_body(call, entry, policy)}
    return json_response(200, raw_members.overlay(version.data, answer)[HELD_UNDER])


def set_rotation_policy(call: Call) -> Response:
    """Update Key Rotation Policy: the whole policy; a missing Notify is added, as recorded."""
    actions = _read_actions(call.body.get("lifetimeActions"))
    expiry = rules.text(rules.mapping(call.body, "attributes"), "expiryTime")
    _check_times(actions, None if expiry is None else _end(0, expiry))
    with call.service.store.writing() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name)
        present = entry.extra.get("rotation", {"created": call.now})
        policy = {"actions": actions, "expiry": expiry, "created": present["created"], "updated": call.now}
        entry.extra["rotation"] = policy
        table.save(entry)
    return json_response(200, _policy_body(call, entry, policy))


def _policy_body(call: Call, entry: Entry, policy: dict[str, Any]) -> dict[str, Any]:
    attributes = {} if policy["expiry"] is None else {"expiryTime": policy["expiry"]}
    return {
        "id": call.url("keys", entry.name, "rotationpolicy"),
        "lifetimeActions": policy["actions"],
        "attributes": attributes | {"created": policy["created"], "updated": policy["updated"]},
    }


def _read_actions(requested: Any) -> list[dict[str, Any]]:
    if requested is None:
        requested = []
    if not isinstance(requested, list):
        raise rules.invalid_property("lifetimeActions")
    actions = [_read_action(item) for item in requested]
    types = [action["action"]["type"] for action in actions]
    if len(set(types)) != len(types):
        raise bad_parameter("A key rotation policy has at most one Rotate and one Notify action.")
    if "Notify" not in types:
        actions.append(NOTIFY)
    return actions


def _check_times(actions: list[dict[str, Any]], expiry: int | None) -> None:
    """Raises the vault's 400 for times that are too short, or that no version reaches."""
    if expiry is not None and expiry < SHORTEST.total_seconds():
        raise bad_parameter("The expiryTime of a key rotation policy must be at least 28 days.")
    for action in actions:
        if action["action"]["type"] != ACTIONS["rotate"]:
            continue
        trigger, least = action["trigger"], DISTANCE.total_seconds()
        away = _end(0, next(iter(trigger.values())))
        if away < least or (expiry is not None and expiry - away < least):
            raise bad_parameter(
                "A key is rotated at least 7 days after its creation and at least 7 days before its expiry."
            )
        if expiry is None and "timeBeforeExpiry" in trigger:
            raise bad_parameter("A rotation before the expiry needs an expiryTime.")


def _read_action(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise rules.invalid_property("lifetimeActions")
    kind = ACTIONS.get((rules.text(rules.mapping(item, "action"), "type") or "").lower())
    requested = rules.mapping(item, "trigger")
    trigger = {name: rules.text(requested, name) for name in TRIGGERS if requested.get(name) is not None}
    if kind is None or len(trigger) != 1 or (kind == ACTIONS["notify"] and "timeAfterCreate" in trigger):
        raise rules.invalid_property("lifetimeActions")
    _end(0, str(next(iter(trigger.values()))))
    return {"trigger": trigger, "action": {"type": kind}}


def _expiry(entry: Entry, now: int) -> int | None:
    duration = entry.extra.get("rotation", {}).get("expiry")
    return None if duration is None else _end(now, duration)


def _end(start: int, duration: str) -> int:
    """When an ISO 8601 duration ends. Raises the vault's 400 for one that cannot be read."""
    match = DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise rules.invalid_property("duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    seconds += 60 * (minutes + 60 * (hours + 24 * (days + 7 * weeks)))
    if years * 12 + months > MOST_MONTHS or seconds > MOST_MONTHS * 31 * 86400:
        raise rules.invalid_property("duration")
    moment = add_months(start, years * 12 + months)
    rest = timedelta(seconds=seconds)
    return int(moment.timestamp() + rest.total_seconds())
