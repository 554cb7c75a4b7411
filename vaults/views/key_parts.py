"""What a further version of a key is made of, part by part, in words; beside each the fields that change it."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaults.actions.keys import Predecessor
from vaults.forms.keys import KeyVersionForm
from vaults.keyvault.types import CREATED_KEY_SIZES, Key, RotationPolicy
from vaults.views.certificate_parts import Group, Part, in_words, key_words, tag_words
from vaults.views.durations import duration_words
from vaults.views.secret_parts import disabled

UNTOLD = "not told by this API version"


def parts_of_version(form: KeyVersionForm, before: Predecessor | None) -> Sequence[Group]:
    """`before` None: what it starts from could not be read again; the form still has what it was opened with."""
    key = before.key.value if before else None
    rotation = before.rotation_policy.value if before else None

    def part(label: str, names: Sequence[str], shown: Mapping[str, Any]) -> Part:
        return Part(
            label,
            **shown,
            fields=tuple(form[name] for name in names),
            changed=form.is_bound and bool(set(names) & set(form.changed_data)),
            wrong=bool(set(names) & set(form.errors)) or bool("key_size" in names and key and _odd_size(key)),
        )

    operations = tuple(form.opened_with("key_ops") or ())
    return [
        Group(
            "Key",
            [
                part("Type and size", ("kty", "key_size", "crv"), _made(form, key)),
                Part("Export", **_export(key)),
                Part("Release policy", **_release(key)),
            ],
        ),
        Group(
            "Use",
            [part("Permitted operations", ("key_ops",), {"labels": operations, "note": "" if operations else "none"})],
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
                part("State", ("enabled",), in_words("", "enabled")),
                part("Tags", ("tags",), tag_words({"tags": form.opened_with("tags")})),
            ],
        ),
    ]


def not_carried(before: Predecessor, key: Key, api_version: str) -> list[str]:
    """What a new version will not have from the current one, in sentences: known before anything is sent."""
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
    return [*notes, *disabled(key.properties)]


def _odd_size(key: Key) -> bool:
    return key.size is not None and key.size not in CREATED_KEY_SIZES


def _made(form: KeyVersionForm, key: Key | None) -> dict[str, Any]:
    values = {name: form.opened_with(name) for name in ("kty", "key_size", "crv")}
    if key:  # the form's select has a size for every type
        values["key_size"] = key.size
    return key_words(values)


def _export(key: Key | None) -> dict[str, Any]:
    exportable = key.properties.exportable if key else None
    sentences = {
        True: "may leave the vault, under its release policy",
        False: "never, the private key stays in the vault",
    }
    return in_words("", UNTOLD if exportable is None else sentences[exportable])


def _release(key: Key | None) -> dict[str, Any]:
    if key is None or key.properties.exportable is None:
        return in_words("", UNTOLD)
    policy = key.release_policy
    if policy is None:
        return in_words("", "none")
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
    """What of the policy can't be read, as it stands there."""
    return [Part(f"Rotation: {member}", text, note="can't be read") for member, text in policy.odd.items()]
