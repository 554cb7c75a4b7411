"""Deleting a secret, key or certificate: a page that says what will happen and what can be undone, and then the act."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from vaults.actions.parts import Part, part
from vaults.azure.errors import NotFound
from vaults.forms.confirm import ConfirmForm
from vaults.inventory.observe import AnyDeleted
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.web.confirmation import ask_password, recently_confirmed
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest
from vaults.web.unread_parts import unread_parts

FOR_GOOD = "This vault has no soft delete: nobody can bring it back, not even Microsoft."
NAME_HELD = "Until it is recovered or purged, nobody can create another one of this name."
RETENTION = "for the vault's retention time (7 to 90 days)"

WHAT_GOES = {
    "secret": "All versions of the secret go. Whoever uses it gets an error from this moment on.",
    "key": "All versions of the key go. What was encrypted with it can't be decrypted from this moment on.",
    "certificate": "All versions of the certificate go, with its key and its secret of the same name.",
}

#: What stands there, and its parts with what it means for the page where one could not be read.
Seen = tuple[Properties | None, Sequence[tuple[Part[Any], str]]]


def deletion(
    request: HtmxRequest,
    vault: Vault,
    kind: str,
    name: str,
    look: Callable[[], Seen],
    delete: Callable[[], AnyDeleted],
) -> HttpResponse:
    """Ask, and delete. Where nobody may be able to bring the item back it is also asked who is there. Raises NotFound.

    What is only sent after a fresh confirmation is not looked at before.
    """
    if request.method == "POST" and recently_confirmed(request):
        context = deletion_page(vault, kind, name)
    else:
        context = deletion_asked(vault, kind, name, look)
    form = context["form"] = ConfirmForm(posted(request))
    if not context["recoverable"]:
        ask_password(request, form)
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            gone = delete()
        if attempt.succeeded:
            return _deleted(request, vault, kind, name, gone)
    return form_page(request, "vaults/confirm.html", context)


def _deleted(request: HtmxRequest, vault: Vault, kind: str, name: str, gone: AnyDeleted) -> HttpResponse:
    if gone.properties.recoverable is False:
        messages.success(request, f"{kind.title()} {name} was deleted for good.")
        return redirect(f"{kind}_list", vault.slug)
    messages.success(request, f"{kind.title()} {name} is being deleted.")
    return redirect("deleted_detail", vault.slug, f"{kind}s", name)


def deletion_page(vault: Vault, kind: str, name: str, current: Properties | None = None) -> dict[str, Any]:
    """The page that asks before something is deleted. `current` tells whether, and for how long, it can be brought back."""
    recoverable = current.recoverable if current else None
    item_url = reverse(f"{kind}_detail", args=[vault.slug, name])
    return {
        "vault": vault,
        "kind": kind,
        "name": name,
        "title": f"Delete {name}?",
        "recoverable": recoverable,
        "consequences": [WHAT_GOES[kind], *([FOR_GOOD] if recoverable is False else [how_long(current), NAME_HELD])],
        "submit_label": f"Delete the {kind}",
        "cancel_url": item_url,
        "danger": True,
        "crumbs": [(f"{kind.title()}s", reverse(f"{kind}_list", args=[vault.slug])), (name, item_url)],
    }


def how_long(current: Properties | None) -> str:
    """Until when it can be recovered, where the vault tells; API versions before 7.1 don't."""
    days = current.recoverable_days if current else None
    until = f"until {date_format(timezone.localtime() + timedelta(days=days), 'j F Y')}" if days else RETENTION
    protected = " Purge protection is on: nobody can purge it before." if current and current.purge_protected else ""
    return f"It stays under Deleted and can be recovered {until}.{protected}"


NOTHING = (
    "What goes, and for how long it can be recovered is not known here. It can be deleted all the same, if it is there."
)
VERSIONS = "All versions go, also those that are not known here."
FROM_LIST = "What is said of it here is from the list of versions."
OPERATION = "Whether a new version is under way is not known here."


def deletion_asked(vault: Vault, kind: str, name: str, look: Callable[[], Seen]) -> dict[str, Any]:
    """The page as it is opened. Who may delete but not look is asked all the same, and so is everybody where Azure does not
    tell just now. Raises NotFound."""
    looked = part(look)
    if isinstance(looked.error, NotFound):
        raise looked.error
    current, parts = looked.value or (None, [(looked, NOTHING)])
    return {**deletion_page(vault, kind, name, current), "unread_parts": unread_parts(vault, *parts)}
