"""The permission check: what the vault's service principal may do, as a matrix with its proofs."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults import problems
from vaults.actions.permission_check import check_access
from vaults.keyvault.errors import KeyVaultError
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


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some probes brought no verdict, said once for all of them."""

    problem: problems.Problem
    count: int


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
        "causes": causes(vault, check.results),
        "learned": any(result.verdict != "unknown" for result in check.results),
        "unexpected": [result for result in check.results if result.unexpected],
        "denied": [(result, remedy(vault, result)) for result in denied],
        "checked_at": check.checked_at,
    }
    return render_page(request, "vaults/access.html", context)


def causes(vault: Vault, results: list[ProbeResult]) -> list[Cause]:
    """The failures of probes, alike ones together, the most frequent first."""
    alike: dict[tuple[object, ...], list[KeyVaultError]] = {}
    for error in (result.error for result in results if result.error):
        alike.setdefault((type(error), error.status, error.code, error.inner_code), []).append(error)
    found = [Cause(problems.explain(errors[0], vault=vault), len(errors)) for errors in alike.values()]
    return sorted(found, key=lambda cause: -cause.count)


def matrix(results: dict[str, ProbeResult], verbs: tuple[str, ...]) -> Matrix:
    return Matrix(list(verbs), [(kind, [results.get(f"{kind}/{verb}") for verb in verbs]) for kind in COLLECTIONS])


def special(results: dict[str, ProbeResult], kind: str) -> list[tuple[str, ProbeResult]]:
    """What only this kind has: verb and result."""
    split = ((permission.partition("/"), result) for permission, result in results.items())
    return [(verb, result) for (of, _, verb), result in split if of == kind and verb not in COMMON]


def remedy(vault: Vault, result: ProbeResult) -> Remedy:
    return grant_remedy(vault, result.permission, rbac=result.inner_code == "ForbiddenByRbac")
