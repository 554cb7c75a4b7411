"""Forms for members, and for joining with a one-time link."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.views.decorators.debug import sensitive_variables

from vaults import names
from vaults.forms.password import NEW_PASSWORD_HELP
from vaults.forms.submissions import FormKeyMixin
from vaults.models import Team, User
from vaults.models.team import ROLE_CHOICES


class InviteForm(FormKeyMixin, forms.Form):
    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(choices=ROLE_CHOICES)


class RoleForm(FormKeyMixin, forms.Form):
    role = forms.ChoiceField(choices=ROLE_CHOICES)


class JoinForm(FormKeyMixin, forms.Form):
    """An account for the person with the link. There is no e-mail field if the invitation names an address."""

    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    name = forms.CharField(
        max_length=80,
        required=False,
        help_text="As others see you here, with your e-mail address and role next to it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=NEW_PASSWORD_HELP,
    )

    def __init__(self, *args: Any, invited_email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invited_email = invited_email
        if invited_email:
            del self.fields["email"]

    def clean_name(self) -> str:
        try:
            return names.fit(self.cleaned_data["name"])
        except names.UnfitName as reason:
            raise forms.ValidationError(str(reason)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        email = self.invited_email or cleaned.get("email", "")
        if password := cleaned.get("password"):
            try:
                validate_password(password, User(email=email, name=cleaned.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class JoinWithAccountForm(FormKeyMixin, forms.Form):
    """For an invitation to an address with an account: the person with the link proves that the account is theirs."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="The one that you sign in with.",
    )

    def __init__(self, *args: Any, account: User, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.team = account, team

    @sensitive_variables("password")
    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().is_joiners_password(self.account, password, self.team):
            raise get_adapter().validation_error("incorrect_password")
        return password
