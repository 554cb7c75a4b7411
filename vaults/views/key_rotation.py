"""Keys: rotate one now."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import keys
from vaults.actions.changes import UNREAD, edit_token_of
from vaults.actions.keys import Predecessor
from vaults.forms.confirm import CurrentStateForm
from vaults.inventory import observe
from vaults.kinds import KEY
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, refused_form
from vaults.web.key_rotation import MANAGED, consequences, now_current, why_no_rotation
from vaults.web.rendering import HtmxRequest
from vaults.web.submissions import once
from vaults.web.unread_parts import unread_parts

LOST_ANSWER = "If the response is lost, it can't be found out whether the key was rotated."


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.KEY_ROTATE)
@once
def key_rotate(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Ask, then create a new version by the rotation policy."""
    name = observe.spelling_of(vault, KEY, name)
    if reason := why_no_rotation(vault):
        messages.info(request, reason)
        return redirect("key_detail", vault.slug, name)
    if request.method != "POST":
        before = keys.read_predecessor(request.actor, vault, name)
        if before.key.value and before.key.value.properties.managed:
            messages.info(request, MANAGED)
            return redirect("key_detail", vault.slug, name)
        newest = before.versions.value[0] if before.versions.value else None
        form = CurrentStateForm(initial={"opened_on": edit_token_of(newest) if newest else UNREAD})
        return form_page(request, "vaults/confirm.html", _page(vault, name, before) | {"form": form})
    form = CurrentStateForm(request.POST)
    refusal: dict[str, Any] = {"vault": vault, "name": name}
    if form.is_valid():
        with refused_form(form, refusal) as attempt:
            keys.rotate_key(request.actor, vault, name, form.cleaned_data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Key {name} was rotated.")
            return redirect("key_detail", vault.slug, name)
    again = None
    with suppress(*problems.EXPECTED):  # without it the page says less about what happens
        again = keys.read_predecessor(request.actor, vault, name)
    return form_page(request, "vaults/confirm.html", refusal | _page(vault, name, again) | {"form": form})


def _page(vault: Vault, name: str, before: Predecessor | None) -> dict[str, Any]:
    address = reverse("key_detail", args=[vault.slug, name])
    page = confirm_page(
        vault=vault,
        kind=KEY,
        name=name,
        title=f"Rotate {name} now?",
        consequences=[*consequences(before), *now_current(before)] if before else [],
        submit_label="Rotate the key",
        cancel_url=address,
        crumbs=[("Keys", reverse("key_list", args=[vault.slug])), (name, address)],
    )
    notes = ((before.versions, LOST_ANSWER), (before.rotation_policy, "")) if before else ()
    return page | {"unread_parts": unread_parts(vault, *notes)}
