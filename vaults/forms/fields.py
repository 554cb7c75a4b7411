"""Form fields for secrets, keys and certificates, with Key Vault's own rules.

Key Vault REST: About keys, secrets and certificates; names have 1 to 127 letters, digits and hyphens; at most 15 tags of 256
characters; attribute times in whole seconds.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict

from vaults.actions.changes import UNREAD
from vaults.forms.submissions import FormKeyMixin
from vaults.templatetags.kvportal import UNSEEN

MOST_TAGS = 15
#: Most characters of a tag's name and of its value. (Tags of secrets may have more: forms.secrets.)
LONGEST_TAG = 256

name_rule = RegexValidator(
    r"\A[0-9a-zA-Z-]{1,127}\Z",
    "Use 1 to 127 letters, digits and hyphens: Key Vault takes no other characters.",
)


class NameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=127,
            validators=[name_rule],
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "data-count": "127"}),
            help_text="Letters, digits and hyphens, up to 127. It can't be changed later.",
            **kwargs,
        )


class MomentField(forms.DateTimeField):
    """A date and time in the viewer's time zone, to the second."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            input_formats=[
                "%Y-%m-%dT%H:%M:%S",
                "%Y-%m-%dT%H:%M",
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%d %H:%M",
                "%Y-%m-%d",
            ],
            widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": "1"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> datetime | None:
        """Raises ValidationError for times that do not exist in UTC: the first hours of the year 1, the last of 9999."""
        moment = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("There is no such time.") from None

    def prepare_value(self, value: Any) -> Any:
        """The time in the viewer's time zone; unchanged if it can't be converted.

        Some tools write the end of the year 9999 for "never".
        """
        try:
            return super().prepare_value(value)
        except OverflowError:
            return value.replace(tzinfo=None)

    def is_raw(self, start: Any) -> bool:
        """True if the initial value is not a date but other text from Azure."""
        try:
            return bool(isinstance(start, str) and start and self.to_python(start) is None)
        except ValidationError:
            return True

    def show_raw(self, _start: str) -> None:
        """Show that text in the field: a browser's date control could not show it."""
        self.widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        self.help_text = (
            "The present value is no date that can be shown, and stays if you leave it. In its place: nothing, or a date such as "
            "2030-12-31 23:59."
        )


class TagsField(forms.Field):
    """Tags as text, one `name=value` per line, or as a JSON object. Spaces are part of names and values."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "data-tags": "", "spellcheck": "false"}),
            help_text=f"One name=value a line, up to {MOST_TAGS}. Spaces at the ends are kept.",
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return tags_as_text(value) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> dict[str, str]:
        return tags_from_text(value or "")


def check_tags(tags: Mapping[str, str], before: Mapping[str, str], longest: int) -> None:
    """Check Key Vault's limits for the typed tags; unchanged tags are not checked.

    Raises ValidationError.
    """
    if len(tags) > max(MOST_TAGS, len(before)):
        raise ValidationError(f"Key Vault keeps {MOST_TAGS} tags at most; these are {len(tags)}.")
    for name, content in tags.items():
        if before.get(name) != content and max(len(name), len(content)) > longest:
            raise ValidationError(f"A tag's name and value have {longest} characters at most: {name[:40]}…")


def tags_as_text(tags: Mapping[str, str]) -> str:
    """The tags as text: one per line if this is fully visible and can be parsed back, otherwise a JSON object.

    A browser turns a bare CR into a line end and can't contain a NUL, and directional marks can make two tags look alike.
    """
    lines = [f"{name}={value}" for name, value in tags.items()]
    text = "\n".join(lines)
    try:
        plain = "\r" not in text and not UNSEEN.search(text) and tags_from_text(text) == dict(tags)
    except ValidationError:
        plain = False
    if plain:
        return text
    return UNSEEN.sub(lambda mark: f"\\u{ord(mark[0]):04x}", json.dumps(dict(tags), ensure_ascii=False, indent=1))


def tags_from_text(text: str) -> dict[str, str]:
    """Raises ValidationError."""
    if text.lstrip().startswith("{"):
        return _tags_from_json(text)
    tags: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals or not name:
            raise ValidationError(f"“{line[:40]}” is not name=value.")
        if name in tags:
            raise ValidationError(f"Duplicate tag: “{name[:40]}”.")
        tags[name] = value
    return tags


def _tags_from_json(text: str) -> dict[str, str]:
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        raise ValidationError("This starts like a JSON object, but is none.") from None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise ValidationError("A JSON object of tags has texts as its values.")
    return tags


class SwitchInput(forms.CheckboxInput):
    """A checkbox that distinguishes "no" from "not submitted": a hidden field of the same name shows that it was on the page."""

    template_name = "django/forms/widgets/switch.html"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return (
            None if self.value_omitted_from_data(data, files, name) else super().value_from_datadict(data, files, name)
        )

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:  # noqa: ARG002 Django's signature
        return name not in data


class SwitchField(forms.NullBooleanField):
    """True, False, or None if it was not submitted."""

    widget: type[forms.Widget] | forms.Widget = SwitchInput

    def is_raw(self, start: Any) -> bool:
        """True if the initial value is neither yes nor no but other text from Azure."""
        return bool(isinstance(start, str) and start and self.to_python(start) is None)

    def show_raw(self, start: str) -> None:
        """Offer the present text as a third choice, which a checkbox can't show."""
        self.widget = forms.Select(choices=[(start, f"not known ({start})"), ("true", "yes"), ("false", "no")])
        self.help_text = "The present value is neither yes nor no, and stays if you leave it."


class ItemForm(FormKeyMixin, forms.Form):
    """A form about an item. `carried`: fields that start with values read from the item, if it exists.

    The browser submits these initial values next to the typed ones, in hidden fields (Django's hidden initial values), so
    limits and differences apply only to what was typed. Values that Azure already has are never refused here.
    """

    carried: tuple[str, ...] = ()
    longest_tag = LONGEST_TAG

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.carried:
            self.fields[name].show_hidden_initial = True
        self.raw = [name for name in self.carried if self._starts_raw(name)]
        if "tags" in self.fields:
            self.fields["tags"].widget.attrs["data-longest"] = str(self.longest_tag)

    def _starts_raw(self, name: str) -> bool:
        field = self.fields[name]
        start = self.data.get(self.add_initial_prefix(name)) if self.is_bound else self.initial.get(name)
        if not isinstance(field, MomentField | SwitchField) or not field.is_raw(start):
            return False
        field.show_raw(str(start))
        return True

    def read_before(self, name: str) -> Any:
        """A field's initial value; None if it was empty, or was not submitted."""
        field = self.fields[name]
        sent = field.hidden_widget().value_from_datadict(self.data, self.files, self[name].html_initial_name)
        try:
            return field.to_python(sent) if field.show_hidden_initial else None
        except ValidationError:
            return None

    def opened_with(self, name: str) -> Any:
        """A field's initial value, in a new or a submitted form."""
        return self.read_before(name) if self.is_bound else self.initial.get(name)

    def clean_tags(self) -> dict[str, str]:
        tags: dict[str, str] = self.cleaned_data["tags"]
        check_tags(tags, self.read_before("tags") or {}, self.longest_tag)
        return tags

    def clean(self) -> dict[str, Any]:
        """Drop the errors of carried fields that were not edited."""
        cleaned = super().clean() or {}
        for name in self.untouched():
            self.errors.pop(name, None)
        return cleaned

    def untouched(self) -> set[str]:
        """Carried fields that still have the initial value; empty if nothing was read (UNREAD): then all values were typed."""
        if self.data.get("opened_on") == UNREAD:
            return set()
        return set(self.carried) - set(self.changed_data)

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if not self.same_line(name)]

    def same_line(self, name: str) -> bool:
        """True if a single-line field is unchanged except for line ends, which a browser drops."""
        start = self.data.get(self.add_initial_prefix(name))
        if start is None or not isinstance(self.fields[name].widget, forms.TextInput):
            return False
        return bool(self.data.get(name) == start.replace("\r", "").replace("\n", ""))

    def on_top_of(self, fresh: Self, *more: str) -> Self:
        """The refused form with all typed values and errors, based on `fresh`.

        Fields that were not edited, and the hidden fields `more`, get the values of `fresh`.
        """
        data = cast(QueryDict, self.data).copy()
        left = self.untouched()
        for name in self.carried:
            values = fresh.as_a_browser_sends(name)
            data.setlist(self.add_initial_prefix(name), values)
            if name in left:
                data.setlist(name, values)
        for name in more:
            data.setlist(name, fresh.as_a_browser_sends(name))
        form = type(self)(data)
        for name, errors in self.errors.as_data().items():
            if name not in form.errors:
                form.add_error(None if name == NON_FIELD_ERRORS else name, errors)
        return form

    def as_a_browser_sends(self, name: str) -> list[str]:
        """The submitted values of a field that is not edited."""
        value = self.fields[name].widget.format_value(self[name].value())
        return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value or "")]

    def typed(self, *names: str) -> dict[str, Any]:
        """The named fields that were changed, without fields and switches that were not on the page."""
        left = self.untouched()
        changed = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data and name not in left}
        return {name: value for name, value in changed.items() if name != "enabled" or value is not None}


class AttributesForm(ItemForm):
    """The attributes of every item: enabled, not before, expires, tags."""

    enabled = SwitchField(initial=True)
    not_before = MomentField(label="Activates", help_text="Before this it should not be used.")
    expires_on = MomentField(label="Expires", help_text="Leave empty for something that never expires.")
    tags = TagsField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts, ends = cleaned.get("not_before"), cleaned.get("expires_on")
        if starts and ends and starts >= ends and not {"not_before", "expires_on"} <= self.untouched():
            self.add_error("expires_on", "It would expire before it activates.")
        return cleaned


class OpenedOnMixin(forms.Form):
    """An edit form carries the edit token of the state it was opened on (actions.changes.edit_token_of)."""

    opened_on = forms.CharField(widget=forms.HiddenInput)
