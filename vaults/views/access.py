"""The permission check: what the vault's service principal may do, as a matrix with its proofs."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults.actions.permission_check import check_access
from vaults.keyvault.probes import ProbeResult
from vaults.models import Vault
from vaults.remedies import Remedy, grant_remedy
from vaults.views.doors import with_vault
from vaults.views.pages import HtmxRequest, render_page

COLLECTIONS = ("secrets", "keys", "certificates")
#: What all three kinds have comes first; the rest follows, kind by kind.
COMMON = ("get", "list", "delete", "recover", "purge", "backup", "restore")


@dataclass(frozen=True, slots=True)
class Matrix:
    """`columns` are verbs; each row is a kind and one result, or None, for each verb."""

    columns: list[str]
    rows: list[tuple[str, list[ProbeResult | None]]]


@require_safe
@with_vault
def access(request: HtmxRequest, vault: Vault) -> HttpResponse:
    check = check_access(request.user, vault)
    results = {result.permission: result for result in check.results}
    denied = [result for result in check.results if result.verdict == "denied"]
    context = {
        "vault": vault,
        "common": matrix(results, COMMON),
        "special": [(kind, special(results, kind)) for kind in COLLECTIONS],
        "results": check.results,
        "denied": [(result, remedy(vault, result)) for result in denied],
        "checked_at": check.checked_at,
    }
    return render_page(request, "vaults/access.html", context)


def matrix(results: dict[str, ProbeResult], verbs: tuple[str, ...]) -> Matrix:
    return Matrix(list(verbs), [(kind, [results.get(f"{kind}/{verb}") for verb in verbs]) for kind in COLLECTIONS])


def special(results: dict[str, ProbeResult], kind: str) -> list[tuple[str, ProbeResult]]:
    """What only this kind has: verb and result."""
    split = ((permission.partition("/"), result) for permission, result in results.items())
    return [(verb, result) for (of, _, verb), result in split if of == kind and verb not in COMMON]


def remedy(vault: Vault, result: ProbeResult) -> Remedy:
    return grant_remedy(vault, result.permission, rbac=result.inner_code == "ForbiddenByRbac")
