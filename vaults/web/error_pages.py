"""Error pages: refusals and failures of Azure or the portal in sentences, instead of a bare 500."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vaults import access, problems
from vaults.azure.errors import AzureError, NotFound
from vaults.models import Vault
from vaults.web.deleted_address import deleted_address
from vaults.web.last_known import last_known
from vaults.web.rendering import HtmxRequest, is_swap, render_page

log = structlog.get_logger("vaults.problems")


class ProblemMiddleware:
    """Turns an expected error that no view has caught (views with a form do) into the page that explains it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HtmxRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, access.NoTeam):
            return no_team_page(request)
        if not isinstance(error, problems.EXPECTED):
            return None
        vault: Vault | None = getattr(request, "vault", None)
        if vault and isinstance(error, NotFound) and (address := deleted_address(request, vault)):
            return redirect(address)
        return problem_page(request, error, vault)


NO_TEAM = problems.Problem(
    "portal.no_team",
    "There is nothing here that you can see.",
    ["Ask an owner of your team for an invitation: its link works with the account that you have."],
    status=403,
)


def no_team_page(request: HtmxRequest) -> HttpResponse:
    page = "vaults/error.html" if is_swap(request) else "vaults/no_team.html"
    context = {"problem": NO_TEAM, "not_begun": ""}
    return render_page(request, page, context, partial="problem", status=NO_TEAM.status)


#: Text on the page of a new version if the current version can't be read because of a temporary error. If the read is
#: refused, the page opens without it.
NOT_BEGUN = (
    "A new version is like the current one, which can't be read just now. Nothing was sent; try again in a moment."
)


def problem_page(request: HtmxRequest, error: problems.Expected, vault: Vault | None) -> HttpResponse:
    problem = problems.explain(error, vault=vault)
    log.info("problem", error=type(error).__name__, status=problem.status, code=getattr(error, "code", None))
    failed = isinstance(error, AzureError) and problem.status >= 500
    context = {
        "problem": problem,
        "vault": vault,
        "not_begun": NOT_BEGUN if failed and request.method == "GET" and _begins(request) else "",
        "last_known": None if is_swap(request) else last_known(request, vault, error),
    }
    return render_page(request, "vaults/error.html", context, partial="problem", status=problem.status)


def _begins(request: HttpRequest) -> bool:
    return bool(
        request.resolver_match and (request.resolver_match.url_name or "").endswith(("_new_version", "_roll_back"))
    )
