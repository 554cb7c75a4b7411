"""Forms for keys. Their fields bear the names of the REST body."""

from typing import Any

from django import forms

from vaults.actions.keys import KeyContent
from vaults.forms.fields import AttributesForm, NameField, OpenedOnMixin, said

KEY_TYPES = [("RSA", "RSA"), ("EC", "EC"), ("RSA-HSM", "RSA in an HSM"), ("EC-HSM", "EC in an HSM")]
KEY_SIZES = [("2048", "2048"), ("3072", "3072"), ("4096", "4096")]
CURVES = [(curve, curve) for curve in ("P-256", "P-384", "P-521", "P-256K")]
OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
EC_OPERATIONS = {"sign", "verify"}


class KeyOpsField(forms.MultipleChoiceField):
    def __init__(self) -> None:
        super().__init__(
            label="Permitted operations",
            required=False,
            choices=[(operation, operation) for operation in OPERATIONS],
            initial=OPERATIONS,
            widget=forms.CheckboxSelectMultiple,
            help_text="What the key may be used for. An EC key can only sign and verify.",
        )


class KeyContentForm(AttributesForm):
    """A new version of a key."""

    kty = forms.ChoiceField(label="Key type", choices=KEY_TYPES, help_text="HSM types need a premium vault.")
    key_size = forms.ChoiceField(
        label="RSA key size",
        choices=KEY_SIZES,
        required=False,
        initial="2048",
        help_text="In bits; not for EC keys.",
    )
    crv = forms.ChoiceField(
        label="EC curve", choices=CURVES, required=False, initial="P-256", help_text="Not for RSA keys."
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

    def content(self) -> KeyContent:
        data = self.cleaned_data
        is_ec = data["kty"].startswith("EC")
        operations = [operation for operation in data["key_ops"] if not is_ec or operation in EC_OPERATIONS]
        return KeyContent(
            kty=data["kty"],
            key_size=None if is_ec or not data["key_size"] else int(data["key_size"]),
            crv=data["crv"] or None if is_ec else None,
            key_ops=operations,
            enabled=False if data["enabled"] is False else None,  # true is Key Vault's default
            not_before=data["not_before"],
            expires_on=data["expires_on"],
            tags=data["tags"],
        )


class KeyForm(KeyContentForm):
    """A new key."""

    name = NameField()
    field_order = ("name", *KeyContentForm.field_order)


class KeyVersionForm(OpenedOnMixin, KeyContentForm):
    """A new version, on top of the one that was current when the form was opened."""


class KeyEditForm(OpenedOnMixin, AttributesForm):
    """Attributes, tags and permitted operations of one version."""

    key_ops = KeyOpsField()
    field_order = ("key_ops", "not_before", "expires_on", "enabled", "tags")

    def wanted(self) -> dict[str, Any]:
        return said(self.cleaned_data, "enabled", "not_before", "expires_on", "tags")
