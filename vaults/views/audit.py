"""The audit trail: list, filters, one event, verification."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from vaults.access import Visible, current_team, not_found, require, visible_to
from vaults.actions import verification
from vaults.audit import chain, links, queries
from vaults.models.audit import INSTALLATION
from vaults.permissions import Action
from vaults.web.audit_event import Event, event_of
from vaults.web.audit_filter import CHANGES, EVERYTHING, AuditFilter, offered
from vaults.web.decorators import needs
from vaults.web.rendering import HtmxRequest, is_swap, render_page, searched_in_part

#: Digits of the largest id.
LONGEST_ID = 18


@require_safe
@needs(Action.AUDIT_READ)
def audit_list(request: HtmxRequest) -> HttpResponse:
    team = current_team(request.actor)
    visible = visible_to(request.actor, team)
    asked = request.GET.copy()
    # A filter for an action shows all its entries, even if the action changes nothing.
    asked["show"] = EVERYTHING if asked.get("action") or asked.get("show") == EVERYTHING else CHANGES
    filters = AuditFilter(asked, visible)
    page = queries.page_of(filters.of(visible.trails), _number(request, "before"), _number(request, "after"))
    context = {
        "swap": is_swap(request),
        "filter": filters,
        "changes_only": asked["show"] == CHANGES,
        "offered": offered(request.GET),
        "page": page,
        "unfolded": _unfolded(request, page, visible),
        "searched_in_part": searched_in_part(request.GET.get("q", "")),
    }
    if not is_swap(request):
        verdict = queries.last_verdict(visible.team_entries)
        context |= {
            "checkpoints": _checkpoints(team.pk),
            "shared_checkpoints": _checkpoints(INSTALLATION),
            "verdict": verdict,
            "verdict_forged": verdict is not None and not links.is_ours(verdict),
        }
    return render_page(request, "vaults/audit_list.html", context, partial="results")


def _unfolded(request: HtmxRequest, page: queries.Page, visible: Visible) -> Event | None:
    """The event whose row is unfolded, if it is on this page."""
    asked = request.GET.get("event", "")
    shown = next((entry for entry in page.object_list if str(entry.event) == asked), None)
    return event_of(queries.entries_of(visible.entries, shown.event), visible) if shown else None


def _number(request: HtmxRequest, name: str) -> int | None:
    """The id of an entry in the address, if it is one."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


def _checkpoints(of: uuid.UUID) -> chain.Standing | None:
    """A chain compared with its checkpoints; None if their file can't be read."""
    try:
        return chain.standing(of)
    except OSError:
        return None


@require_safe
def audit_detail(request: HtmxRequest, event_id: uuid.UUID) -> HttpResponse:
    """One event: its start and its outcome, in any team of the person."""
    visible = visible_to(request.actor)
    entries = queries.entries_of(visible.entries, event_id)
    if not entries:
        raise not_found(request.actor, "No such event.")
    for team in request.actor.teams:
        if team.pk == entries[0].team_id:
            require(request.actor, Action.AUDIT_READ, team)
    return render_page(request, "vaults/audit_detail.html", {"event": event_of(entries, visible)})


@require_POST
def audit_verify(request: HtmxRequest) -> HttpResponse:
    """Verify the team's trail."""
    try:
        result = verification.verify_trail(request.actor, current_team(request.actor))
    except OSError:
        messages.error(request, "The audit trail can't be verified: its checkpoint file can't be read.")
        return redirect("audit_list")
    for note in result.notes:
        messages.warning(request, f"Note: {note}.")
    if result.broken is not None:
        messages.error(request, f"The audit trail was tampered with: {result.reason}.")
    else:
        messages.success(request, f"The audit trail is whole: {result.count} entries, each bound to the one before.")
    return redirect("audit_list")
