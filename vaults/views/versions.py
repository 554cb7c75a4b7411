"""One version of a secret, key or certificate: enable and disable it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import certificates, keys, secrets
from vaults.actions.changes import edit_token_of
from vaults.actors import Actor
from vaults.forms.confirm import VersionStateForm
from vaults.inventory import observe
from vaults.keyvault.parts import Part
from vaults.keyvault.types import Properties
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.models import Vault
from vaults.templatetags.kvportal import short_id
from vaults.web.confirm_page import confirm_page
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, refused_form, selected_version
from vaults.web.managed import led_to_certificate
from vaults.web.rendering import HtmxRequest
from vaults.web.submissions import once

#: By kind: the function that reads all versions.
READ: Final[Mapping[Kind, Callable[[Actor, Vault, str], Part[Any]]]] = {
    SECRET: secrets.read_secret,
    KEY: lambda actor, vault, name: keys.read_key(actor, vault, name).versions,
    CERTIFICATE: lambda actor, vault, name: certificates.read_certificate(actor, vault, name).versions,
}
#: By kind: the function that changes attributes of one version.
UPDATE: Final[Mapping[Kind, Callable[[Actor, Vault, str, Mapping[str, Any], str], object]]] = {
    SECRET: secrets.update_secret,
    KEY: lambda actor, vault, name, wanted, opened_on: keys.update_key(actor, vault, name, wanted, None, opened_on),
    CERTIFICATE: certificates.update_certificate,
}
#: By kind: what a disabled version can't be used for.
FAILS: Final[Mapping[Kind, str]] = {
    SECRET: "gets an error instead of the value",
    KEY: "gets an error: it can't encrypt, decrypt, sign, verify, wrap or unwrap",
    CERTIFICATE: "gets an error; so does whoever asks for its key and secret, which are disabled with it",
}
STAYS = "Nothing is deleted. It can be enabled again at any time."
NO_OTHER = "No earlier version becomes current by this."


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(lambda kind: kind.actions.update)
@once
def version_state(
    request: HtmxRequest, vault: Vault, kind: Kind, name: str, version: str, *, enabled: bool
) -> HttpResponse:
    """Ask, then enable or disable the version. Raises Http404 if there is no such version."""
    name = observe.spelling_of(vault, kind, name)
    word = "enabled" if enabled else "disabled"
    if request.method != "POST":
        versions: Sequence[Properties] = READ[kind](request.actor, vault, name).needed()
        chosen = selected_version(versions, version)
        if elsewhere := led_to_certificate(request, vault, kind, chosen):
            return elsewhere
        if chosen.enabled is enabled:
            messages.info(request, f"Version {short_id(version)} is {word} already.")
            return redirect(kind.pages.detail, vault.slug, name)
        form = VersionStateForm(version=version, initial={"opened_on": edit_token_of(chosen)})
        return form_page(request, "vaults/confirm.html", _page(vault, kind, name, version, versions, enabled, form))
    form = VersionStateForm(request.POST, version=version)
    refusal: dict[str, Any] = {"vault": vault, "name": name}
    if form.is_valid():
        with refused_form(form, refusal) as attempt:
            UPDATE[kind](request.actor, vault, name, {"enabled": enabled}, form.cleaned_data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Version {short_id(version)} of {name} was {word}.")
            return redirect(kind.pages.detail, vault.slug, name)
    versions = ()
    with suppress(*problems.EXPECTED, Http404):  # without them the page does not say whether it is the current one
        versions = READ[kind](request.actor, vault, name).needed()
    context = _page(vault, kind, name, version, versions, enabled, form)
    return form_page(request, "vaults/confirm.html", refusal | context)


def _page(
    vault: Vault,
    kind: Kind,
    name: str,
    version: str,
    versions: Sequence[Properties],
    enabled: bool,
    form: VersionStateForm,
) -> dict[str, Any]:
    verb = "Enable" if enabled else "Disable"
    address = reverse(kind.pages.detail, args=[vault.slug, name])
    is_current = bool(versions) and versions[0].version == version
    page = confirm_page(
        vault=vault,
        kind=kind,
        name=name,
        title=f"{verb} {'the current version' if is_current else f'version {short_id(version)}'} of {name}?",
        consequences=_consequences(kind, is_current, enabled),
        submit_label=f"{verb} the version",
        cancel_url=address,
        danger=not enabled and is_current,
        crumbs=[(kind.titles, reverse(kind.pages.list, args=[vault.slug])), (name, address)],
    )
    return page | {"form": form}


def _consequences(kind: Kind, is_current: bool, enabled: bool) -> list[str]:
    without = f"for the {kind} without a version or " if is_current else ""
    who = f"Whoever asks {without}for this version"
    if enabled:
        return [f"{who} gets it again."]
    return [f"{who} {FAILS[kind]}.", *([NO_OTHER] if is_current else []), STAYS]
