"""Forms for secrets. Their fields bear the names of the REST body."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults.actions.secrets import SecretContent
from vaults.forms.fields import AttributesForm, NameField, OpenedOnMixin

MOST_BYTES = 25_600
#: Characters of a tag's name and of its value: on secrets twice what keys and certificates may have.
LONGEST_TAG = 512


class ValueField(forms.CharField):
    """A secret's value, kept to the byte but for line ends: a browser sends CRLF for every one, LF is what was meant."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            strip=False,
            widget=forms.Textarea(
                attrs={
                    "rows": 4,
                    "autocomplete": "off",
                    "autocapitalize": "off",
                    "spellcheck": "false",
                    "data-count-bytes": str(MOST_BYTES),
                    "data-secret": "",
                }
            ),
            help_text="Up to 25 kB. Blanks are kept; line ends are sent as LF.",
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").replace("\r\n", "\n")
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            raise ValidationError(f"Key Vault takes {MOST_BYTES:,} bytes at most; this has {size:,}.")
        return text


class SecretContentForm(AttributesForm):
    """A new version of a secret."""

    longest_tag = LONGEST_TAG

    value = ValueField()
    content_type = forms.CharField(
        max_length=255,
        required=False,
        help_text="What the value is, for whoever uses it: text/plain, application/json.",
    )
    field_order: tuple[str, ...] = ("value", "content_type", "not_before", "expires_on", "enabled", "tags")

    def content(self) -> SecretContent:
        data = self.cleaned_data
        return SecretContent(
            value=data["value"],
            content_type=data["content_type"] or None,
            enabled=False if data["enabled"] is False else None,  # true is Key Vault's default
            not_before=data["not_before"],
            expires_on=data["expires_on"],
            tags=data["tags"],
        )


class SecretForm(SecretContentForm):
    """A new secret."""

    name = NameField()
    field_order = ("name", "value", "content_type", "not_before", "expires_on", "enabled", "tags")


class SecretVersionForm(OpenedOnMixin, SecretContentForm):
    """A new version, on top of the one that was current when the form was opened."""

    carried = ("content_type", "tags")


class SecretEditForm(OpenedOnMixin, AttributesForm):
    """Attributes and tags of one version; the value can't be changed, only replaced by a new version."""

    content_type = SecretContentForm.base_fields["content_type"]
    field_order = carried = ("content_type", "not_before", "expires_on", "enabled", "tags")
    longest_tag = LONGEST_TAG

    def wanted(self) -> dict[str, Any]:
        return self.typed(*self.carried)
