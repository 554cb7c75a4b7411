"""The contacts of a vault: shown, set as a whole list, deleted."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vaults.actions import contacts
from vaults.actions.contacts import ContactsChanged
from vaults.forms.confirm import ConfirmForm
from vaults.forms.contacts import ContactsForm
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

FORM = "vaults/contacts_form.html"


@require_safe
@with_vault
def contacts_page(request: HtmxRequest, vault: Vault) -> HttpResponse:
    found = contacts.read_contacts(request.actor, vault)
    return render_page(request, "vaults/contacts.html", {"vault": vault, "contacts": found})


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.CONTACTS_UPDATE)
@once
def contacts_edit(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """Set the whole list. Where a contact can't be read, the page of the contacts says why nothing is changed."""
    context: dict[str, Any] = {"vault": vault, "contacts": None}
    if request.method != "POST":
        found = contacts.read_contacts(request.actor, vault)
        if found.unread:
            return redirect("contacts", vault.slug)
        return form_page(request, FORM, context | {"form": ContactsForm(initial=ContactsForm.initial_of(found))})
    form = ContactsForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            with refused_form(form, context) as attempt:
                changed = contacts.update_contacts(request.actor, vault, data["contacts"], data["opened_on"])
        except ContactsChanged as meanwhile:
            again = {"form": form.on_top_of(meanwhile.contacts), "contacts": meanwhile.contacts}
            return form_page(request, FORM, context | again)
        if attempt.succeeded:
            messages.success(
                request, "The contacts were changed." if changed else "Nothing was different, so nothing was sent."
            )
            return redirect("contacts", vault.slug)
    return form_page(request, FORM, context | {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.CONTACTS_DELETE)
@once
def contacts_delete(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """Requires a fresh confirmation: the list can't be recovered."""
    form = ConfirmForm(posted(request))
    ask_password(request, form)
    address = reverse("contacts", args=[vault.slug])
    context = confirm_page(
        vault=vault,
        kind="contacts",
        name=vault.name,
        title=f"Delete all contacts of {vault.name}?",
        consequences=[
            "They are gone at once, and can't be recovered.",
            "Nobody gets mail from the vault any more: not before a certificate expires, and not about a renewal that failed.",
        ],
        submit_label="Delete all contacts",
        cancel_url=address,
        crumbs=[("Contacts", address)],
        danger=True,
    ) | {"form": form, "unread_parts": ()}
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            contacts.delete_contacts(request.actor, vault)
        if attempt.succeeded:
            messages.success(request, "All contacts were deleted.")
            return redirect("contacts", vault.slug)
    return form_page(request, "vaults/confirm.html", context)
