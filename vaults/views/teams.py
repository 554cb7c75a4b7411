"""The team's page: its members and open invitations; inviting, roles, removing members, choosing the current team."""

import uuid
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from vaults.access import current_team, not_found, visible_to
from vaults.actions import teams
from vaults.forms.confirm import ConfirmForm
from vaults.forms.teams import InviteForm, RoleForm
from vaults.models import Membership, Team
from vaults.permissions import ROLE_SENTENCES, Action, Role
from vaults.problems import Problem
from vaults.web.actors import choose_team
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

LAST_OWNER = Problem(
    "team.last_owner",
    "Nobody could change the team's members, connections and vaults any more, so nothing was changed.",
    ["Make somebody else an owner first."],
    status=409,
)
MEMBER_GONE = Problem(
    "team.member_gone",
    "Somebody else has removed them meanwhile, so nothing was changed.",
    ["Look at the members below."],
    status=409,
)
WITHDRAWN_TOO_LATE = Problem(
    "team.invitation_ended",
    "It was used, was withdrawn by somebody else, or had expired.",
    ["See among the members whether somebody has joined by it."],
    status=409,
)
ALREADY = {
    teams.AlreadyMember: "This person is in the team already. Their role is set in the list of members.",
    teams.AlreadyInvited: "There is an open invitation for this address: withdraw it to make a new one.",
}
NO_SUCH_ROLE = Problem("team.no_such_role", "Nothing was changed.", ["Choose one of the list."], status=422)


def page_of(request: HtmxRequest, team: Team, member: Membership | None = None, **sent: Form) -> dict[str, Any]:
    """The page's template context. `sent`: submitted forms of this member's row that come back: `role_form`, `removal`."""
    visible = visible_to(request.actor, team)
    members = visible.members.order_by("user__email")
    invitations = visible.invitations.good().select_related("invited_by").order_by("expires_at")
    return {
        "team": team,
        "rows": [row_of(each, **(sent if each == member else {})) for each in members],
        "invitations": [(invitation, ConfirmForm()) for invitation in invitations],
        "roles": [(role.value, ROLE_SENTENCES[role]) for role in Role],
        "form": InviteForm(initial={"role": Role.VIEWER}),
        "invitation_link": "",
        "invited": "",
    }


def row_of(member: Membership, **sent: Form) -> dict[str, Any]:
    return {"member": member, "role_form": RoleForm(initial={"role": member.role}), "removal": ConfirmForm(), **sent}


@require_safe
@needs(Action.TEAM_READ)
def team(request: HtmxRequest) -> HttpResponse:
    context = page_of(request, current_team(request.actor))
    ask_password(request, context["form"])
    return render_page(request, "vaults/team.html", context)


@require_POST
def team_choose(request: HtmxRequest) -> HttpResponse:
    """Choose another current team for this session."""
    chosen = next((each for each in request.actor.teams if str(each.pk) == request.POST.get("team")), None)
    if chosen is None:
        raise not_found(request.actor, "No such team.")
    choose_team(request, chosen)
    messages.info(request, f"You now work in the team {chosen.name}.")
    return redirect("overview")


@require_POST
@sensitive_post_parameters(PASSWORD)
@needs(Action.MEMBER_INVITE)
@once
def member_invite(request: HtmxRequest) -> HttpResponse:
    """The link is only in the response to this POST. If the form is sent again, it redirects to the open invitations."""
    mine = current_team(request.actor)
    form = InviteForm(request.POST)
    ask_password(request, form)
    token = invited(request, mine, form) if form.is_valid() else None
    if token is None:
        return render_page(request, "vaults/team.html", {**page_of(request, mine), "form": form}, status=422)
    link = request.build_absolute_uri(reverse("join", args=[token]))
    context = {**page_of(request, mine), "invitation_link": link, "invited": form.cleaned_data["email"]}
    page = render_page(request, "vaults/team.html", context, status=201)
    page.headers["Location"] = f"{reverse('team')}#invitations"
    return page


def invited(request: HtmxRequest, team: Team, form: InviteForm) -> str | None:
    """The token of a new invitation; None if it was refused, with an error at the field."""
    try:
        return teams.invite_member(request.actor, team, form.cleaned_data["email"], Role(form.cleaned_data["role"]))
    except (teams.AlreadyMember, teams.AlreadyInvited) as refusal:
        form.add_error("email", ALREADY[type(refusal)])
        return None


@require_POST
@once
def invitation_withdraw(request: HtmxRequest, invitation_id: uuid.UUID) -> HttpResponse:
    mine = current_team(request.actor)
    invitation = visible_to(request.actor, mine).invitations.filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404("No such invitation.")
    try:
        teams.withdraw_invitation(request.actor, invitation)
    except teams.InvitationSpent:
        return refused(request, mine, WITHDRAWN_TOO_LATE)
    messages.success(request, f"The invitation for {invitation.email} is withdrawn: its link is not valid any more.")
    return redirect("team")


@require_POST
@sensitive_post_parameters(PASSWORD)
@needs(Action.MEMBER_UPDATE)
@once
def member_update(request: HtmxRequest, member_id: int) -> HttpResponse:
    member = member_for(request, member_id)
    form = RoleForm(request.POST, auto_id=f"role-{member_id}-%s")
    ask_password(request, form)
    if "role" in form.errors:
        return refused(request, member.team, NO_SUCH_ROLE)
    if PASSWORD in form.errors:
        return asked(request, member, role_form=form)
    try:
        teams.update_member(request.actor, member, Role(form.cleaned_data["role"]))
    except teams.LastOwner:
        return refused(request, member.team, LAST_OWNER)
    except teams.MemberGone:
        return refused(request, member.team, MEMBER_GONE)
    messages.success(request, f"{member.user.named} is now {Role(form.cleaned_data['role']).with_article}.")
    return redirect("team")


@require_POST
@sensitive_post_parameters(PASSWORD)
@needs(Action.MEMBER_REMOVE)
@once
def member_remove(request: HtmxRequest, member_id: int) -> HttpResponse:
    member = member_for(request, member_id)
    form = ConfirmForm(request.POST, auto_id=f"removal-{member_id}-%s")
    ask_password(request, form)
    if PASSWORD in form.errors:
        return asked(request, member, removal=form)
    try:
        teams.remove_member(request.actor, member)
    except teams.LastOwner:
        return refused(request, member.team, LAST_OWNER)
    except teams.MemberGone:
        return refused(request, member.team, MEMBER_GONE)
    messages.success(request, f"{member.user.named} is no longer in the team.")
    return redirect("team")


def asked(request: HtmxRequest, member: Membership, **sent: Form) -> HttpResponse:
    return render_page(request, "vaults/team.html", page_of(request, member.team, member, **sent), status=422)


def refused(request: HtmxRequest, team: Team, problem: Problem) -> HttpResponse:
    return render_page(
        request, "vaults/team.html", {**page_of(request, team), "problem": problem}, status=problem.status
    )


def member_for(request: HtmxRequest, member_id: int) -> Membership:
    mine = current_team(request.actor)
    member = visible_to(request.actor, mine).members.filter(pk=member_id).first()
    if member is None:
        raise Http404("No such member.")
    return member
