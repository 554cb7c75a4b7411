"""Deleted items: list, detail page, recover, purge. Azure needs some seconds for the last two, so pages poll."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.access import visible_to
from vaults.actions import items
from vaults.audit import queries
from vaults.azure.errors import Forbidden
from vaults.forms.confirm import ConfirmForm, TypedNameForm
from vaults.inventory import observe
from vaults.inventory.rows import AnyDeleted, item_of
from vaults.keyvault.identifiers import fold
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import InventoryItem, Vault
from vaults.models.inventory import Transition
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, is_swap, render_page
from vaults.web.submissions import once

#: Changes during which an item is neither among the live nor among the deleted ones.
COMPLETED_SOON = frozenset({Transition.DELETING, Transition.RECOVERING})


@require_safe
@with_vault
def deleted_list(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """One page of each kind; `?secrets=…&keys=…` selects the next page of these kinds."""
    tokens = {kind: request.GET[kind.collection] for kind in KINDS if request.GET.get(kind.collection)}
    found = items.list_deleted(request.actor, vault, tokens or None)
    further = {part.kind.collection: part.page.next_token for part in found if part.page.next_token}
    context = {
        "vault": vault,
        "items": rows_of(vault, found),
        "certificate": CERTIFICATE,
        "nameless": sum(part.page.nameless for part in found),
        "more": f"?{urlencode(further)}" if further else "",
        "refusals": [
            (problems.explain(part.error, vault=vault), unlisted(part, tokens)) for part in found if part.error
        ],
        "added": is_swap(request),
    }
    return render_page(request, "vaults/deleted_list.html", context, partial="rows")


@dataclass(frozen=True, slots=True)
class Row:
    """`with_it`: the kinds of what is deleted with a certificate, as far as this page of the lists has them."""

    kind: Kind
    item: AnyDeleted
    with_it: tuple[Kind, ...] = ()


def rows_of(vault: Vault, found: Sequence[items.DeletedItems]) -> list[Row]:
    """The deleted items, without the managed ones whose certificate is deleted, too: they come back, and are purged, with it.

    The certificate may be on another page of the lists; then the inventory tells.
    """
    rows = [Row(part.kind, item) for part in found for item in part.items]
    managed = defaultdict(list)
    for row in rows:
        if row.item.properties.managed:
            managed[fold(row.item.properties.name)].append(row.kind)
    listed = {fold(row.item.properties.name) for row in rows if row.kind == CERTIFICATE}
    nothing: set[str] = set()
    folded = listed | observe.read(lambda: observe.deleted_certificates(vault, managed.keys() - listed), nothing)
    return [
        replace(row, with_it=tuple(managed[name])) if row.kind == CERTIFICATE else row
        for row in rows
        if (name := fold(row.item.properties.name)) not in folded or not row.item.properties.managed
    ]


def unlisted(part: items.DeletedItems, asked: Collection[Kind]) -> str:
    collection = part.kind.collection
    if part.kind in asked:
        return f"So there may be more deleted {collection} than those listed here."
    if part.items:
        return f"More deleted {collection} may follow than the {len(part.items)} listed here."
    return f"Deleted {collection} are not listed here."


@require_safe
@with_vault
def deleted_detail(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> HttpResponse:
    """A deleted item, or the progress of a deletion, recovery or purge until Azure has completed it."""
    known = known_of(vault, kind, name)
    name = known.name if known else name
    context: dict[str, Any] = {
        "vault": vault,
        "kind": kind,
        "name": name,
        "known": known,
        "certificate": CERTIFICATE,
        "item": None,
        "state": "unread",
        "unread": None,
        "item_url": reverse(kind.pages.detail, args=[vault.slug, name]),
    }
    try:
        item = context["item"] = items.read_deleted(request.actor, vault, kind, name)
        if item is None and may_be_back(known) and items.is_back(request.actor, vault, kind, name):
            return redirect(kind.pages.detail, vault.slug, name)
        context["state"] = state_of(item, known)
        context["name"] = item.properties.name if item else context["name"]
    except Forbidden as error:
        context["unread"] = problems.explain(error, vault=vault)
    entries = visible_to(request.actor, vault.team).team_entries
    context["activity"] = queries.activity(entries, vault, kind.name, name)
    return render_page(request, "vaults/deleted_detail.html", context, partial="status")


def known_of(vault: Vault, kind: Kind, name: str) -> InventoryItem | None:
    """The item's row. If the inventory can't be read, it is a row without facts: only Azure can tell whether the item exists."""
    without_facts: InventoryItem | None = InventoryItem(vault=vault, kind=kind.name, name=name)
    return observe.read(lambda: observe.known_item(vault, kind.name, name), without_facts)


def may_be_back(known: InventoryItem | None) -> bool:
    """True if an item that is not among the deleted ones may exist again, or still."""
    if known is None or known.gone_since:
        return False
    return not (known.transition == Transition.DELETING and known.is_settling(timezone.now()))


def state_of(item: AnyDeleted | None, known: InventoryItem | None) -> str:
    """The state of an item that is deleted or in transition, from what Azure shows and what this portal began.

    Raises Http404 for an item that is neither.
    """
    if item is not None:
        is_expected = known is not None and known.explains(item_of(known.vault, item, timezone.now()))
        return known.transition if known and is_expected else "deleted"
    if known and known.gone_since and known.transition == Transition.PURGING:
        return "purged"
    if known and not known.gone_since and known.transition in COMPLETED_SOON and known.is_settling(timezone.now()):
        return known.transition
    if known and known.is_live and not known.transition:
        return Transition.DELETING  # it exists neither here nor there, and the inventory could not be updated
    raise Http404("Nothing of this name is deleted here.")


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(lambda kind: kind.actions.recover)
@once
def deleted_recover(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, kind, name)
    context = act_page(vault, kind, name, "Recover", "It comes back with all its versions, under its old name.")
    context["form"] = ConfirmForm()
    if request.method == "POST":
        with refused_form(context["form"], context) as attempt:
            items.recover_deleted(request.actor, vault, kind, name)
        if attempt.succeeded:
            messages.success(request, f"{name} is being recovered.")
            return redirect("deleted_detail", vault.slug, kind, name)
    return form_page(request, "vaults/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(lambda kind: kind.actions.purge)
@once
def deleted_purge(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> HttpResponse:
    """Requires the typed name and a fresh confirmation."""
    name = observe.spelling_of(vault, kind, name)
    consequence = "All versions are destroyed. Nobody can bring them back, not even Microsoft."
    context = act_page(vault, kind, name, "Purge", consequence, for_good=True)
    form = context["form"] = TypedNameForm(posted(request), expected=name)
    ask_password(request, form)
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            items.purge_deleted(request.actor, vault, kind, name)
        if attempt.succeeded:
            messages.success(request, f"{name} was purged.")
            return redirect("deleted_list", vault.slug)
    return form_page(request, "vaults/confirm.html", context)


def act_page(
    vault: Vault, kind: Kind, name: str, verb: str, consequence: str, *, for_good: bool = False
) -> dict[str, Any]:
    item_url = reverse("deleted_detail", args=[vault.slug, kind, name])
    return confirm_page(
        vault=vault,
        kind=kind,
        name=name,
        title=f"{verb} {name}?",
        consequences=[consequence],
        submit_label=verb,
        cancel_url=item_url,
        crumbs=[("Deleted", reverse("deleted_list", args=[vault.slug])), (name, item_url)],
        danger=for_good,
        typed_name=for_good,
    )
