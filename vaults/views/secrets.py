"""Secrets: detail page with versions, create, new version, roll back, edit, reveal. (List and delete: see items.py.)"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vaults import problems
from vaults.actions import secrets
from vaults.actions.changes import UNREAD, edit_token_of
from vaults.audit.queries import Activity
from vaults.azure.errors import AzureError, Forbidden
from vaults.forms.confirm import ConfirmForm
from vaults.forms.secrets import SecretEditForm, SecretForm, SecretRollBackForm, SecretVersionForm
from vaults.inventory import observe
from vaults.keyvault.types import SecretProperties
from vaults.kinds import SECRET
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.activity import activity_of
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.copy_as import references_to
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import attributes_of, choose_connection, form_page, posted, refused_form, selected_version
from vaults.web.managed import led_to_certificate
from vaults.web.rendering import HtmxRequest, is_swap, render_page
from vaults.web.secret_parts import lost, not_carried, parts_of_version, roll_back_form_of, version_form_of
from vaults.web.secret_values import shown
from vaults.web.submissions import once
from vaults.web.unread_parts import current_version, listed_versions, shown_version
from vaults.web.version_summary import tally_of

UNREAD_NOTE = (
    "So nothing of the current version is carried over: the new one gets what you give here. Nobody can tell whether somebody "
    "else changes it meanwhile, nor whether there is a secret of this name; if not, one is created."
)

#: What rolling back changes by itself.
VALUE_CHANGES = "Only the value changes"
TYPE_CHANGES_TOO = "Only the value changes, and the content type with it"

#: Template context for a secret of which only the name is known; its value is not shown.
BARE_PAGE: dict[str, Any] = {
    "shown": None,
    "current": None,
    "selected": None,
    "versions": (),
    "versions_problem": None,
    "versions_nameless": 0,
    "activity": Activity(),
    "references": {},
    "value": None,
    "version": "",
    "form": None,
}


@require_safe
@with_vault
def secret_detail(request: HtmxRequest, vault: Vault, name: str, version: str = "") -> HttpResponse:
    activity = activity_of(request, vault, SECRET, name)
    try:
        read = secrets.read_secret(request.actor, vault, name)
    except Forbidden as error:
        # The service principal may have get without list: the page still offers to reveal the value.
        context = {"vault": vault, "name": name, **BARE_PAGE, "problem": problems.explain(error, vault=vault)}
        return render_page(request, "vaults/secret_detail.html", context, status=403)
    shown = shown_version(None, read, version)
    context = {
        "vault": vault,
        "name": shown.name,
        **BARE_PAGE,
        "shown": shown,
        "current": current_version(read, shown, version),
        "selected": shown if version else None,
        "activity": activity(shown.name),
        "references": references_to(vault, shown),
        **listed_versions(vault, read),
    }
    return render_page(request, "vaults/secret_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("value")
@with_vault
@needs(Action.SECRET_CREATE)
@once
def secret_new(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = SecretForm(posted(request), request.FILES or None)
    context: dict[str, Any] = {"vault": vault, "name": "", "form": form}
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        with refused_form(form, context) as attempt:
            secrets.create_secret(request.actor, vault, name, form.content())
        if attempt.succeeded:
            messages.success(request, f"Secret {name} was created.{form.was_made}")
            return redirect("secret_detail", vault.slug, name)
    return form_page(request, "vaults/secret_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("value")
@with_vault
@needs(Action.SECRET_NEW_VERSION)
@once
def secret_new_version(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, SECRET, name)
    context: dict[str, Any] = {"vault": vault, "name": name, "origin": ""}
    if request.method != "POST":
        current = None
        try:
            current = secrets.read_secret(request.actor, vault, name).needed()[0]
        except Forbidden as error:
            context |= {"unread": problems.explain(error, vault=vault), "unread_note": UNREAD_NOTE}
        if elsewhere := led_to_certificate(request, vault, SECRET, current):
            return elsewhere
        return _version_page(request, context, version_form_of(current), current)
    form = SecretVersionForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        with refused_form(form, context) as attempt:
            secrets.new_version_of_secret(request.actor, vault, name, data["value"], form.changes(), data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Secret {name} has a new version.{form.was_made}")
            return redirect("secret_detail", vault.slug, name)
    current = None
    with suppress(*problems.EXPECTED):  # without it the form still has its submitted data
        current = secrets.read_secret(request.actor, vault, name).needed()[0]
    if current and "changed" in context:
        form = form.on_top_of(version_form_of(current), "ends", "lasts")
    return _version_page(request, context, form, current)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.SECRET_NEW_VERSION)
@once
def secret_roll_back(request: HtmxRequest, vault: Vault, name: str, version: str) -> HttpResponse:
    """A new version with the value of an earlier one. Raises Http404 if there is no such version."""
    name = observe.spelling_of(vault, SECRET, name)
    context: dict[str, Any] = {"vault": vault, "name": name, "origin": version}
    if request.method != "POST":
        current, earlier = _current_and(secrets.read_secret(request.actor, vault, name).needed(), version)
        if earlier is current:
            messages.info(request, "That is the current version: there is nothing to roll back.")
            return redirect("secret_detail", vault.slug, name)
        if elsewhere := led_to_certificate(request, vault, SECRET, current):
            return elsewhere
        return _roll_back_page(request, context, roll_back_form_of(current, earlier), current, earlier)
    form = SecretRollBackForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refused_form(form, context) as attempt:
            secrets.roll_back_secret(
                request.actor, vault, name, version, form.changes(), data["opened_on"], tagged=data["note_origin"]
            )
        if attempt.succeeded:
            messages.success(request, f"Secret {name} has a new version with the earlier value.")
            return redirect("secret_detail", vault.slug, name)
    read: tuple[SecretProperties, SecretProperties] | None = None
    with suppress(*problems.EXPECTED, Http404):  # without them the form still has its submitted data
        read = _current_and(secrets.read_secret(request.actor, vault, name).needed(), version)
    if read and "changed" in context:
        form = form.on_top_of(roll_back_form_of(*read), "ends", "lasts")
    return _roll_back_page(request, context, form, *(read or (None, None)))


def _current_and(versions: Sequence[SecretProperties], version: str) -> tuple[SecretProperties, SecretProperties]:
    """Raises Http404."""
    return versions[0], selected_version(versions, version)


def _roll_back_page(
    request: HtmxRequest,
    context: dict[str, Any],
    form: SecretRollBackForm,
    current: SecretProperties | None,
    earlier: SecretProperties | None,
) -> HttpResponse:
    context |= {"earlier": earlier, "origin_disabled": earlier is not None and earlier.enabled is False}
    if not (current and earlier):
        return _version_page(request, context, form, current, VALUE_CHANGES)
    like = secrets.with_type_of(earlier, current)
    if (like.content_type or "", like.odd) == (current.content_type or "", current.odd):
        return _version_page(request, context, form, like, VALUE_CHANGES)
    return _version_page(request, context, form, like, TYPE_CHANGES_TOO, "content type")


def _version_page(
    request: HtmxRequest,
    context: dict[str, Any],
    form: SecretVersionForm,
    current: SecretProperties | None,
    only: str = "Only the value is new",
    other: str = "",
) -> HttpResponse:
    """The parts of the current version; if it may not be read, all fields of a new secret. `only`, `other`: see `tally_of`."""
    context["form"] = form
    if "value" in form.fields and form["opened_on"].value() == UNREAD:
        return form_page(request, "vaults/secret_form.html", context)
    groups = parts_of_version(form, current)
    parts = [part for group in groups for part in group.parts]
    context |= {
        "present": current,
        "groups": groups,
        "count": len(parts),
        "changed_parts": [part.label for part in parts if part.changed],
        "not_carried": not_carried(current) if current else [],
        "tally": tally_of(
            groups,
            lost=bool(current and lost(current)),
            only=only,
            other=other,
            asks_end="until" in form.fields,
        ),
    }
    return form_page(request, "vaults/secret_version_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.SECRET_UPDATE)
@once
def secret_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, SECRET, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        versions = secrets.read_secret(request.actor, vault, name).needed()
        current = selected_version(versions, request.GET.get("version", ""))
        if elsewhere := led_to_certificate(request, vault, SECRET, current):
            return elsewhere
        form = SecretEditForm(initial={"opened_on": edit_token_of(current), **attributes_of(current, SecretEditForm)})
        return form_page(request, "vaults/secret_edit.html", {**context, "form": form, "odd": current.odd})
    form = context["form"] = SecretEditForm(request.POST)
    if form.is_valid():
        with refused_form(form, context) as attempt:
            secrets.update_secret(request.actor, vault, name, form.wanted(), form.cleaned_data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Secret {name} was updated.")
            return redirect("secret_detail", vault.slug, name)
    return form_page(request, "vaults/secret_edit.html", context)


@require_POST
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.SECRET_REVEAL)
@sensitive_variables("secret")
def secret_reveal(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    form, version = ConfirmForm(request.POST), request.POST.get("version", "")
    ask_password(request, form)
    confirmed = PASSWORD not in form.errors
    context = {"vault": vault, "name": name, **BARE_PAGE, "form": form, "version": version}
    context["problem"] = choose_connection(request)
    if confirmed:
        context |= shown(secrets.reveal_secret(request.actor, vault, name, version))
    if not is_swap(request):
        context |= _versions_if_read(request, vault, name)
    status = 200 if confirmed else 422
    return render_page(request, "vaults/secret_detail.html", context, partial="reveal", status=status)


def _versions_if_read(request: HtmxRequest, vault: Vault, name: str) -> dict[str, Any]:
    """Further context for the whole page, which is shown with the value if there is no JavaScript."""
    activity = activity_of(request, vault, SECRET, name)
    try:
        read = secrets.read_secret(request.actor, vault, name)
    except AzureError as error:
        return {"versions_problem": problems.explain(error, vault=vault)}
    current = current_version(read, shown_version(None, read, ""), "")
    return {
        "shown": current,
        "current": current,
        "activity": activity(name),
        "references": references_to(vault, current) if current else {},
        **listed_versions(vault, read),
    }
