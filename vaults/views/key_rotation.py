"""Keys: rotate one now; its rotation policy, and what follows from it."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.actions import key_rotation as key_rotation_actions
from vaults.actions import keys
from vaults.actions.changes import UNREAD, edit_token_of
from vaults.actions.key_rotation import PolicyChanged
from vaults.actions.keys import Predecessor
from vaults.forms.confirm import CurrentStateForm
from vaults.forms.key_rotation import RotationPolicyForm
from vaults.inventory import observe
from vaults.keyvault.rotation import upcoming
from vaults.kinds import KEY
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, refused_form
from vaults.web.key_rotation import MANAGED, consequences, now_current, policy_rows, unread_times, why_no_rotation
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.rotation_chart import rotation_chart
from vaults.web.submissions import once
from vaults.web.unread_parts import not_read, unread_parts

EDIT = "vaults/key_rotation_form.html"
SAVED = "The rotation policy of {} was changed."
#: Template context of the policy's page where no policy is read.
NOTHING_READ: dict[str, Any] = {
    "policy": None,
    "policy_rows": (),
    "odd": {},
    "policy_problem": None,
    "versions_problem": None,
    "newest": None,
    "lives": [],
    "chart": None,
}
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


@require_safe
@with_vault
def key_rotation(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """The rotation policy, and the next rotations that follow from it."""
    name = observe.spelling_of(vault, KEY, name)
    too_old = why_no_rotation(vault)
    context: dict[str, Any] = {"vault": vault, "name": name, "no_rotation": too_old, "is_too_old": bool(too_old)}
    if too_old:
        return render_page(request, "vaults/key_rotation.html", context | NOTHING_READ)
    rotation, now = key_rotation_actions.read_rotation(request.actor, vault, name), timezone.now()
    policy, newest = rotation.policy.value, rotation.newest
    lives = upcoming(policy, newest, now) if policy and newest else []
    if newest and newest.managed:
        context["no_rotation"] = MANAGED
    context |= {
        "policy": policy,
        "policy_rows": policy_rows(policy) if policy else (),
        "odd": unread_times(policy) if policy else {},
        "policy_problem": not_read(vault, rotation.policy),
        "versions_problem": not_read(vault, rotation.versions),
        "newest": newest,
        "lives": lives,
        "chart": rotation_chart(lives, now),
    }
    return render_page(request, "vaults/key_rotation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.KEY_UPDATE_ROTATION)
@once
def key_rotation_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Change the rotation policy. Where there is none, its page says why."""
    name = observe.spelling_of(vault, KEY, name)
    if why_no_rotation(vault):
        return redirect("key_rotation", vault.slug, name)
    context: dict[str, Any] = {"vault": vault, "name": name, "policy": None, "was_changed": False}
    if request.method != "POST":
        rotation = key_rotation_actions.read_rotation(request.actor, vault, name)
        policy = rotation.policy.needed()
        if not policy.can_be_changed or (rotation.newest and rotation.newest.managed):
            return redirect("key_rotation", vault.slug, name)
        context |= {"form": RotationPolicyForm(initial=RotationPolicyForm.initial_of(policy)), "policy": policy}
        return form_page(request, EDIT, context | {"odd": unread_times(policy)})
    form = RotationPolicyForm(request.POST)
    if form.is_valid():
        try:
            with refused_form(form, context) as attempt:
                changed = key_rotation_actions.update_rotation_policy(
                    request.actor, vault, name, form.times(), form.cleaned_data["opened_on"]
                )
        except PolicyChanged as meanwhile:
            form = form.on_top_of(meanwhile.policy)
            policy = meanwhile.policy
            context |= {"policy": policy, "was_changed": True, "policy_rows": policy_rows(policy)}
            context["unread_times"] = unread_times(policy)
            return form_page(request, EDIT, context | {"form": form})
        if attempt.succeeded:
            messages.success(request, SAVED.format(name) if changed else "Nothing was different, so nothing was sent.")
            return redirect("key_rotation", vault.slug, name)
    return form_page(request, EDIT, context | {"form": form})
