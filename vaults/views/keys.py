"""Keys: detail page with versions, create, new version, edit, public key. (List and delete: see items.py.)"""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.actions import keys
from vaults.actions.changes import UNREAD, edit_token_of
from vaults.actions.keys import KeyDetail, Predecessor
from vaults.forms.keys import KeyEditForm, KeyForm, KeyVersionForm
from vaults.inventory import observe
from vaults.keyvault.types import Key, KeyProperties
from vaults.kinds import KEY
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.activity import activity_of
from vaults.web.attestation import attestation_parts, why_no_attestation
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.form_errors import attributes_of, form_page, posted, refused_form
from vaults.web.key_parts import not_carried, parts_of_version
from vaults.web.key_rotation import why_no_rotation
from vaults.web.managed import led_to_certificate
from vaults.web.public_key import FORMATS, public_format
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once
from vaults.web.unread_parts import NEWER, current_version, listed_versions, not_read, shown_version, unread_parts
from vaults.web.version_summary import tally_of

UNREAD_NOTE = (
    "So nothing of the current version is carried over: type, size, permitted operations and tags are those given here, and the "
    "new version can't be exported. Nobody can tell whether somebody else changes the key meanwhile, nor whether there is one of "
    "this name; if not, one is created."
)
LOST_ANSWER = "If the response is lost, it can't be found out whether the new version was made."


@require_safe
@with_vault
def key_detail(request: HtmxRequest, vault: Vault, name: str, version: str = "") -> HttpResponse:
    activity = activity_of(request, vault, KEY, name)
    detail = keys.read_key(request.actor, vault, name, version)
    key, shown = detail.key.value, _shown(detail, version)
    context = {
        "vault": vault,
        "name": shown.name,
        "key": key,
        "key_problem": not_read(vault, detail.key),
        "shown": shown,
        "current": current_version(detail.versions, shown, version),
        "selected": shown if version else None,
        "activity": activity(shown.name),
        "formats": [public_format(each, key.jwk, shown.name) for each in FORMATS] if key and key.jwk else [],
        "no_attestation": why_no_attestation(vault),
        "no_rotation": why_no_rotation(vault),
        **listed_versions(vault, detail.versions),
    }
    return render_page(request, "vaults/key_detail.html", context)


def _shown(detail: KeyDetail, version: str = "") -> KeyProperties:
    own = detail.key.value.properties if detail.key.value else None
    return shown_version(own, detail.versions, version)


@require_safe
@with_vault
def key_public(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """The public key as a file; `?format=` is the name of one of `public_formats`, pem if it is missing.

    Raises Http404 for another format, and for a key that can't be written in it: its page says why.
    """
    wanted = request.GET.get("format", "pem")
    if wanted not in FORMATS:
        raise Http404("There is no such format.")
    key = keys.read_public_key(request.actor, vault, name, request.GET.get("version", ""))
    found = public_format(wanted, key.jwk, name)
    if found.why_not:
        raise Http404(found.why_not)
    return download(found.content, f"{name}.{found.ending}", found.content_type)


@require_safe
@with_vault
def key_attestation(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """What the HSM states about a version, `?version=`; with `?part=` a part of it as a file.

    Raises Http404 if there is no such part.
    """
    name, version = observe.spelling_of(vault, KEY, name), request.GET.get("version", "")
    no_attestation = why_no_attestation(vault)
    context: dict[str, Any] = {"vault": vault, "name": name, "version": version, "no_attestation": no_attestation}
    if no_attestation:
        return render_page(
            request, "vaults/key_attestation.html", context | {"found": None, "refusal": None, "parts": []}
        )
    read = keys.read_attestation(request.actor, vault, name, version)
    parts = attestation_parts(read.value) if read.value else []
    if wanted := request.GET.get("part", ""):
        part = next((each for each in parts if each.name == wanted), None)
        if part is None:
            raise Http404("The attestation has no such part.")
        return download(part.content, f"{name}.{part.ending}", part.content_type)
    context |= {"found": read.value, "refusal": not_read(vault, read), "parts": parts}
    return render_page(request, "vaults/key_attestation.html", context)


def _version_form_of(key: Key | None) -> KeyVersionForm:
    """The form for a new version, filled from the current one if that may be read."""
    if key is None:
        return KeyVersionForm(initial={"opened_on": UNREAD})
    return KeyVersionForm(
        initial={
            "opened_on": edit_token_of(key.properties),
            "kty": key.key_type,
            "key_size": key.size or key.properties.key_size or "",
            "crv": key.jwk.get("crv", ""),
            "key_ops": key.key_ops,
            "tags": key.properties.tags,
        }
    )


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.KEY_CREATE)
@once
def key_new(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = KeyForm(posted(request), api_version=vault.connection.api_version)
    context: dict[str, Any] = {"vault": vault, "name": "", "form": form}
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        with refused_form(form, context) as attempt:
            keys.create_key(request.actor, vault, name, form.content())
        if attempt.succeeded:
            messages.success(request, f"Key {name} was created.")
            return redirect("key_detail", vault.slug, name)
    return form_page(request, "vaults/key_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.KEY_NEW_VERSION)
@once
def key_new_version(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, KEY, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        before = keys.read_predecessor(request.actor, vault, name)
        key = before.key.value
        if elsewhere := led_to_certificate(request, vault, KEY, key.properties if key else None):
            return elsewhere
        context |= {"unread": not_read(vault, before.key), "unread_note": UNREAD_NOTE}
        return _version_page(request, context, _version_form_of(key), before)
    form = context["form"] = KeyVersionForm(request.POST)
    if form.is_valid():
        with refused_form(form, context) as attempt:
            keys.new_version_of_key(request.actor, vault, name, form.changes(), form.cleaned_data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Key {name} has a new version.")
            return redirect("key_detail", vault.slug, name)
    again = None
    with suppress(*problems.EXPECTED):  # without it the form still has its submitted data
        again = keys.read_predecessor(request.actor, vault, name)
    if again and again.key.value and "changed" in context:
        form = form.on_top_of(_version_form_of(again.key.value))
    return _version_page(request, context, form, again)


def _version_page(
    request: HtmxRequest, context: dict[str, Any], form: KeyVersionForm, before: Predecessor | None
) -> HttpResponse:
    """The parts of the current version; if it may not be read, all fields of a new key."""
    context["form"] = form
    if form["opened_on"].value() == UNREAD:
        return form_page(request, "vaults/key_form.html", context)
    key, groups = before.key.value if before else None, parts_of_version(form, before)
    if before:
        context["unread_parts"] = unread_parts(context["vault"], (before.versions, LOST_ANSWER))
    parts = [part for group in groups for part in group.parts]
    losses = not_carried(before, key, context["vault"].connection.api_version) if before and key else []
    context |= {
        "present": key.properties if key else None,
        "groups": groups,
        "count": len(parts),
        "changed_parts": [part.label for part in parts if part.changed],
        "rotation_policy": before.rotation_policy.value if before else None,
        "not_carried": losses,
        "tally": tally_of(groups, lost=bool(losses)),
    }
    return form_page(request, "vaults/key_version_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.KEY_UPDATE)
@once
def key_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, KEY, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        detail = keys.read_key(request.actor, vault, name, request.GET.get("version", ""))
        key, current = detail.key.value, _shown(detail, request.GET.get("version", ""))
        if elsewhere := led_to_certificate(request, vault, KEY, current):
            return elsewhere
        initial = {"opened_on": edit_token_of(current), **attributes_of(current, KeyEditForm)}
        if key:
            initial["key_ops"] = key.key_ops
        unread = unread_parts(
            vault,
            (detail.key, "So the permitted operations are not shown here; they stay as they are."),
            (detail.versions, NEWER),
        )
        context |= {"form": KeyEditForm(initial=initial), "odd": current.odd, "unread_parts": unread}
        return form_page(request, "vaults/key_edit.html", context)
    form = context["form"] = KeyEditForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refused_form(form, context) as attempt:
            keys.update_key(request.actor, vault, name, form.wanted(), form.wanted_operations(), data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Key {name} was updated.")
            return redirect("key_detail", vault.slug, name)
    return form_page(request, "vaults/key_edit.html", context)
