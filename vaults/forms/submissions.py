"""The one-time key that every form with an effect has (see web.submissions.once)."""

import uuid

from django import forms


class FormKeyMixin(forms.Form):
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
