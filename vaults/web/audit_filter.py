"""The filters of the audit trail."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from vaults.access import Visible
from vaults.audit import queries
from vaults.audit.queries import Entries
from vaults.kinds import KINDS
from vaults.models import AuditEntry
from vaults.models.audit import AuditState
from vaults.permissions import LABELS, Action
from vaults.web.rendering import search_words

CHANGES, EVERYTHING = "changes", "all"
#: Choices of the filter for acts that stand for several of them.
DELETIONS, READINGS = "deletions", "readings"
_SEVERAL: Mapping[str, list[Action]] = {
    DELETIONS: [action for action in Action if action.endswith((".delete", ".purge"))],
    READINGS: [
        Action.SECRET_REVEAL,
        Action.SECRET_COMPARE,
        Action.CERTIFICATE_EXPORT,
        *(kind.actions.backup for kind in KINDS),
    ],
}
ACTIONS = [
    (READINGS, "Values revealed, compared, exported, backed up"),
    (DELETIONS, "Deletes and purges"),
    *sorted(((action.value, label) for action, label in LABELS.items()), key=lambda choice: choice[1]),
]
#: Filters that the page offers as links: label, and the filters that are set.
_OFFERED: tuple[tuple[str, dict[str, str]], ...] = (
    ("Revealed values", {"action": READINGS}),
    ("Deletes and purges", {"action": DELETIONS}),
    ("Refused", {"state": AuditState.DENIED.value}),
    ("Failed", {"state": AuditState.FAILED.value}),
)


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    show = django_filters.ChoiceFilter(
        choices=[(CHANGES, "Changes only"), (EVERYTHING, "Everything")], method="by_news", widget=forms.HiddenInput
    )
    q = django_filters.CharFilter(method="by_text", label="Person, vault or item")
    action = django_filters.ChoiceFilter(choices=ACTIONS, empty_label="All acts", method="by_action", label="Act")
    state = django_filters.ChoiceFilter(choices=AuditState.choices, empty_label="All outcomes", label="Outcome")
    since = django_filters.DateFilter(method="from_day", label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = django_filters.DateFilter(method="to_day", label="To", widget=forms.DateInput(attrs={"type": "date"}))
    #: One item, or all of a vault: links from their pages set these.
    vault = django_filters.CharFilter(method="by_vault", label="Vault", widget=forms.HiddenInput)
    kind = django_filters.ChoiceFilter(
        choices=[(kind.name, kind.name) for kind in KINDS], label="Kind", widget=forms.HiddenInput
    )
    name = django_filters.CharFilter(method="by_name", label="Name", widget=forms.HiddenInput)

    class Meta:
        model = AuditEntry
        fields = ("show", "q", "action", "state", "since", "until", "vault", "kind", "name")

    def __init__(self, asked: Mapping[str, Any], visible: Visible) -> None:
        self._visible = visible
        super().__init__(asked, queryset=visible.entries.none())

    def of(self, trails: Iterable[Entries]) -> list[Entries]:
        """The trails, filtered. Filters that are not valid are left out, see `unfit`."""
        self.is_valid()
        return [self.filter_queryset(trail) for trail in trails]

    @property
    def unfit(self) -> list[str]:
        """Labels of the filters that are not valid and have no field on the page that says so."""
        return [field.label for field in self.form.hidden_fields() if field.errors]

    def by_news(self, entries: Entries, _name: str, show: str) -> Entries:
        return queries.changes(entries) if show == CHANGES else entries

    def by_action(self, entries: Entries, _name: str, action: str) -> Entries:
        return entries.filter(action__in=_SEVERAL.get(action, [action]))

    def by_text(self, entries: Entries, _name: str, text: str) -> Entries:
        entries = entries.annotate(facts=Cast("detail", TextField()))  # as text: others may have written no JSON there
        for word in search_words(text):
            people = self._visible.members.filter(user__email__icontains=word).values("user")
            entries = entries.filter(
                Q(actor_label__icontains=word)
                | Q(actor_id__in=people)
                | Q(vault_name__icontains=word)
                | Q(name__icontains=word)
                | Q(facts__iregex=rf'"actor_email": "[^"]*{re.escape(word)}')
                | Q(facts__iregex=rf'"actor_role": "{re.escape(word)}"')
            )
        return entries

    def from_day(self, entries: Entries, _name: str, day: date) -> Entries:
        return entries.filter(at__gte=_beginning(day))

    def to_day(self, entries: Entries, _name: str, day: date) -> Entries:
        return entries if day == date.max else entries.filter(at__lt=_beginning(day + timedelta(days=1)))

    def by_vault(self, entries: Entries, _name: str, _slug: str) -> Entries:
        return entries.filter(vault_id__in=self._vault_ids)

    def by_name(self, entries: Entries, _name: str, name: str) -> Entries:
        return queries.of_name(entries, name)

    @cached_property
    def _vault_ids(self) -> list[uuid.UUID]:
        vault = self._visible.vaults.filter(slug=self.form.cleaned_data["vault"]).first()
        return queries.ids_of(self._visible.team_entries, vault) if vault else []


def _beginning(day: date) -> datetime:
    """A day begins where the reader is. Compared as a moment, it can be found by an index."""
    return timezone.make_aware(datetime.combine(day, time.min))


def offered(asked: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """Filters that the page offers: label, query, and whether the list is filtered by just this now."""
    set_now = {name: asked[name] for name in ("action", "state") if asked.get(name)}
    return [(label, urlencode(filters), filters == set_now) for label, filters in _OFFERED]
