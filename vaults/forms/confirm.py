"""Confirmation forms."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults.forms.submissions import FormKeyMixin


class ConfirmForm(FormKeyMixin, forms.Form):
    """A form with only a button."""


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
