"""Whether and how a key is rotated, in words."""

from collections.abc import Mapping, Sequence

from vaults.actions.keys import Predecessor
from vaults.keyvault.durations import duration_of
from vaults.keyvault.since import POLICIES_SINCE, is_since
from vaults.keyvault.types import RotationPolicy
from vaults.models import Vault
from vaults.templatetags.kvportal import date_and_time
from vaults.web.durations import duration_words

MANAGED = "This key belongs to a certificate: it gets a new version with each version of the certificate."
LIKE_IT = "with the same permitted operations and tags"
EARLIER = (
    "Earlier versions stay. Whoever names one, a pinned version, goes on using it, and what was encrypted with it can still be "
    "decrypted."
)
CURRENT = "It becomes the current version: whoever names no version uses it from then on."
STAYS = "A single version can't be deleted, only disabled."


def why_no_rotation(vault: Vault) -> str:
    """Why the vault's connection knows no rotation; "" if it does."""
    version = vault.connection.api_version
    if is_since(version, POLICIES_SINCE):
        return ""
    return f"This connection uses API version {version}. Rotation exists from {POLICIES_SINCE} on."


def consequences(before: Predecessor) -> Sequence[str]:
    """What a rotation does, in sentences."""
    return [_made(before), *_end(before), CURRENT, EARLIER, STAYS]


def _made(before: Predecessor) -> str:
    key = before.key.value
    if key is None:
        return f"Key Vault makes a new version of the same type and size, {LIKE_IT}."
    size = f", {key.size} bits" if key.size else ""
    curve = f" {key.jwk['crv']}" if key.jwk.get("crv") else ""
    what = f"{key.key_type}{curve}{size}"
    return f"Key Vault makes a new version of the same type and size{f' ({what})' if what else ''}, {LIKE_IT}."


def _end(before: Predecessor) -> Sequence[str]:
    policy = before.rotation_policy.value
    if before.rotation_policy.error:
        return ["The rotation policy could not be read. If it sets an expiry, the new version gets it."]
    if policy is None:
        return ["The key has no rotation policy of its own, so the new version never expires."]
    if policy.expiry_time:
        return [f"It expires {duration_words(policy.expiry_time)} after it was made, as the rotation policy says."]
    if policy.odd:
        return ["Not all of the rotation policy can be read. If it sets an expiry, the new version gets it."]
    return ["It never expires: the rotation policy sets no expiry."]


def now_current(before: Predecessor) -> Sequence[str]:
    """The end of the current version, which a rotation leaves as it is."""
    key = before.key.value
    end = key.properties.expires_on if key else None
    return [f"The version that is current now keeps its end: {date_and_time(end)}."] if end else []


def unread_times(policy: RotationPolicy) -> Mapping[str, str]:
    """The members that could not be read, and the times that are none, by their names in the policy."""
    times = {
        "expiryTime": policy.expiry_time,
        "Rotate.timeAfterCreate": policy.rotate_after_create,
        "Rotate.timeBeforeExpiry": policy.rotate_before_expiry,
        "Notify.timeBeforeExpiry": policy.notify_before_expiry,
    }
    return {**policy.odd, **{name: text for name, text in times.items() if text is not None and not duration_of(text)}}


def policy_rows(policy: RotationPolicy) -> Sequence[tuple[str, str]]:
    """The policy as pairs of label and words. Times that are none are among `unread_times`."""
    after, before, valid, ahead = (
        duration_words(text) if text and duration_of(text) else ""
        for text in (
            policy.rotate_after_create,
            policy.rotate_before_expiry,
            policy.expiry_time,
            policy.notify_before_expiry,
        )
    )
    rotated = f"{after} after the current one was made" if after else ""
    rotated = rotated or (f"{before} before the current one expires" if before else "")
    unread = unread_times(policy)
    return [
        (
            "New version",
            rotated or ("can't be read" if unread.keys() - {"expiryTime", "attributes"} else "not by itself"),
        ),
        ("Expires", f"{valid} after it was made" if valid else ("can't be read" if unread else "never")),
        ("Event Grid told", f"{ahead} before the expiry" if ahead else "not said"),
    ]
