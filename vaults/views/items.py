"""Views that secrets, keys and certificates share: the list, and the confirmation page before a deletion."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vaults.actions import certificates, items, keys, secrets
from vaults.actors import Actor
from vaults.audit.appending import AuditUnavailable
from vaults.azure.errors import NotFound
from vaults.forms.confirm import ConfirmForm
from vaults.inventory import observe
from vaults.inventory.rows import AnyDeleted
from vaults.keyvault.parts import Part, part
from vaults.keyvault.types import Properties
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.models import Vault
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password, recently_confirmed
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.last_known import Scanned, list_context
from vaults.web.managed import led_to_certificate
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once
from vaults.web.unread_parts import FROM_LIST, OPERATION, VERSIONS, shown_version, unread_parts

FOR_GOOD = "This vault has no soft delete: nobody can bring it back, not even Microsoft."
NAME_HELD = "Until it is recovered or purged, nobody can create another one of this name."
RETENTION = "for the vault's retention time (7 to 90 days)"
NOTHING = (
    "What would be deleted and for how long it can be recovered is not known here. It can be deleted all the same, if it is "
    "there."
)

WHAT_GOES: Final[Mapping[Kind, str]] = {
    SECRET: "All versions of the secret are deleted. Applications that use it get an error from this moment on.",
    KEY: "All versions of the key go. What was encrypted with it can't be decrypted from this moment on.",
    CERTIFICATE: "All versions of the certificate go, with its key and its secret of the same name.",
}

#: The current version, and the parts that were read, each with a note for the page in case it could not be read.
Seen = tuple[Properties | None, Sequence[tuple[Part[Any], str]]]


@require_safe
@with_vault
def item_list(request: HtmxRequest, vault: Vault, kind: Kind) -> HttpResponse:
    scanned = Scanned.of_list(request, vault, kind)
    page = items.list_items(request.actor, vault, kind, request.GET.get("page") or None)
    context = list_context(request, vault, kind, page, scanned)
    return render_page(request, "vaults/item_list.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(lambda kind: kind.actions.delete)
@once
def item_delete(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> HttpResponse:
    """Ask, then delete. If the item may not be recoverable, a fresh confirmation is required too. Raises NotFound.

    A form that is sent after a fresh confirmation does not read the item first; only if it is refused, the item is read, so
    that the page comes back with the same sentences. While nothing can be recorded, nothing is sent.
    """
    if request.method == "POST" and recently_confirmed(request):
        context = deletion_page(vault, kind, name)
    else:
        context = deletion_asked(request.actor, vault, kind, name)
        if request.method != "POST" and (elsewhere := led_to_certificate(request, vault, kind, context["current"])):
            return elsewhere
    form = context["form"] = ConfirmForm(posted(request))
    if not context["recoverable"]:
        ask_password(request, form)
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            deleted = items.delete_item(request.actor, vault, kind, name)
        if attempt.succeeded:
            return _after_deletion(request, vault, kind, name, deleted)
        if "unread_parts" not in context and not isinstance(attempt.error, AuditUnavailable):
            with suppress(NotFound):
                context |= deletion_asked(request.actor, vault, kind, name)
    return form_page(request, "vaults/confirm.html", context)


def _after_deletion(request: HtmxRequest, vault: Vault, kind: Kind, name: str, deleted: AnyDeleted) -> HttpResponse:
    if deleted.properties.recoverable is False:
        messages.success(request, f"{kind.title} {name} was deleted for good.")
        return redirect(kind.pages.list, vault.slug)
    messages.success(request, f"{kind.title} {name} is being deleted.")
    return redirect("deleted_detail", vault.slug, kind, name)


def deletion_page(vault: Vault, kind: Kind, name: str, current: Properties | None = None) -> dict[str, Any]:
    """Template context of the confirmation page. `current` shows whether, and for how long, the item can be recovered."""
    recoverable = current.recoverable if current else None
    name = current.name if current else observe.spelling_of(vault, kind, name)
    item_url = reverse(kind.pages.detail, args=[vault.slug, name])
    page = confirm_page(
        vault=vault,
        kind=kind,
        name=name,
        title=f"Delete {name}?",
        consequences=[WHAT_GOES[kind], *([FOR_GOOD] if recoverable is False else [how_long(current), NAME_HELD])],
        submit_label=f"Delete the {kind}",
        cancel_url=item_url,
        danger=True,
        crumbs=[(kind.titles, reverse(kind.pages.list, args=[vault.slug])), (name, item_url)],
    )
    return page | {"recoverable": recoverable, "current": current}


def how_long(current: Properties | None) -> str:
    """Until when the item can be recovered, if the vault reports it; API versions before 7.1 don't."""
    days = current.recoverable_days if current else None
    until = f"until {date_format(timezone.localtime() + timedelta(days=days), 'j F Y')}" if days else RETENTION
    protected = " Purge protection is on: nobody can purge it before." if current and current.purge_protected else ""
    return f"It stays under Deleted and can be recovered {until}.{protected}"


def deletion_asked(actor: Actor, vault: Vault, kind: Kind, name: str) -> dict[str, Any]:
    """Template context of the page when it is opened. It works without read permission, and if Azure does not respond now.
    Raises NotFound."""
    looked = part(lambda: LOOKS[kind](actor, vault, name))
    if isinstance(looked.error, NotFound):
        raise looked.error
    current, parts = looked.value or (None, [(looked, NOTHING)])
    return {**deletion_page(vault, kind, name, current), "unread_parts": unread_parts(vault, *parts)}


def _look_at_secret(actor: Actor, vault: Vault, name: str) -> Seen:
    versions = secrets.read_secret(actor, vault, name)
    return shown_version(None, versions, ""), [(versions, VERSIONS)]


def _look_at_key(actor: Actor, vault: Vault, name: str) -> Seen:
    detail = keys.read_key(actor, vault, name)
    own = detail.key.value.properties if detail.key.value else None
    return shown_version(own, detail.versions, ""), [(detail.key, FROM_LIST), (detail.versions, VERSIONS)]


def _look_at_certificate(actor: Actor, vault: Vault, name: str) -> Seen:
    detail = certificates.read_certificate(actor, vault, name)
    parts: list[tuple[Part[Any], str]] = [(detail.versions, VERSIONS), (detail.operation, OPERATION)]
    if not isinstance(detail.certificate.error, NotFound):  # it may exist only as an operation
        parts.insert(0, (detail.certificate, FROM_LIST))
    if not (detail.certificate.value or detail.versions.value):
        return None, parts
    own = detail.certificate.value.properties if detail.certificate.value else None
    return shown_version(own, detail.versions, ""), parts


#: By kind: the function that reads an item for the confirmation page.
LOOKS: Final[Mapping[Kind, Callable[[Actor, Vault, str], Seen]]] = {
    SECRET: _look_at_secret,
    KEY: _look_at_key,
    CERTIFICATE: _look_at_certificate,
}
