"""The audit trail: list, filters, one event, verification."""

import re
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vaults.access import current_team, not_found, require, visible_to
from vaults.actions import verification
from vaults.audit import chain, links, queries, stored
from vaults.audit.who import who_did
from vaults.models import AuditEntry, Membership
from vaults.models.audit import INSTALLATION, AuditState
from vaults.permissions import LABELS, Action
from vaults.web.audit_facts import SOURCES, asked_azure, facts_of, grounds_of, why
from vaults.web.decorators import needs
from vaults.web.rendering import HtmxRequest, is_swap, render_page, search_words, searched_in_part

#: Digits of the largest id, and the most entries of one event that its page shows.
LONGEST_ID = 18
MOST_STEPS = 50
ACTIONS = sorted(((action.value, label) for action, label in LABELS.items()), key=lambda choice: choice[1])


CHANGES, EVERYTHING = "changes", "all"


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    show = django_filters.ChoiceFilter(
        choices=[(CHANGES, "Changes only"), (EVERYTHING, "Everything")],
        empty_label=None,
        method="by_kind",
        label="Show",
    )
    q = django_filters.CharFilter(method="by_text", label="Person, vault or item")
    action = django_filters.ChoiceFilter(choices=ACTIONS, empty_label="All acts", label="Act")
    state = django_filters.ChoiceFilter(choices=AuditState.choices, empty_label="All outcomes", label="Outcome")
    since = django_filters.DateFilter(method="from_day", label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = django_filters.DateFilter(method="to_day", label="To", widget=forms.DateInput(attrs={"type": "date"}))

    class Meta:
        model = AuditEntry
        fields = ("show", "q", "action", "state", "since", "until")

    def __init__(self, *args: Any, people: QuerySet[Membership], **kwargs: Any) -> None:
        """`people`: the members whose e-mail addresses are searched, for entries without an address."""
        self.people = people
        super().__init__(*args, **kwargs)

    def by_kind(self, entries: queries.Entries, _name: str, kind: str) -> queries.Entries:
        return queries.changes(entries) if kind == CHANGES else entries

    def by_text(self, entries: QuerySet[AuditEntry], _name: str, text: str) -> QuerySet[AuditEntry]:
        entries = entries.annotate(facts=Cast("detail", TextField()))  # as text: others may have written no JSON there
        for word in search_words(text):
            people = self.people.filter(user__email__icontains=word).values("user")
            entries = entries.filter(
                Q(actor_label__icontains=word)
                | Q(actor_id__in=people)
                | Q(vault_name__icontains=word)
                | Q(name__icontains=word)
                | Q(facts__iregex=rf'"actor_email": "[^"]*{re.escape(word)}')
                | Q(facts__iregex=rf'"actor_role": "{re.escape(word)}"')
            )
        return entries

    def from_day(self, entries: QuerySet[AuditEntry], _name: str, day: date) -> QuerySet[AuditEntry]:
        return entries.filter(at__gte=_beginning(day))

    def to_day(self, entries: QuerySet[AuditEntry], _name: str, day: date) -> QuerySet[AuditEntry]:
        return entries if day == date.max else entries.filter(at__lt=_beginning(day + timedelta(days=1)))


def _beginning(day: date) -> datetime:
    """A day begins where the reader is. Compared as a moment, it can be found by an index."""
    return timezone.make_aware(datetime.combine(day, time.min))


@require_safe
@needs(Action.AUDIT_READ)
def audit_list(request: HtmxRequest) -> HttpResponse:
    team = current_team(request.actor)
    visible = visible_to(request.actor, team)
    asked = request.GET.copy()
    # A filter for an action shows all its entries, even if the action changes nothing.
    asked["show"] = EVERYTHING if asked.get("action") or asked.get("show") == EVERYTHING else CHANGES
    parts = [AuditFilter(asked, queryset=trail, people=visible.members) for trail in visible.trails]
    context = {
        "filter": parts[0],
        "changes_only": asked["show"] == CHANGES,
        "page": queries.page_of([part.qs for part in parts], _number(request, "before"), _number(request, "after")),
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
    found = visible_to(request.actor).entries.filter(event=event_id)
    entries = stored.readable(found.with_accounts().order_by("id")[:MOST_STEPS])
    if not entries:
        raise not_found(request.actor, "No such event.")
    for team in request.actor.teams:
        if team.pk == entries[0].team_id:
            require(request.actor, Action.AUDIT_READ, team)
    entry, started = entries[-1], entries[0]
    context: dict[str, Any] = {
        "entries": entries,
        "entry": entry,
        "facts": facts_of(entry),
        "grounds": grounds_of(entry),
        "job": visible_to(request.actor).jobs.filter(pk=entry.parent).first() if entry.parent else None,
        "why": why(entry),
        "source": SOURCES[who_did(entry).source],
        "asked_azure": asked_azure(entry),
        "started": started,
        "milliseconds": round((entry.at - started.at).total_seconds() * 1000) if entry != started else None,
    }
    return render_page(request, "vaults/audit_detail.html", context)


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
