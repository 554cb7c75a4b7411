"""The permission check: what the vault's service principal may do, with the answers that prove it."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults.actions.permission_check import check_access
from vaults.models import Vault
from vaults.remedies import grant_remedy
from vaults.views.doors import with_vault
from vaults.views.pages import HtmxRequest, render_page


@require_safe
@with_vault
def access(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """Asked anew with each look: the probes take a second and change nothing."""
    check = check_access(request.user, vault)
    denied = [result for result in check.results if result.verdict == "denied"]
    missing = [
        (result.permission, grant_remedy(vault, result.permission, rbac=result.inner_code == "ForbiddenByRbac"))
        for result in denied
    ]
    context = {"vault": vault, "check": check, "missing": missing}
    return render_page(request, "vaults/access.html", context, partial="result")
