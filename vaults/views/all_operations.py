"""The operations of certificates in all vaults, as last seen: in progress, and recent outcomes. Nothing here calls Azure."""

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from vaults.access import visible_to
from vaults.inventory.keyset import Order
from vaults.inventory.operations import OUTCOMES_KEPT
from vaults.keyvault.identifiers import fold
from vaults.models import Outcome, RecordedOperation, Vault
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.views.inventory import VaultFilter, vault_of, with_vaults
from vaults.web.decorators import needs
from vaults.web.navigation import navigation_of
from vaults.web.paging import paged
from vaults.web.rendering import HtmxRequest, render_page, search_words, searched_in_part

#: The longest in progress first; the latest outcome first.
OPEN, ENDED = Order("begun_at"), Order("ended_at", latest_first=True)
UNKNOWN = ("unknown", "help-circle")
#: By outcome: the tone and the icon of its badge.
MARKS: dict[str, tuple[str, str]] = {
    Outcome.ISSUED: ("ok", "check"),
    Outcome.FAILED: ("bad", "alert-triangle"),
    Outcome.CANCELLED: ("off", "ban"),
    Outcome.DELETED: ("off", "trash"),
    Outcome.REPLACED: ("off", "replace"),
    Outcome.FORGOTTEN: UNKNOWN,
}


class OperationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """The filters of both lists; other parameters in the address are ignored."""

    q = django_filters.CharFilter(method="by_text", label="Search")
    vault = VaultFilter(queryset=VaultQuerySet(Vault).none(), to_field_name="slug", empty_label="All vaults")
    outcome = django_filters.ChoiceFilter(
        choices=Outcome.choices, method="by_outcome", label="Outcome", empty_label="Any outcome"
    )

    class Meta:
        model = RecordedOperation
        fields = ("q", "vault", "outcome")

    def __init__(self, data: QueryDict, *, vaults: QuerySet[Vault], queryset: QuerySet[RecordedOperation]) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["vault"].queryset = vaults

    def filter_queryset(self, queryset: QuerySet[RecordedOperation]) -> QuerySet[RecordedOperation]:
        """Nothing for a filter that does not exist, such as a vault that was removed: not everything."""
        found: QuerySet[RecordedOperation] = super().filter_queryset(queryset)
        return found.none() if self.form.errors else found

    def by_text(self, rows: QuerySet[RecordedOperation], _name: str, text: str) -> QuerySet[RecordedOperation]:
        for word in search_words(text):
            rows = rows.filter(
                Q(folded_name__contains=fold(word))
                | Q(vault__name__icontains=word)
                | Q(issuer__icontains=word)
                | Q(request_id__iexact=word)
            )
        return rows

    def by_outcome(self, rows: QuerySet[RecordedOperation], _name: str, outcome: str) -> QuerySet[RecordedOperation]:
        """Of those that have ended; the others have no outcome."""
        return rows.filter(Q(outcome=outcome) | Q(ended_at=None))


@require_safe
@needs(Action.INVENTORY_READ)
def all_operations(request: HtmxRequest) -> HttpResponse:
    """While something is in progress, the page asks our database again every ten seconds; to ask Azure is left to the person."""
    navigation = navigation_of(request, request.actor)
    one = vault_of(request)
    visible = visible_to(request.actor, one.team if one else request.actor.team)
    asked = request.GET.copy()
    if one:
        asked["vault"] = one.slug
    people = ("started_user", "ended_user")
    found = OperationFilter(asked, vaults=visible.vaults, queryset=visible.operations.select_related(*people))
    pending = paged(request, found.qs.filter(ended_at=None), OPEN)
    recent = found.qs.filter(ended_at__isnull=False, ended_at__gte=timezone.now() - OUTCOMES_KEPT)
    ended = paged(request, recent, ENDED, prefix="ended_")
    context = {
        "filter": found,
        "pending": pending,
        "in_progress": with_vaults(pending.rows, navigation.vaults),
        "ended": ended,
        "outcomes": [(row, *MARKS.get(row.outcome, UNKNOWN)) for row in with_vaults(ended.rows, navigation.vaults)],
        "searched_in_part": searched_in_part(request.GET.get("q", "")),
    }
    return render_page(request, "vaults/all_operations.html", context, partial="results")
