"""The issuers of a vault: list, create, show, change, delete."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from vaults.actions import issuers
from vaults.actions.issuers import Change, IssuerChanged
from vaults.forms.confirm import ConfirmForm
from vaults.forms.fields import name_rule
from vaults.forms.issuers import CLOSED, IssuerEditForm, IssuerForm
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once
from vaults.web.unread_parts import unread_parts

FORM = "vaults/issuer_form.html"


@require_safe
@with_vault
def issuer_list(request: HtmxRequest, vault: Vault) -> HttpResponse:
    found = issuers.list_issuers(request.actor, vault)
    listed = sorted(found.value or (), key=lambda each: each.name.lower())
    context = {
        "vault": vault,
        "rows": [(each, _address(vault, each.name)) for each in listed],
        "nameless": found.nameless,
        "unread_parts": unread_parts(vault, (found, "So there may be more issuers than these.")),
    }
    return render_page(request, "vaults/issuer_list.html", context)


def _address(vault: Vault, name: str) -> str:
    """The address of an issuer's page; "" for a name that no address can have."""
    try:
        name_rule(name)
    except ValidationError:
        return ""
    return reverse("issuer_detail", args=[vault.slug, name])


@require_safe
@with_vault
def issuer_detail(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    issuer = issuers.read_issuer(request.actor, vault, name)
    context = {
        "vault": vault,
        "name": name,
        "issuer": issuer,
        "closed": [f"{issuers.SECTIONS[section]}: {CLOSED}" for section in sorted(issuer.closed)],
    }
    return render_page(request, "vaults/issuer_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@with_vault
@needs(Action.ISSUER_CREATE)
@once
@sensitive_variables("form", "context")
def issuer_new(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = IssuerForm(posted(request))
    context: dict[str, Any] = {"vault": vault, "form": form, "name": "", "issuer": None, "was_changed": False}
    if form.is_valid():
        name = form.cleaned_data["name"]
        with refused_form(form, context) as attempt:
            issuers.create_issuer(request.actor, vault, name, form.settings(), form.cleaned_data["password"])
        if attempt.succeeded:
            messages.success(request, f"Issuer {name} was created.")
            return redirect("issuer_detail", vault.slug, name)
    return form_page(request, FORM, context | {"closed": ()})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@with_vault
@needs(Action.ISSUER_UPDATE)
@once
@sensitive_variables("form", "context", "data")
def issuer_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    issuer = issuers.read_issuer(request.actor, vault, name)
    form = IssuerEditForm(posted(request), present=issuer)
    context: dict[str, Any] = {"vault": vault, "name": name, "issuer": issuer, "was_changed": False, "closed": ()}
    if form.is_bound and form.data.get("opened_on") not in ("", None, issuers.issuer_token(issuer)):
        return _changed_meanwhile(request, context, form)
    if form.is_valid():
        data = form.cleaned_data
        try:
            with refused_form(form, context) as attempt:
                change = issuers.update_issuer(
                    request.actor, vault, name, form.settings(), data.get("password", ""), data["opened_on"]
                )
        except IssuerChanged as meanwhile:
            form = IssuerEditForm(request.POST, present=meanwhile.issuer)
            return _changed_meanwhile(request, context, form)
        if attempt.succeeded:
            _tell(request, name, change)
            return redirect("issuer_detail", vault.slug, name)
    context["closed"] = [f"{issuers.SECTIONS[section]}: {CLOSED}" for section in sorted(issuer.closed)]
    return form_page(request, FORM, context | {"form": form})


def _tell(request: HtmxRequest, name: str, change: Change) -> None:
    if change is Change.NONE:
        messages.success(request, "Nothing was different, so nothing was sent.")
    elif change is Change.DONE:
        messages.success(request, f"Issuer {name} was changed.")
    else:
        messages.warning(
            request,
            f"Issuer {name} was changed, but the vault kept its organization ID. To be rid of it, delete the issuer "
            "and create it anew; certificates stay.",
        )


def _changed_meanwhile(request: HtmxRequest, context: dict[str, Any], form: IssuerEditForm) -> HttpResponse:
    context |= {"form": form.on_top_of_present(), "issuer": form.present, "was_changed": True}
    return form_page(request, FORM, context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.ISSUER_DELETE)
@once
def issuer_delete(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Requires a fresh confirmation: an issuer can't be recovered."""
    form = ConfirmForm(posted(request))
    ask_password(request, form)
    address = reverse("issuer_detail", args=[vault.slug, name])
    context = confirm_page(
        vault=vault,
        kind="issuer",
        name=name,
        title=f"Delete the issuer {name}?",
        consequences=[
            "It is gone at once, with its account. There is no recovery, and its password can't be read first.",
            "Certificates whose policy names it stay valid, but no new version of them can be issued, not even by itself.",
        ],
        submit_label="Delete the issuer",
        cancel_url=address,
        crumbs=[("Issuers", reverse("issuer_list", args=[vault.slug])), (name, address)],
        danger=True,
    ) | {"form": form, "unread_parts": ()}
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            issuers.delete_issuer(request.actor, vault, name)
        if attempt.succeeded:
            messages.success(request, f"Issuer {name} was deleted.")
            return redirect("issuer_list", vault.slug)
    elif request.method != "POST":
        issuers.read_issuer(request.actor, vault, name)
    return form_page(request, "vaults/confirm.html", context)
