"""The search box: the name of a vault or an item opens its page, anything else is searched in the inventory."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from vaults import access, clients
from vaults.azure.errors import InvalidClouds
from vaults.inventory import observe
from vaults.keyvault.identifiers import fold, thumbprint_in
from vaults.keyvault.references import Reference, find_references
from vaults.kinds import BY_COLLECTION
from vaults.models import InventoryItem, Vault
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
def go(request: HtmxRequest) -> HttpResponse:
    """`?q=` or `?id=`: a vault or an item in any form that people paste, or words. Without both: the search page."""
    access.current_team(request.actor)  # a person of no team finds nothing
    if not {"q", "id"} & request.GET.keys():
        return render_page(request, "vaults/search.html", {})
    wanted = (request.GET.get("id") or request.GET.get("q") or "").strip()
    visible = access.visible_to(request.actor).vaults
    if thumbprint := thumbprint_in(wanted):
        return certificate_of(request, wanted, thumbprint)
    references = find_references(wanted)
    for reference in references:
        if vaults := list(visible.named(reference.vault)):
            return opened(request, wanted, reference, vaults)
    missing = [reference for reference in references if reference.sure or is_vault_host(reference.vault)]
    if missing:
        context = {"wanted": wanted, "vault_asked": missing[0].vault, "pages": []}
        return render_page(request, "vaults/go.html", context, status=404)
    return redirect(f"{reverse('inventory')}?{urlencode({'q': wanted})}")


def certificate_of(request: HtmxRequest, wanted: str, thumbprint: str) -> HttpResponse:
    """The page of the one certificate with this thumbprint; what the inventory finds if there is none, or several."""
    known = access.visible_to(request.actor).items.filter(thumbprint=thumbprint, gone_since=None)
    found: list[InventoryItem] = observe.read(lambda: list(known.select_related("vault")[:2]), [])
    if len(found) == 1:
        return redirect(found[0].get_absolute_url())
    return redirect(f"{reverse('inventory')}?{urlencode({'q': wanted})}")


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
    if not reference.name:
        return list_of(vault, reference.collection)
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
    return reverse(BY_COLLECTION[collection].pages.list if collection else "vault_detail", args=[vault.slug])
