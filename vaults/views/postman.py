"""A vault's Postman collection as a file."""

import json

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.postman import collection
from vaults.web.rendering import HtmxRequest


@require_safe
@with_vault
@needs(Action.INVENTORY_READ)
def vault_postman(request: HtmxRequest, vault: Vault) -> HttpResponse:  # noqa: ARG001 - as with_vault calls it
    """For whoever sees the vault. It holds what the pages of vault and connection show, so it leaves no entry in the record."""
    content = json.dumps(collection(vault), indent=2, ensure_ascii=False)
    return download(content, f"{vault.name}.postman_collection.json", "application/json")
