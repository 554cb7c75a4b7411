"""A fresh confirmation of the user's identity, in the form that needs it: a session may have been left open, or stolen."""

import time
from collections.abc import Sequence

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django import forms
from django.conf import settings
from django.forms.utils import ErrorList
from django.views.decorators.debug import sensitive_variables

from vaults.web.rendering import HtmxRequest

#: The field's name. Its text is used only for the check.
PASSWORD = "confirm_password"  # noqa: S105  # a name


@sensitive_variables("typed")
def ask_password(request: HtmxRequest, form: forms.Form) -> None:
    """Add a password field to the form unless the person confirmed in the last minutes.

    Without the correct password a submitted form is invalid and comes back with all other input; with it, the act continues
    at once. Call this after the permission check.
    """
    if recently_confirmed(request):
        return
    typed = request.POST.get(PASSWORD, "")
    refusal = check_password(request, typed) if typed else []
    if typed and not refusal:
        return
    gone = unkept(form)
    form.fields[PASSWORD] = ConfirmPasswordField(came_back=form.is_bound, asks=form.is_bound and not typed)
    if refusal:
        form.add_error(PASSWORD, list(refusal))
    for field in gone:
        form.add_error(field.name, f"A browser can't keep what was in {field.label}: give it again.")


def recently_confirmed(request: HtmxRequest) -> bool:
    """True if this person typed their password, or proved their identity otherwise, in the last minutes."""
    now, timeout = time.time(), settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(0 <= now - record["at"] < timeout for record in get_authentication_records(request, request.user))


@sensitive_variables("password", "form")
def check_password(request: HtmxRequest, password: str) -> Sequence[str]:
    """Note the confirmation in the session, or return the errors. allauth's adapter counts the guesses."""
    form = ReauthenticateForm({"password": password}, user=request.user)
    if not form.is_valid():
        return form.errors["password"]  # type: ignore[no-any-return]  # allauth has no types
    reauthenticate_by_password(request)
    return []


class AskedField(forms.BoundField):
    """As long as nothing was typed, the form is invalid but the field shows a question instead of an error."""

    field: "ConfirmPasswordField"

    @property
    def errors(self) -> ErrorList:
        return ErrorList() if self.field.asks else super().errors


class ConfirmPasswordField(forms.CharField):
    """`came_back`: the form was submitted and is shown again. `asks`: because no password was typed, not a wrong one."""

    bound_field_class = AskedField

    def __init__(self, *, came_back: bool, asks: bool) -> None:
        self.asks = asks
        asking = "Type your password to confirm that it is you. Nothing was done yet."
        super().__init__(
            label="Your password",
            strip=False,
            widget=forms.PasswordInput(
                attrs={"autocomplete": "current-password", **({"data-focus": ""} if came_back else {})}
            ),
            help_text=asking if asks else "It confirms that it is you: you typed it more than five minutes ago.",
            error_messages={"required": asking},
        )


def unkept(form: forms.Form) -> list[forms.BoundField]:
    """The fields of the submitted form that come back empty: a browser never fills a secret or a file in again."""
    lost = (forms.PasswordInput, forms.FileInput)
    return [field for field in form if form.is_bound and isinstance(field.field.widget, lost) and field.data]
