"""allauth's forms for signing in, confirming and changing one's own password, with the labels of the portal's other forms."""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import get_adapter
from django.views.decorators.debug import sensitive_variables

from vaults.permissions import Action

#: The rules for new passwords.
NEW_PASSWORD_HELP = (
    "At least 10 characters. A sentence is good; no rules about signs and digits. Not your name or e-mail address, "  # noqa: S105  # a help text
    "and none that many people use."
)
FIELDS = {
    "login": ("E-mail", ""),
    "password": ("Password", ""),
    "oldpassword": ("Current password", ""),
    "password1": ("New password", NEW_PASSWORD_HELP),
    "password2": ("New password once more", ""),
}


class OwnLabels:
    """The portal's labels and help texts.

    allauth's own link to a password reset, which does not exist here, and repeat labels in placeholders.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]  # of the form that this is mixed into
            field.label, field.help_text = FIELDS[name]
            field.widget.attrs.pop("placeholder", None)


class SignInForm(OwnLabels, forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    pass


class ReauthenticateForm(OwnLabels, forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(OwnLabels, forms.ChangePasswordForm):  # type: ignore[misc]
    @sensitive_variables("password")
    def clean_oldpassword(self) -> str:
        """Count guesses at the current password like those at a confirmation."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().is_password(self.user, password, Action.ACCOUNT_PASSWORD):
            raise get_adapter().validation_error("enter_current_password")
        return password

    @sensitive_variables("cleaned")
    def clean(self) -> dict[str, Any]:
        """A correct current password is recorded as a confirmation if the new one is refused.

        Otherwise passwords could be tried without a record.
        """
        cleaned: dict[str, Any] = super().clean()
        if self.errors and "oldpassword" in cleaned:
            get_adapter().record_confirmation(self.user)
        return cleaned
