"""The overview: what needs attention in the current team's vaults. Nothing here calls Azure."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults.access import current_team, decide, visible_to
from vaults.audit import queries
from vaults.inventory.counts import Summary
from vaults.permissions import Action
from vaults.web import attention
from vaults.web.decorators import needs
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
@needs(Action.INVENTORY_READ)
def overview(request: HtmxRequest) -> HttpResponse:
    team = current_team(request.actor)
    navigation = navigation_of(request, request.actor)
    summary = Summary(navigation.vaults_with_connections)
    listed, more, well = attention.listed(summary.vaults)
    visible = visible_to(request.actor, team)
    may_change = decide(request.actor, Action.CONNECTION_UPDATE, team).allowed
    context = {
        "summary": summary,
        "tasks": attention.tasks(summary, may_change_connections=may_change),
        "rows": listed,
        "more_in_trouble": more,
        "without_trouble": well,
        "activity": queries.newest_changes(visible.teams or (), visible.accounts),
    }
    return render_page(request, "vaults/overview.html", context)
