"""Changing one's own password."""

from allauth.account import forms
from allauth.account.adapter import get_adapter
from django.views.decorators.debug import sensitive_variables

from vaults.permissions import Action


class ChangePasswordForm(forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    @sensitive_variables("password")
    def clean_oldpassword(self) -> str:
        """Guesses at the current password count as those at a confirmation do."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().is_password(self.user, password, Action.ACCOUNT_PASSWORD):
            raise get_adapter().validation_error("enter_current_password")
        return password
