"""Forms for keys. The fields have the names in the REST body."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django import forms

from vaults.actions.keys import KeyContent
from vaults.forms.fields import AttributesForm, NameField, OpenedOnMixin
from vaults.forms.release_policy import ReleasePolicyMixin
from vaults.templatetags.kvportal import visible

KEY_TYPES = [
    ("RSA", "RSA"),
    ("EC", "EC"),
    ("RSA-HSM", "RSA in an HSM"),
    ("EC-HSM", "EC in an HSM"),
    ("oct-HSM", "AES in an HSM (oct-HSM)"),
]
RSA_SIZES, AES_SIZES = ("2048", "3072", "4096"), ("128", "192", "256")
KEY_SIZES = [*((size, size) for size in RSA_SIZES), *((size, f"{size} (AES)") for size in reversed(AES_SIZES))]
CURVES = [(curve, curve) for curve in ("P-256", "P-384", "P-521", "P-256K")]
#: The only operation of a key exchange key. Source: Azure Key Vault, "Bring your own key specification".
EXCHANGE = "import"
OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def choices_with(choices: list[tuple[str, str]], *present: Any) -> list[tuple[str, str]]:
    """The choices, plus the key's present values if they are not among them: a form must be able to show what was read."""
    known = {value for value, _ in choices}
    more = [str(value) for value in dict.fromkeys(present) if value and str(value) not in known]
    return [*choices, *((value, visible(value)) for value in more)]


def _listed(sizes: tuple[str, ...]) -> str:
    return f"{', '.join(sizes[:-1])} or {sizes[-1]}"


class KeyOpsField(forms.MultipleChoiceField):
    """The permitted operations of a key. Operations that this form does not know are kept while they are ticked."""

    def __init__(self) -> None:
        super().__init__(
            label="Permitted operations",
            required=False,
            choices=[(operation, operation) for operation in OPERATIONS],
            initial=OPERATIONS,
            widget=forms.CheckboxSelectMultiple,
            help_text="What the key may be used for. An EC key can only sign and verify.",
        )

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or (str(value).isalnum() and len(str(value)) <= 40)

    def offer(self, operations: Iterable[str]) -> None:
        """Show boxes for these operations too, so that unedited ones are submitted unchanged."""
        more = [operation for operation in dict.fromkeys(operations) if operation not in OPERATIONS]
        self.choices = [(operation, visible(operation) or "(empty)") for operation in [*OPERATIONS, *more]]


class KeyContentForm(AttributesForm):
    """The content of a new key or version."""

    kty = forms.ChoiceField(label="Key type", choices=KEY_TYPES, help_text="HSM types need a premium vault.")
    key_size = forms.ChoiceField(
        label="Key size",
        choices=KEY_SIZES,
        required=False,
        initial="2048",
        help_text="In bits, of RSA and AES keys; not for EC keys.",
    )
    crv = forms.ChoiceField(
        label="EC curve", choices=CURVES, required=False, initial="P-256", help_text="For EC keys only."
    )
    key_ops = KeyOpsField()
    field_order: tuple[str, ...] = (
        "kty",
        "key_size",
        "crv",
        "key_ops",
        "not_before",
        "expires_on",
        "enabled",
        "tags",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kty, size = cleaned.get("kty") or "", cleaned.get("key_size")
        if {"kty", "key_size"} <= self.untouched():
            return cleaned
        if kty.startswith("RSA") and size in AES_SIZES:
            self.add_error("key_size", f"An RSA key has {_listed(RSA_SIZES)} bits.")
        if kty.startswith("oct") and size in RSA_SIZES:
            self.add_error("key_size", f"An AES key has {_listed(AES_SIZES)} bits.")
        return cleaned

    def content(self) -> KeyContent:
        data = self.cleaned_data
        return KeyContent(
            kty=data["kty"],
            key_size=int(data["key_size"] or 0) or None,
            crv=data["crv"] or None,
            key_ops=data["key_ops"] or None,
            enabled=False if data["enabled"] is False else None,  # true is Key Vault's default
            not_before=data["not_before"],
            expires_on=data["expires_on"],
            tags=data["tags"],
        ).fitting()


class KeyForm(ReleasePolicyMixin, KeyContentForm):
    """A new key."""

    name = NameField()
    field_order = ("name", *KeyContentForm.field_order, "exportable", "release_policy", "immutable")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key_ops"].offer([EXCHANGE])  # type: ignore[attr-defined]
        self.fields[
            "key_ops"
        ].help_text += (
            f" “{EXCHANGE}” alone makes a key exchange key: RSA in an HSM, to which key transfer blobs are encrypted."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        operations = cleaned.get("key_ops") or []
        if EXCHANGE in operations and (len(operations) > 1 or cleaned.get("kty") != "RSA-HSM"):
            self.add_error("key_ops", "A key exchange key is RSA in an HSM, and “import” is its only operation.")
        return cleaned

    def content(self) -> KeyContent:
        return replace(super().content(), **self.export_members())


class KeyVersionForm(OpenedOnMixin, KeyContentForm):
    """A new version that equals the current one except for the changes made here."""

    carried = ("kty", "key_size", "crv", "key_ops", "tags")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("kty", KEY_TYPES), ("key_size", KEY_SIZES), ("crv", CURVES)):
            present = self.opened_with(name)
            none = [("", "—")] if present == "" else []  # the key has no value, or does not show it
            self.fields[name].choices = choices_with([*none, *known], present)  # type: ignore[attr-defined]
        self.fields["key_ops"].offer(self.opened_with("key_ops") or ())  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """The attributes in which the new version differs from the current one, as members of KeyContent."""
        changes = self.typed("kty", "key_size", "crv", "key_ops", "not_before", "expires_on", "enabled", "tags")
        if "kty" in changes:  # another type can't keep size and curve
            changes |= {name: self.cleaned_data.get(name) for name in ("key_size", "crv")}
        for name, kind in (("key_size", int), ("crv", str)):
            if name in changes:
                changes[name] = kind(changes[name]) if changes[name] else None
        if changes.get("enabled") is True:
            del changes["enabled"]  # Key Vault's default
        return {name: value for name, value in changes.items() if value is not None}


class KeyEditForm(OpenedOnMixin, AttributesForm):
    """Attributes, tags and permitted operations of one version."""

    key_ops = KeyOpsField()
    field_order = carried = ("key_ops", "not_before", "expires_on", "enabled", "tags")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial = self.add_initial_prefix("key_ops")
        if not {"key_ops", initial} & {*self.initial, *self.data}:
            del self.fields["key_ops"]  # they may not be read
        else:
            self.fields["key_ops"].offer(self.opened_with("key_ops") or ())  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        return self.typed("not_before", "expires_on", "enabled", "tags")

    def wanted_operations(self) -> list[str] | None:
        """None if they were not changed."""
        operations: list[str] | None = self.typed("key_ops").get("key_ops")
        return operations
