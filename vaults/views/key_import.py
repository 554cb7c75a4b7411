"""Import a key: what the file holds is shown first, and only what was shown is sent.

Nothing of the file is kept between the two requests. The second one brings it again, and the SHA-256 of what was shown.
"""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import key_import, keys
from vaults.actions.changes import NothingToAddTo
from vaults.actions.key_import import KeyMaterial
from vaults.forms.key_import import KeyImportForm, initial_of
from vaults.inventory import observe
from vaults.keyvault.types import Key
from vaults.kinds import KEY
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import NOTICES, form_again, form_page, refuse_taken, refused_form
from vaults.web.key_contents import contents_of
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

PAGE = "vaults/key_import.html"
#: The value of the button that only shows what is inside.
LOOK = "look"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("pasted", "password")
@with_vault
@needs(Action.KEY_IMPORT)
@once
@sensitive_variables("form")
def import_page(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """`?name=`: the key that gets a new version."""
    version = vault.connection.api_version
    context: dict[str, Any] = {"vault": vault, "contents": None, "other_than_shown": False, "present": None}
    if request.method != "POST":
        name = request.GET.get("name", "")[:127]
        present = _present(request, vault, name)
        context |= {"form": KeyImportForm(initial=initial_of(name, present), api_version=version), "present": present}
        return form_page(request, PAGE, context)
    looks = request.POST.get("step") == LOOK
    form = context["form"] = KeyImportForm(request.POST, request.FILES, api_version=version, must_have_name=not looks)
    if not form.is_valid() or form.material is None:
        return form_again(request, PAGE, context)
    if looks or request.POST.get("shown") != form.digest:
        context["other_than_shown"] = not looks
        return _show(request, vault, form, context)
    name = form.cleaned_data["name"]
    try:
        with refused_form(form, context) as attempt:
            _import(request, vault, form, form.material)
    except NothingToAddTo:
        form.add_error("name", "There is no key of this name to add a version to.")
        return form_again(request, PAGE, context)
    if attempt.succeeded:
        messages.success(request, f"Key {name} was imported.")
        return redirect("key_detail", vault.slug, name)
    return form_again(request, PAGE, context)


@sensitive_variables("material")
def _import(request: HtmxRequest, vault: Vault, form: KeyImportForm, material: KeyMaterial) -> None:
    data = form.cleaned_data
    key_import.import_key(
        request.actor, vault, data["name"], material, form.content(), hsm=form.hsm, as_version=data["as_version"]
    )


@sensitive_variables("form")
def _show(request: HtmxRequest, vault: Vault, form: KeyImportForm, context: dict[str, Any]) -> HttpResponse:
    """What would be imported. A name that is in use without a version being wanted is refused here already."""
    name = form.cleaned_data["name"]
    present = context["present"] = _present(request, vault, name)
    if present and not form.cleaned_data["as_version"]:
        refuse_taken(form, context)
        return form_again(request, PAGE, context)
    context["contents"] = contents_of(form, vault)
    return render_page(request, PAGE, NOTICES | context, partial="inside")


def _present(request: HtmxRequest, vault: Vault, name: str) -> Key | None:
    """The key of this name; None if there is none, or it can't be read: the import finds out."""
    if not name:
        return None
    with suppress(*problems.EXPECTED):
        return keys.read_public_key(request.actor, vault, observe.spelling_of(vault, KEY, name))
    return None
