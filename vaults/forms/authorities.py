"""The form in which a team says whether browsers trust a CA."""

from django import forms

from vaults.forms.submissions import FormKeyMixin
from vaults.models.certificate_authority import LONGEST_NAME


class AuthorityForm(FormKeyMixin, forms.Form):
    """`public` is the button that was pressed."""

    name = forms.CharField(max_length=LONGEST_NAME, strip=False, widget=forms.HiddenInput)
    public = forms.ChoiceField(choices=[("yes", "Public"), ("no", "Not public")])
