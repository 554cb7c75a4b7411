"""The permission check: what the vault's service principal may do, as a matrix with the evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults import problems
from vaults.actions.permission_check import check_access
from vaults.azure.errors import AzureError
from vaults.keyvault.probes import PERMISSIONS, ProbeResult
from vaults.models import Vault
from vaults.permissions import Action
from vaults.remedies import Remedy, grant_remedy
from vaults.web.decorators import needs, with_vault
from vaults.web.rendering import HtmxRequest, render_page

COLLECTIONS = ("secrets", "keys", "certificates")
#: Verbs that all three kinds have, shown first; the others follow for each kind.
COMMON = ("get", "list", "delete", "recover", "purge", "backup", "restore")


@dataclass(frozen=True, slots=True)
class Matrix:
    """`columns`: verbs. Each row: a kind, and one result or None for each verb."""

    columns: list[str]
    rows: list[tuple[str, list[ProbeResult | None]]]


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason why some probes gave no verdict, and their number."""

    problem: problems.Problem
    count: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions with a checkbox, by kind, and the command that grants the ticked ones. `model`: "roles" or "policies"."""

    choices: list[tuple[str, list[str]]]
    needed: list[str]
    model: str
    remedy: Remedy | None


#: Up to this number, all missing permissions are ticked at first; if there are more, users tick what they need.
TICKED_AT_FIRST = 5


@require_safe
@with_vault
def access(request: HtmxRequest, vault: Vault) -> HttpResponse:
    check = check_access(request.actor, vault)
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
        "denied": denied,
        "grant": grant_at_first(vault, check.results) if denied else None,
        "checked_at": check.checked_at,
    }
    return render_page(request, "vaults/access.html", context)


@require_safe
@with_vault
@needs(Action.ACCESS_CHECK)
def access_grant(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """The command that grants the ticked permissions (`?need=`). Does not call Azure."""
    asked = request.GET.getlist("need")
    needed = [permission for permission in PERMISSIONS if permission in asked]
    model = "roles" if request.GET.get("model") == "roles" else "policies"
    context = {"vault": vault, "grant": grant_of(vault, PERMISSIONS, needed, model)}
    return render_page(request, "vaults/access_grant.html", context, partial="command")


def grant_at_first(vault: Vault, results: Sequence[ProbeResult]) -> Grant:
    """The grant form as it is opened: it offers the denied permissions, and those that no probe can determine."""
    offered = [result for result in results if result.verdict in ("denied", "unknown") and not result.error]
    denied = [result.permission for result in offered if result.verdict == "denied"]
    model = "roles" if any(result.inner_code == "ForbiddenByRbac" for result in results) else "policies"
    ticked = denied if len(denied) <= TICKED_AT_FIRST else []
    return grant_of(vault, [result.permission for result in offered], ticked, model)


def grant_of(vault: Vault, offered: Sequence[str], needed: list[str], model: str) -> Grant:
    by_kind = [
        (kind, [permission for permission in offered if permission.startswith(f"{kind}/")]) for kind in COLLECTIONS
    ]
    remedy = grant_remedy(vault, *needed, rbac=model == "roles") if needed else None
    return Grant([(kind, permissions) for kind, permissions in by_kind if permissions], needed, model, remedy)


def causes(vault: Vault, results: list[ProbeResult]) -> list[Cause]:
    """The failures of probes, grouped by cause, the most frequent first."""
    alike: dict[tuple[object, ...], list[AzureError]] = {}
    for error in (result.error for result in results if result.error):
        alike.setdefault((type(error), error.status, error.code, error.inner_code), []).append(error)
    found = [Cause(problems.explain(errors[0], vault=vault), len(errors)) for errors in alike.values()]
    return sorted(found, key=lambda cause: -cause.count)


def matrix(results: dict[str, ProbeResult], verbs: tuple[str, ...]) -> Matrix:
    return Matrix(list(verbs), [(kind, [results.get(f"{kind}/{verb}") for verb in verbs]) for kind in COLLECTIONS])


def special(results: dict[str, ProbeResult], kind: str) -> list[tuple[str, ProbeResult]]:
    """The permissions that only this kind has: verb and result."""
    split = ((permission.partition("/"), result) for permission, result in results.items())
    return [(verb, result) for (of, _, verb), result in split if of == kind and verb not in COMMON]
