"""The parts of a new version of a key, in words, each with the fields that change it."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaults.actions.keys import Predecessor
from vaults.forms.keys import KeyVersionForm
from vaults.keyvault.types import CREATED_KEY_SIZES, Key, RotationPolicy
from vaults.web.carried_over import disabled, state, unreadable
from vaults.web.certificate_parts import CAN_NOT, Group, Part, in_words, key_words, tag_words
from vaults.web.durations import duration_words

NOT_RETURNED = "not returned by this API version"
#: Parts of a key that may be unreadable, in words.
UNREAD = {
    "kty": "The type of the current version",
    "key_size": "The size of the current version",
    "crv": "The curve of the current version",
    "key_ops": "The permitted operations of the current version",
    "exportable": "Whether the current version may be exported",
    "release_policy": "The release policy of the current version",
}
#: Those without a form field.
WITHOUT_FIELD = {"exportable", "release_policy"}


def parts_of_version(form: KeyVersionForm, before: Predecessor | None) -> Sequence[Group]:
    """`before` is None if the current version could not be read again; the form still has its initial values."""
    key = before.key.value if before else None
    rotation = before.rotation_policy.value if before else None

    def part(label: str, names: Sequence[str], shown: Mapping[str, Any]) -> Part:
        return Part(
            label,
            **shown,
            fields=tuple(form[name] for name in names),
            changed=form.is_bound and bool(set(names) & set(form.changed_data)),
            wrong=bool(set(names) & (set(form.errors) | set(key.unread if key else ())))
            or bool("key_size" in names and key and _odd_size(key)),
        )

    return [
        Group(
            "Key",
            [
                part("Type and size", ("kty", "key_size", "crv"), _made(form, key)),
                Part("Export", **_export(before, key)),
                Part("Release policy", **_release(before, key)),
            ],
        ),
        Group(
            "Use",
            [part("Permitted operations", ("key_ops",), _operations(form, key))],
        ),
        Group(
            "Life",
            [
                part("Activates", ("not_before",), in_words("", "at once")),
                part("Expires", ("expires_on",), _end(rotation)),
                *([Part("Rotation", **_rotation(rotation)), *_unread(rotation)] if rotation else []),
            ],
        ),
        Group(
            "Stored",
            [
                part("State", ("enabled",), state(key.properties if key else None)),
                part("Tags", ("tags",), tag_words({"tags": form.opened_with("tags")}, key.properties if key else None)),
            ],
        ),
    ]


def not_carried(before: Predecessor, key: Key, api_version: str) -> list[str]:
    """Sentences about what a new version will not take over from the current one, shown before anything is sent."""
    notes = []
    if not before.knows_policies:
        notes.append(
            f"This connection uses API version {api_version}, which tells nothing of export, release policy and "
            f"rotation policy. If this key is exportable, the new version will not be; from 7.3 on all that is kept."
        )
    if before.rotation_policy.error:
        notes.append(
            "The rotation policy could not be read. The key is not rotated by it: the new version is created like the "
            "current one, and has the dates given here."
        )
    if _odd_size(key):
        notes.append(f"The current version has {key.size} bits. Key Vault makes 2048, 3072 or 4096: choose one.")
    if key.exponent not in (None, 65537):
        notes.append("The current version has an unusual public exponent; the new one gets 65537.")
    if key.properties.not_before or key.properties.expires_on:
        notes.append("Dates are not carried over: a new version has none but those given here.")
    return [
        *notes,
        *_unread_parts(key, before.rotation_policy.value),
        *unreadable(key.properties, "tags", "enabled"),
        *disabled(key.properties),
    ]


def _unread_parts(key: Key, rotation: RotationPolicy | None) -> Sequence[str]:
    notes = []
    for name, raw in key.unread.items():
        todo = "So no new version is created here." if name in WITHOUT_FIELD else "It has to be chosen."
        if rotation:
            todo = (
                f"If nothing is changed, the key is rotated, and Key Vault keeps it; else: {todo[0].lower()}{todo[1:]}"
            )
        notes.append(f"{UNREAD[name]} can't be read{f': {raw}' if raw else ''}. {todo}")
    return notes


def _odd_size(key: Key) -> bool:
    return key.size is not None and key.size not in CREATED_KEY_SIZES


def _made(form: KeyVersionForm, key: Key | None) -> dict[str, Any]:
    shown = key_words({name: form.opened_with(name) for name in ("kty", "key_size", "crv")})
    missing = {"kty": "type", "key_size": "size", "crv": "curve"}
    unread = [word for name, word in missing.items() if key and name in key.unread]
    return {**shown, "note": f"the {unread[0]} can't be read"} if unread else shown


def _operations(form: KeyVersionForm, key: Key | None) -> dict[str, Any]:
    if key and "key_ops" in key.unread:
        return in_words(key.unread["key_ops"], CAN_NOT)
    operations = tuple(form.opened_with("key_ops") or ())
    return {"labels": operations, "note": "" if operations else "none"}


def _not_returned(before: Predecessor | None) -> str:
    return "not returned" if before and before.knows_policies else NOT_RETURNED


def _export(before: Predecessor | None, key: Key | None) -> dict[str, Any]:
    if key and "exportable" in key.unread:
        return in_words(key.unread["exportable"], CAN_NOT)
    exportable = key.properties.exportable if key else None
    sentences = {
        True: "may leave the vault, under its release policy",
        False: "never, the private key stays in the vault",
    }
    return in_words("", _not_returned(before) if exportable is None else sentences[exportable])


def _release(before: Predecessor | None, key: Key | None) -> dict[str, Any]:
    if key and "release_policy" in key.unread:
        return in_words(key.unread["release_policy"], CAN_NOT)
    policy = key.release_policy if key else None
    if policy is None:
        is_returned = key and (key.properties.exportable is not None or (before and before.knows_policies))
        return in_words("", "none" if is_returned else NOT_RETURNED)
    return in_words(policy.text, "can't be changed" if policy.immutable else "")


def _end(rotation: RotationPolicy | None) -> dict[str, Any]:
    if rotation and rotation.expiry_time:
        words = f"{duration_words(rotation.expiry_time)} after it was made, as the rotation policy says"
        return {"note": f"{words}; never, if a part is changed", "title": rotation.expiry_time}
    if rotation and {"attributes", "expiryTime"} & rotation.odd.keys():
        return in_words("", "as the rotation policy says; never, if a part is changed")
    return in_words("", "never")


def _rotation(policy: RotationPolicy) -> dict[str, Any]:
    for span, where in (
        (policy.rotate_before_expiry, "before it expires"),
        (policy.rotate_after_create, "after it was made"),
    ):
        if span:
            return {"note": f"by itself {duration_words(span)} {where}", "title": span}
    return in_words("", "as the policy says" if _is_unread(policy) else "not by itself")


def _is_unread(policy: RotationPolicy) -> bool:
    return bool(policy.odd.keys() - {"attributes", "expiryTime"})


def _unread(policy: RotationPolicy) -> Sequence[Part]:
    """The unreadable members of the policy, each with its text."""
    return [Part(f"Rotation: {member}", text, note="can't be read") for member, text in policy.odd.items()]
