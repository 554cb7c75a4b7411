"""Joining a team by a one-time link: with a new account, or with the existing account of the invited address."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from vaults.actions import teams
from vaults.forms.confirm import ConfirmForm
from vaults.forms.teams import JoinForm, JoinWithAccountForm
from vaults.models import Invitation, User
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.form_errors import form_page, posted
from vaults.web.rendering import HtmxRequest, render_page


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", PASSWORD)
@sensitive_variables("token")
def join(request: HtmxRequest, token: str) -> HttpResponse:
    invitation = Invitation.open(token)
    if invitation is None:
        return spent(request)
    try:
        account = invitation.account()
        if account is None:
            return join_as_new(request, token, invitation)
        return join_as(request, token, invitation, account)
    except teams.InvitationSpent:
        return spent(request)


def spent(request: HtmxRequest) -> HttpResponse:
    return render_page(request, "vaults/join_spent.html", {}, status=404)


@sensitive_variables("token", "data")
def join_as_new(request: HtmxRequest, token: str, invitation: Invitation) -> HttpResponse:
    """Create an account with a password, and sign in."""
    form = JoinForm(posted(request), invited_email=invitation.email)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = teams.join_team(token, data.get("email", ""), data["name"], data["password"])
        except teams.EmailTaken:
            if invitation.email:  # created after the page was opened: the page now asks for that account's password
                return redirect("join", token)
            form.add_error(None, "There is an account with this e-mail address already.")
        else:
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return redirect("overview")
    return form_page(request, "vaults/join.html", {"form": form, "invitation": invitation})


@sensitive_variables("token")
def join_as(request: HtmxRequest, token: str, invitation: Invitation, account: User) -> HttpResponse:
    """Join with an existing account after its password; a signed-in person with a fresh confirmation is not asked."""
    if not account.is_active:
        return switched_off(request)
    here = request.user == account
    form: Any = (
        ConfirmForm(posted(request))
        if here
        else JoinWithAccountForm(posted(request), account=account, team=invitation.team)
    )
    if here:
        ask_password(request, form)
    if request.method == "POST" and form.is_valid():
        try:
            teams.join_with_account(account, token)
        except teams.AccountOff:
            return switched_off(request)
        except teams.AlreadyMember:
            form.add_error(None, "This account is in the team already.")
        else:
            if not here:
                sign_in(request, account)
            return redirect("overview")
    context = {"form": form, "invitation": invitation, "account": account, "here": here}
    return form_page(request, "vaults/join_with_account.html", context)


def switched_off(request: HtmxRequest) -> HttpResponse:
    return render_page(request, "account/account_inactive.html", {}, status=403)


def sign_in(request: HtmxRequest, account: User) -> None:
    """Sign in after the password was checked, as the sign-in page does: this counts as a fresh confirmation."""
    get_adapter().login(request, account)
    record_authentication(request, account, method="password", email=account.email)
