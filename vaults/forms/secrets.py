"""Forms for secrets. The fields have the names in the REST body."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from vaults.actions.changes import UNREAD
from vaults.actions.secrets import ORIGIN_TAG, SecretContent
from vaults.forms.fields import MOST_TAGS, AttributesForm, NameField, OpenedOnMixin
from vaults.forms.secret_values import MOST_BYTES, ValueSourceForm
from vaults.keyvault.types import Properties, SecretProperties
from vaults.templatetags.kvportal import date_and_time, short_id

#: Most characters of a tag's name and of its value: for secrets twice as many as for keys and certificates.
LONGEST_TAG = 512
#: The most versions that a choice offers, the newest ones.
MOST_OFFERED = 300
#: Longest lifetime, in days, that is offered again: a version with a longer one was not meant to expire.
MOST_DAYS = 36_500


class ValueField(forms.CharField):
    """A secret's value. Every byte is kept except line ends: a browser sends CRLF for each, and LF is meant."""

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
            help_text="Up to 25 kB. Spaces are kept; line ends are sent as LF.",
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").replace("\r\n", "\n")
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            raise ValidationError(f"Key Vault takes {MOST_BYTES:,} bytes at most; this has {size:,}.")
        return text


class SecretContentForm(ValueSourceForm, AttributesForm):
    """A new version of a secret."""

    longest_tag = LONGEST_TAG

    value = ValueField()
    content_type = forms.CharField(
        max_length=255,
        required=False,
        help_text="What the value is, for anyone who uses it: text/plain, application/json.",
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
            tags=self.with_encoding(data["tags"]),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.check_tag_count(cleaned.get("tags") or {})
        return cleaned


class SecretForm(SecretContentForm):
    """A new secret."""

    name = NameField()
    field_order = ("name", "value", "content_type", "not_before", "expires_on", "enabled", "tags")


class SecretVersionForm(OpenedOnMixin, SecretContentForm):
    """A new version that equals the current one except for its value and the changes made here.

    If the current version has an expiry date, the user must choose until when the new version is
    valid. `ends`: the current expiry date; `lasts`: the lifetime of the current version in days. Both
    are hidden fields, so that a refused form offers the same choices.
    """

    carried = ("content_type", "not_before", "tags")

    until = forms.ChoiceField(label="Until when", required=False, widget=forms.RadioSelect)
    ends = forms.CharField(required=False, widget=forms.HiddenInput)
    lasts = forms.IntegerField(required=False, min_value=1, max_value=MOST_DAYS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.end = moment_from(self["ends"].value() or "")
        if not self["ends"].value():
            del self.fields["until"]
        else:
            self.fields["until"].choices = self._choices()  # type: ignore[attr-defined]
            self.fields["expires_on"].help_text = "For “On the date below”."

    def _choices(self) -> list[tuple[str, str]]:
        found = [("never", "Never"), ("date", "On the date below")]
        days = str(self["lasts"].value() or "")
        if days.isdecimal():
            found.insert(
                0, ("span", f"{days} day{'' if days == '1' else 's'} from now, as long as the current version lasts")
            )
        if self.end and self.end > timezone.now():
            found.insert(0, ("same", f"{date_and_time(self.end)}, as the current version"))
        return found

    def clean(self) -> dict[str, Any]:
        if "until" in self.fields and not {"until", "expires_on", "lasts"} & set(self.errors):
            self._apply_expiry_choice(self.cleaned_data)
        return super().clean()

    def _apply_expiry_choice(self, cleaned: dict[str, Any]) -> None:
        """Set the expiry date from the user's choice."""
        chosen, date = cleaned["until"], cleaned["expires_on"]
        if not chosen and not date:
            self.add_error("until", "Choose until when the new version is valid: the current one has an expiry date.")
        elif chosen == "date" and not date:
            self.add_error("expires_on", "Give the date.")
        elif chosen not in ("", "date") and date:
            self.add_error("until", "A date is given as well. Choose the date, or empty it.")
        elif chosen == "same":
            cleaned["expires_on"] = self.end
        elif chosen == "span":
            cleaned["expires_on"] = timezone.now().replace(microsecond=0) + timedelta(days=cleaned["lasts"])

    def all_tags(self) -> dict[str, str]:
        """The tags of the new version: those typed, else those of the current one."""
        found = self.cleaned_data.get("tags") if "tags" in self.changed_data else self.opened_with("tags")
        return found or {}

    def changes(self) -> dict[str, Any]:
        """The attributes in which the new version differs from the current one, as members of SecretContent."""
        changes = self.typed("content_type", "not_before", "expires_on", "enabled", "tags")
        if "content_type" in changes:
            changes["content_type"] = changes["content_type"] or None
        if "enabled" in changes:
            changes["enabled"] = False if changes["enabled"] is False else None  # true is Key Vault's default
        tags = self.all_tags()
        if (encoded := self.with_encoding(tags)) != tags:
            changes["tags"] = encoded
        return changes


class SecretRollBackForm(SecretVersionForm):
    """A new version with the value of an earlier one, which no form has, and otherwise as in SecretVersionForm."""

    # None removes a field.
    value = value_from = value_file = value_alphabet = value_length = None  # type: ignore[assignment]
    value_words = value_separator = value_capitals = value_digit = None  # type: ignore[assignment]
    note_origin = forms.BooleanField(
        label="Note the earlier version in a tag", required=False, help_text=f"{ORIGIN_TAG}=ID of the version"
    )

    def clean_opened_on(self) -> str:
        opened_on: str = self.cleaned_data["opened_on"]
        if opened_on == UNREAD:  # no such form is handed out
            raise ValidationError("Open the form again: it does not say which version was current.")
        return opened_on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        tags = (cleaned if "tags" in self.changed_data else {"tags": self.opened_with("tags")}).get("tags") or {}
        if cleaned.get("note_origin") and len({*tags, ORIGIN_TAG}) > MOST_TAGS:
            self.add_error("note_origin", f"There are {len(tags)} tags, and Key Vault takes {MOST_TAGS}.")
        return cleaned


class SecretCompareForm(forms.Form):
    """Two versions of a secret, among those that were listed, newest first; a disabled one has no value to compare."""

    def __init__(self, *args: Any, versions: Sequence[SecretProperties], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.disabled = {version.version for version in versions if version.enabled is False}
        choices = [(version.version, version_label(version, versions[0])) for version in versions[:MOST_OFFERED]]
        for name, label in (("from", "From"), ("to", "To")):
            self.fields[name] = forms.ChoiceField(label=label, choices=choices)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for name in ("from", "to"):
            if cleaned.get(name) in self.disabled:
                self.add_error(
                    name,
                    "This version is disabled, and Key Vault hands out no value of a disabled version. Enable it first.",
                )
        if cleaned.get("from") and cleaned.get("from") == cleaned.get("to"):
            self.add_error("to", "These are the same version. Choose another one.")
        return cleaned


def version_label(version: Properties, current: Properties) -> str:
    words = [short_id(version.version)]
    words += ["current"] * (version is current) + ["disabled"] * (version.enabled is False)
    words += [f"made {date_and_time(version.created_on)}"] if version.created_on else []
    return ", ".join(words)


def moment_from(text: str) -> datetime | None:
    """The time from a hidden field; None if it is not valid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class SecretEditForm(OpenedOnMixin, AttributesForm):
    """Attributes and tags of one version; the value can't be changed, only replaced by a new version."""

    content_type = SecretContentForm.base_fields["content_type"]
    field_order = carried = ("content_type", "not_before", "expires_on", "enabled", "tags")
    longest_tag = LONGEST_TAG

    def wanted(self) -> dict[str, Any]:
        return self.typed(*self.carried)
