"""The search box: what names a vault, an item or a version opens its page, anything else is searched in the inventory."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from vaults import access, clients
from vaults.access import Visible
from vaults.azure.errors import InvalidClouds
from vaults.azure.pasted import bare
from vaults.inventory import observe
from vaults.keyvault.identifiers import fold, sha256_in, thumbprint_in, version_in, x5t_in
from vaults.keyvault.references import Reference, find_references
from vaults.kinds import BY_COLLECTION
from vaults.models import InventoryItem, Vault
from vaults.web import known_tokens
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
def go(request: HtmxRequest) -> HttpResponse:
    """`?q=` or `?id=`: a vault or an item in any form that people paste, or words. Without both: the search page."""
    access.current_team(request.actor)  # a person of no team finds nothing
    if not {"q", "id"} & request.GET.keys():
        return render_page(request, "vaults/search.html", {})
    wanted = (request.GET.get("id") or request.GET.get("q") or "").strip()
    visible = access.visible_to(request.actor)
    if answer := of_token(request, visible, wanted):
        return answer
    references = find_references(wanted)
    for reference in references:
        if vaults := list(visible.vaults.named(reference.vault)):
            return opened(request, wanted, reference, vaults)
    missing = [reference for reference in references if reference.sure or is_vault_host(reference.vault)]
    if missing:
        context = {"wanted": wanted, "vault_asked": missing[0].vault, "pages": []}
        return render_page(request, "vaults/go.html", context, status=404)
    return searched(wanted)


def searched(wanted: str) -> HttpResponse:
    return redirect(f"{reverse('inventory')}?{urlencode({'q': wanted})}")


def of_token(request: HtmxRequest, visible: Visible, wanted: str) -> HttpResponse | None:
    """What a thumbprint, a version or a certificate's subject leads to; None if the text is none of them."""
    if thumbprint := thumbprint_in(wanted):
        return of_thumbprint(request, visible, wanted, thumbprint)
    if version := version_in(wanted):
        return of_version(request, visible, wanted, version)
    if sha256_in(wanted):
        return unknown(request, visible, wanted, "sha256")
    if subject := known_tokens.subject_in(wanted):
        return the_only(known_tokens.with_subject(visible, subject))
    x5t = x5t_in(wanted)
    return the_only(known_tokens.with_thumbprint(visible, x5t)) if x5t else None


def the_only(found: Sequence[InventoryItem]) -> HttpResponse | None:
    """The page of the item that was found; None if there is none, or if there are several."""
    return redirect(found[0].get_absolute_url()) if len(found) == 1 else None


def of_thumbprint(request: HtmxRequest, visible: Visible, wanted: str, thumbprint: str) -> HttpResponse:
    """The page of the certificate; a choice if several have it, because one was imported into several vaults."""
    found = known_tokens.with_thumbprint(visible, thumbprint)
    if len(found) > 1:
        pages = [(known_tokens.Found(each.vault, each.of_kind, each.name), each.get_absolute_url()) for each in found]
        return render_page(request, "vaults/go_token.html", {"wanted": wanted, "pages": pages, "token": "thumbprint"})
    return the_only(found) or unknown(request, visible, wanted, "thumbprint")


def of_version(request: HtmxRequest, visible: Visible, wanted: str, version: str) -> HttpResponse:
    """The page of the version; a choice if several items have it."""
    found = known_tokens.with_version(visible, version)
    pages = [(each, reverse(each.kind.pages.version, args=[each.vault.slug, each.name, version])) for each in found]
    if len(pages) == 1:
        return redirect(pages[0][1])
    if pages:
        return render_page(request, "vaults/go_token.html", {"wanted": wanted, "pages": pages, "token": "version"})
    return unknown(request, visible, wanted, "version")


def unknown(request: HtmxRequest, visible: Visible, wanted: str, token: str) -> HttpResponse:
    """Say why nothing is found. A name or a tag may have such a form too: then it is looked for."""
    word = bare(wanted)
    named = Q(folded_name__contains=fold(word)) | Q(tag_text__contains=word.casefold())
    if observe.read(lambda: visible.items.filter(named).exists(), False):
        return searched(wanted)
    context = {"wanted": wanted, "pages": [], "token": token, "entries": known_tokens.NEWEST_ENTRIES}
    return render_page(request, "vaults/go_token.html", context, status=404)


def opened(request: HtmxRequest, wanted: str, reference: Reference, vaults: Sequence[Vault]) -> HttpResponse:
    """The page of the named vault or item; a choice if several vaults have the name."""
    pages = [(vault, page_of(request, vault, reference)) for vault in vaults]
    if len(pages) == 1:
        return redirect(pages[0][1])
    context = {"wanted": wanted, "vault_asked": reference.vault, "pages": pages}
    return render_page(request, "vaults/go.html", context)


def is_vault_host(host: str) -> bool:
    """True if one of the deployment's clouds can have a vault at this host."""
    try:
        return any(cloud.allows_vault_host(host) for cloud in clients.azure.clouds().values())
    except InvalidClouds:  # the search for words still works
        return False


def page_of(request: HtmxRequest, vault: Vault, reference: Reference) -> str:
    if not reference.name or reference.collection == "contacts":
        return list_of(vault, reference.collection)
    if reference.collection == "issuers":
        return reverse("issuer_detail", args=[vault.slug, reference.name])
    collection = reference.collection.removeprefix("deleted")
    kind = BY_COLLECTION[collection]
    # Case does not matter in names. If the item is known, the address has its own spelling.
    items = access.visible_to(request.actor, vault.team).items.filter(vault=vault, kind=kind.name)
    known = items.filter(folded_name=fold(reference.name)).values_list("name", flat=True)
    name = observe.read(known.first, None) or reference.name
    if collection != reference.collection:
        return reverse("deleted_detail", args=[vault.slug, kind, name])
    if reference.suffix == "pending":
        return reverse("certificate_operation", args=[vault.slug, name])
    if reference.version:
        return reverse(kind.pages.version, args=[vault.slug, name, reference.version])
    return reverse(kind.pages.detail, args=[vault.slug, name])


def list_of(vault: Vault, collection: str) -> str:
    if collection.startswith("deleted"):
        return reverse("deleted_list", args=[vault.slug])
    pages = {"": "vault_detail", "issuers": "issuer_list", "contacts": "contacts"}
    return reverse(pages.get(collection) or BY_COLLECTION[collection].pages.list, args=[vault.slug])
