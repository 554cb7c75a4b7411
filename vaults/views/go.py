"""The one box: a pasted identifier opens its page, anything else is looked for in the inventory."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from vaults import access, clients, problems
from vaults.keyvault.errors import InvalidIdentifier
from vaults.keyvault.identifiers import Identifier, parse
from vaults.models import User, Vault
from vaults.views.pages import HtmxRequest, render_page

KIND = {"secrets": "secret", "keys": "key", "certificates": "certificate"}


@require_safe
def go(request: HtmxRequest) -> HttpResponse:
    """`?q=` or `?id=`: an identifier of Key Vault, or words."""
    wanted = (request.GET.get("id") or request.GET.get("q") or "").strip()
    try:
        identifier = parse(wanted)
    except InvalidIdentifier:
        return redirect(f"{reverse('inventory')}?{urlencode({'q': wanted})}")
    vault = vault_at(request.user, identifier.host)
    if vault is None:
        return render_page(request, "vaults/go.html", {"wanted": wanted, "host": identifier.host}, status=404)
    return redirect(page_of(vault, identifier))


def vault_at(user: User, host: str) -> Vault | None:
    """The vault one may see that lives at this host."""
    wanted = host.removesuffix(":443")
    for vault in access.vaults_for(user):
        try:
            if clients.vault_url(vault) == f"https://{wanted}":
                return vault
        except problems.EXPECTED:
            continue
    return None


def page_of(vault: Vault, identifier: Identifier) -> str:
    collection, name = identifier.collection, identifier.name
    if collection.startswith("deleted"):
        return reverse("deleted_detail", args=[vault.slug, collection.removeprefix("deleted"), name])
    if identifier.suffix == "pending":
        return reverse("certificate_operation", args=[vault.slug, name])
    if identifier.version:
        return reverse(f"{KIND[collection]}_version", args=[vault.slug, name, identifier.version])
    return reverse(f"{KIND[collection]}_detail", args=[vault.slug, name])
