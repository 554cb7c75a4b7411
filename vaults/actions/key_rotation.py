"""Rotation policies of keys: each function checks the permission, acts on the vault and records the act."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from vaults.actions.changes import PartsUnread, changing
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, NotFound
from vaults.azure.parallel import gather
from vaults.keyvault.durations import duration_of
from vaults.keyvault.parts import Part, part, require_some, versions_read
from vaults.keyvault.rotation import AFTER_CREATE, BEFORE_EXPIRY, changed_policy
from vaults.keyvault.types import KeyProperties, RotationPolicy
from vaults.models import Vault
from vaults.permissions import Action

#: Key Vault adds this notification to a policy without one (seen in recordings).
DEFAULT_NOTIFY = "P30D"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key's rotation policy and its versions, newest first. They need different permissions: getrotationpolicy and list."""

    policy: Part[RotationPolicy]
    versions: Part[Sequence[KeyProperties]]

    @property
    def newest(self) -> KeyProperties | None:
        return self.versions.value[0] if self.versions.value and not self.versions.error else None


@dataclass(frozen=True, slots=True)
class PolicyTimes:
    """The parts of a rotation policy that a form shows, as ISO 8601 durations; None for a part that is missing or unreadable.

    `rotate`: AFTER_CREATE or BEFORE_EXPIRY, and the time.
    """

    expiry_time: str | None = None
    rotate: tuple[str, str] | None = None
    notify: str | None = None

    @classmethod
    def of(cls, policy: RotationPolicy) -> Self:
        times = ((AFTER_CREATE, policy.rotate_after_create), (BEFORE_EXPIRY, policy.rotate_before_expiry))
        return cls(
            _readable(policy.expiry_time),
            next(((when, text) for when, text in times if text and _readable(text)), None),
            _readable(policy.notify_before_expiry),
        )

    def differing(self, present: "PolicyTimes") -> dict[str, Any]:
        """The parts that differ in more than their spelling, as arguments of `changed_policy`."""
        return {
            name: getattr(self, name)
            for name in ("expiry_time", "rotate", "notify")
            if _meaning(getattr(self, name)) != _meaning(getattr(present, name))
        }


class PolicyChanged(Exception):
    """Another person changed the rotation policy after the form was opened. `policy`: its present state."""

    def __init__(self, policy: RotationPolicy) -> None:
        self.policy = policy
        super().__init__("changed meanwhile")


def policy_token(policy: RotationPolicy) -> str:
    """The state that a form was opened on: a digest of the policy as it was sent, with the time of its last update."""
    sent = json.dumps([policy.own, policy.sent], sort_keys=True)
    return hashlib.blake2b(sent.encode(), digest_size=16).hexdigest()


def read_rotation(actor: Actor, vault: Vault, name: str) -> Rotation:
    """Two parallel calls. Raises NotFound if there is no such key, and Forbidden if neither part may be read."""
    with act(actor, Action.KEY_READ, vault, name=name) as doing:
        client = doing.client
        policy, versions = gather(
            lambda: part(lambda: client.keys.rotation_policy(name)),
            lambda: versions_read(client.keys, name),
            meanwhile=doing.meanwhile,
        )
        if isinstance(policy.error, NotFound):
            raise policy.error
        require_some(policy, versions)
        doing.record_unread(policy, versions)
    return Rotation(policy, versions)


def update_rotation_policy(actor: Actor, vault: Vault, name: str, wanted: PolicyTimes, opened_on: str) -> bool:
    """Set the parts that differ, and send the others back as they were read. False if none differs.

    `opened_on`: the `policy_token` of the form. Raises PolicyChanged, and PartsUnread if no part of this policy can be changed.
    """
    with changing(actor, Action.KEY_UPDATE_ROTATION, vault, name) as doing:
        policy = doing.client.keys.rotation_policy(name)
        if policy_token(policy) != opened_on:
            raise PolicyChanged(policy)
        if not policy.can_be_changed:
            raise PartsUnread(["The rotation policy"])
        changes = wanted.differing(PolicyTimes.of(policy))
        doing.detail["attributes"] = sorted(changes)
        if changes:
            _send(doing, name, changed_policy(policy, **changes), wanted, opened_on)
    return bool(changes)


def _send(doing: Doing, name: str, body: dict[str, Any], wanted: PolicyTimes, opened_on: str) -> None:
    """Raises the error of a lost response again unless the policy turns out to be what was wanted."""
    try:
        doing.client.keys.update_rotation_policy(name, body)
    except AzureError as lost:
        if not lost.maybe_done:
            raise
        found = part(lambda: doing.client.keys.rotation_policy(name)).value
        expected = PolicyTimes(wanted.expiry_time, wanted.rotate, wanted.notify or DEFAULT_NOTIFY)
        if found is None or policy_token(found) == opened_on or expected.differing(PolicyTimes.of(found)):
            raise
        doing.happened_after_all()


def _readable(text: str | None) -> str | None:
    return text if duration_of(text) else None


def _meaning(value: Any) -> Any:
    match value:
        case (when, text):
            return when, duration_of(text)
        case _:
            return duration_of(value)
