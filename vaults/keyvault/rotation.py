"""Rotation policies of keys: reading one, changing a part of one, and the rotations that follow from it.

Key Vault REST: Get and Update Key Rotation Policy. An update replaces the list of actions as a whole, so whatever a form does
not show is sent back as it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vaults.azure.json_values import Json
from vaults.azure.members import Members, as_text
from vaults.keyvault.durations import duration_of
from vaults.keyvault.types import UNSET, KeyProperties, RotationPolicy, Unset

AFTER_CREATE: Final = "timeAfterCreate"
BEFORE_EXPIRY: Final = "timeBeforeExpiry"
ROTATE: Final = "Rotate"
NOTIFY: Final = "Notify"
_SET_BY_KEY_VAULT: Final = frozenset({"created", "updated"})


def read_rotation_policy(data: Json) -> RotationPolicy:
    """A rotation policy. For a key without its own, Key Vault returns a default without an id (seen in recordings)."""
    members = Members(data)
    actions = [Members(action, members.odd) for action in members.objects("lifetimeActions")]
    kinds = [(action.section("action").text("type") or "").lower() for action in actions]

    def trigger_of(kind: str) -> Members:
        first = kinds.index(kind.lower()) if kind.lower() in kinds else None
        return Members(None) if first is None else actions[first].section("trigger")

    rotate, notify = trigger_of(ROTATE), trigger_of(NOTIFY)
    return RotationPolicy(
        expiry_time=members.section("attributes").text("expiryTime"),
        rotate_after_create=rotate.text(AFTER_CREATE),
        rotate_before_expiry=rotate.text(BEFORE_EXPIRY),
        notify_before_expiry=notify.text(BEFORE_EXPIRY, f"{NOTIFY}.{BEFORE_EXPIRY}"),
        own=bool(data.get("id")),
        other_actions=tuple(as_text(item) for item in _others(data.get("lifetimeActions"))),
        sent={name: value for name, value in data.items() if name != "id"},
        odd=members.odd,
    )


def changed_policy(
    policy: RotationPolicy,
    *,
    expiry_time: str | Unset | None = UNSET,
    rotate: tuple[str, str] | Unset | None = UNSET,
    notify: str | Unset | None = UNSET,
) -> dict[str, Any]:
    """The body of an update: the policy as it was sent, with these parts set. None takes a part away.

    `rotate`: AFTER_CREATE or BEFORE_EXPIRY, and the time; `notify`: the time before the expiry. Raises ValueError if the policy
    is not built so that a part of it could be changed.
    """
    if not policy.can_be_changed:
        raise ValueError("the policy is not built as expected")
    actions = list(policy.sent.get("lifetimeActions") or ())
    if not isinstance(rotate, Unset):
        _set_action(actions, ROTATE, rotate and {rotate[0]: rotate[1]})
    if not isinstance(notify, Unset):
        _set_action(actions, NOTIFY, notify and {BEFORE_EXPIRY: notify})
    attributes = dict(policy.sent.get("attributes") or {})
    if not isinstance(expiry_time, Unset):
        attributes["expiryTime"] = expiry_time
    kept = {name: value for name, value in attributes.items() if name not in _SET_BY_KEY_VAULT and value is not None}
    return {**policy.sent, "lifetimeActions": actions, "attributes": kept}


def _kind_of(item: Any) -> str:
    return (Members(Members(item).raw("action")).text("type") or "").lower()


def _first(items: Sequence[Any], kind: str) -> int | None:
    return next((place for place, item in enumerate(items) if _kind_of(item) == kind.lower()), None)


def _others(items: Any) -> list[Any]:
    """The items of the list that are neither the first rotation nor the first notification."""
    if not isinstance(items, list):
        return []
    known = {_first(items, kind) for kind in (ROTATE, NOTIFY)}
    return [item for place, item in enumerate(items) if place not in known]


def _set_action(actions: list[Any], kind: str, trigger: Any) -> None:
    place = _first(actions, kind)
    if place is None:
        if trigger:
            actions.append({"trigger": trigger, "action": {"type": kind}})
    elif trigger:
        actions[place] = {**actions[place], "trigger": trigger}
    else:
        del actions[place]


@dataclass(frozen=True, slots=True)
class VersionLife:
    """What happens to one version of a key by its rotation policy. None: it does not happen.

    `rotated_on`: when the next version follows. `notified_on`: when Event Grid is told that it is about to expire.
    `overdue`: the time of its rotation is past, so that it can happen at any moment.
    """

    created_on: datetime
    rotated_on: datetime | None = None
    notified_on: datetime | None = None
    expires_on: datetime | None = None
    overdue: bool = False

    @property
    def expires_first(self) -> bool:
        """True if the version expires before another one follows it."""
        return bool(self.rotated_on and self.expires_on and self.expires_on < self.rotated_on)


def upcoming(policy: RotationPolicy, newest: KeyProperties, now: datetime, rotations: int = 5) -> Sequence[VersionLife]:
    """The newest version and those that will follow it: one more than `rotations`, fewer if there are not so many.

    The newest version has its own expiry date, those that follow get theirs from the policy. Empty if the newest version has
    no creation date. Nothing is returned from after the year 9999.
    """
    if newest.created_on is None:
        return []
    created, expires = newest.created_on, newest.expires_on
    lives: list[VersionLife] = []
    try:
        while len(lives) <= rotations:
            life = _life(policy, created, expires, now)
            lives.append(life)
            if life.rotated_on is None:
                break
            created = life.rotated_on
            valid = duration_of(policy.expiry_time)
            expires = valid.after(created) if valid else None
    except OverflowError:
        pass
    return lives


def _life(policy: RotationPolicy, created: datetime, expires: datetime | None, now: datetime) -> VersionLife:
    """Raises OverflowError."""
    due = _rotation(policy, created, expires)
    rotated = due and max(due, created, now)
    ahead = duration_of(policy.notify_before_expiry)
    notified = max(ahead.before(expires), created) if ahead and expires else None
    if notified and rotated and rotated <= notified:
        notified = None  # only the current version is about to expire
    return VersionLife(created, rotated, notified, expires, overdue=bool(due and due <= now))


def _rotation(policy: RotationPolicy, created: datetime, expires: datetime | None) -> datetime | None:
    """Raises OverflowError."""
    after, before = duration_of(policy.rotate_after_create), duration_of(policy.rotate_before_expiry)
    if after:
        return after.after(created)
    return before.before(expires) if before and expires else None
