"""Confirmation forms."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults.forms.fields import OpenedOnMixin
from vaults.forms.submissions import FormKeyMixin


class ConfirmForm(FormKeyMixin, forms.Form):
    """A form with only a button."""


class CurrentStateForm(OpenedOnMixin, ConfirmForm):
    """A confirmation that carries the state which the page was about."""


class VersionStateForm(CurrentStateForm):
    """A confirmation about one version, which carries the state that the version was shown in."""

    def __init__(self, *args: Any, version: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version

    def clean_opened_on(self) -> str:
        opened_on: str = self.cleaned_data["opened_on"]
        if opened_on.partition(".")[0] != self.version:
            raise ValidationError("This form is about another version. Open it again.")
        return opened_on


class OperationForm(ConfirmForm):
    """A confirmation about one operation of a certificate: the one that the page was opened on."""

    request_id = forms.CharField(widget=forms.HiddenInput, max_length=64)


class TypedNameForm(ConfirmForm):
    """For acts that can't be undone: the user must type the name."""

    confirm_name = forms.CharField(
        label="Name", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_confirm_name(self) -> str:
        typed: str = self.cleaned_data["confirm_name"]
        if typed != self.expected:
            raise ValidationError("This is not the name.")
        return typed
