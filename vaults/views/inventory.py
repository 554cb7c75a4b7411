"""The inventory: items that the last scans found in the current team's vaults. Nothing here calls Azure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

import django_filters
from django import forms
from django.core.paginator import Paginator
from django.db.models import F, OrderBy, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from vaults.access import current_team, visible_to
from vaults.actions.inventory import export_items
from vaults.inventory.counts import Summary, expiring, next_months
from vaults.keyvault.identifiers import fold, thumbprint_in
from vaults.keyvault.references import find_references
from vaults.kinds import KINDS
from vaults.models import InventoryItem, RecordedOperation, Vault
from vaults.models.inventory import ENDLESS
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.templatetags.figures import month_key
from vaults.templatetags.kvportal import raw_or_unknown
from vaults.web.decorators import needs
from vaults.web.downloads import download
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, is_swap, render_page, search_words, searched_in_part
from vaults.web.spreadsheet import spreadsheet

PAGE_SIZE = 50

STATES = [
    ("expired", "Expired"),
    ("7", "Within 7 days"),
    ("30", "Within 30 days"),
    ("90", "Within 90 days"),
    ("never", "Never expires"),
    ("disabled", "Disabled"),
    ("pending", "Pending"),
    ("unissued", "Not issued"),
    ("deleted", "Deleted"),
]
#: By state: the attribute of the summary that counts it.
COUNTED_AS = {
    "expired": "expired",
    "7": "within_7",
    "30": "within_30",
    "90": "within_90",
    "never": "never_expires",
    "disabled": "disabled",
    "pending": "pending",
    "unissued": "unissued",
    "deleted": "deleted",
}


def month_choices() -> list[tuple[str, str]]:
    """The months of the overview's chart; like there, the first one is only the rest of the present month."""
    first, *later = next_months(timezone.now())
    names = [(month_key(month), f"{month.start:%B %Y}") for month in later]
    return [(month_key(first), f"Rest of {first.start:%B %Y}"), *names]


#: States about an expiry date: their default order is the earliest date first.
BY_DATE = {"expired", "7", "30", "90"}
#: By sort order. Items without a date come last in both directions.
SORTS: dict[str, list[str | OrderBy]] = {
    "name": ["name"],
    "-name": ["-name"],
    "expires": [F("expires_on").asc(nulls_last=True)],
    "-expires": [F("expires_on").desc(nulls_last=True)],
    "updated": [F("updated_on").asc(nulls_last=True)],
    "-updated": [F("updated_on").desc(nulls_last=True)],
    "vault": ["vault__name", "kind"],
    "-vault": ["-vault__name", "kind"],
}
#: Makes the order unique, so that each item is on exactly one page.
TIE = ["name", "vault__name", "kind", "pk"]

CSV_COLUMNS = [
    "vault", "kind", "name", "enabled", "managed", "not_before", "expires_on", "created_on", "updated_on", "deleted_on",
    "content_type", "subject", "tags", "as_of", "issued", "pending",
]  # fmt: skip


class VaultField(django_filters.fields.ModelChoiceField):  # type: ignore[misc]  # django-filter has no types
    """Vaults, with their host where the name alone is not unique."""

    def label_from_instance(self, vault: Vault) -> str:
        return f"{vault.name} · {vault.suffix}" if vault.suffix else vault.name


class VaultFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    field_class = VaultField


class InventoryFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """The filters of the inventory; other parameters in the address are ignored."""

    q = django_filters.CharFilter(method="by_text", label="Search")
    vault = VaultFilter(queryset=VaultQuerySet(Vault).none(), to_field_name="slug", empty_label="All vaults")
    kind = django_filters.ChoiceFilter(choices=[(kind.name, kind.title) for kind in KINDS], empty_label="All kinds")
    state = django_filters.ChoiceFilter(choices=STATES, method="by_state", label="State", empty_label="All states")
    month = django_filters.ChoiceFilter(
        choices=month_choices, method="by_month", label="Expires in", empty_label="Any month"
    )
    enabled = django_filters.BooleanFilter(method="only_enabled", label="Enabled only", widget=forms.CheckboxInput)
    managed = django_filters.BooleanFilter(
        method="with_managed", label="Managed secrets and keys", widget=forms.CheckboxInput, field_name="managed"
    )

    class Meta:
        model = InventoryItem
        fields = ("q", "vault", "kind", "state", "month", "enabled", "managed")

    def __init__(self, data: QueryDict, *, vaults: QuerySet[Vault], queryset: QuerySet[InventoryItem]) -> None:
        if data.get("state") != "deleted":
            queryset = queryset.filter(deleted_on=None)
        if not data.get("managed"):
            queryset = queryset.filter(managed=False)
        super().__init__(data, queryset=queryset)
        self.filters["vault"].queryset = vaults

    def filter_queryset(self, queryset: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
        """Nothing for a filter that does not exist, such as a vault that was removed: not everything."""
        found: QuerySet[InventoryItem] = super().filter_queryset(queryset)
        return found.none() if self.form.errors else found

    def by_text(self, items: QuerySet[InventoryItem], _name: str, text: str) -> QuerySet[InventoryItem]:
        return items.filter(matching(text, self.filters["vault"].queryset))

    def by_state(self, items: QuerySet[InventoryItem], _name: str, state: str) -> QuerySet[InventoryItem]:
        now = timezone.now()
        match state:
            case "expired":
                return items.filter(expires_on__lte=now)
            case "never":
                return items.filter(ENDLESS)
            case "disabled":
                return items.filter(enabled=False, issued=True)
            case "pending":
                return items.filter(pending=True)
            case "unissued":
                return items.filter(issued=False, pending=False)
            case "deleted":
                return items.exclude(deleted_on=None)
            case days:
                return items.filter(expires_on__gt=now, expires_on__lte=now + timedelta(days=int(days)))

    def by_month(self, items: QuerySet[InventoryItem], _name: str, key: str) -> QuerySet[InventoryItem]:
        now = timezone.now()
        return items.filter(
            *(expiring(now, month.start, month.end) for month in next_months(now) if month_key(month) == key)
        )

    def only_enabled(self, items: QuerySet[InventoryItem], _name: str, wanted: bool) -> QuerySet[InventoryItem]:
        return items.filter(enabled=True) if wanted else items

    def with_managed(self, items: QuerySet[InventoryItem], _name: str, _value: bool) -> QuerySet[InventoryItem]:
        """Nothing: __init__ does this, because the filter has an effect when it is off."""
        return items


def matching(text: str, vaults: VaultQuerySet) -> Q:
    """A condition for the items that a search finds: each of its words, or what a pasted address or identifier names."""
    if thumbprint := thumbprint_in(text):
        return Q(thumbprint=thumbprint)
    if (named := named_in(text, vaults)) is not None:
        return named
    found = Q()
    for word in search_words(text):
        found &= (
            Q(folded_name__contains=fold(word))
            | Q(tag_text__contains=word.casefold())
            | Q(subject__icontains=word)
            | Q(known_certificate__subject__icontains=word)
            | Q(content_type__icontains=word)
            | Q(vault__name__icontains=word)
        )
    return found


def named_in(text: str, vaults: VaultQuerySet) -> Q | None:
    """A condition for the items of the vault, or the item, that a pasted address or identifier names; None for words."""
    pasted = [reference for reference in find_references(text) if reference.sure or set(reference.vault) & set(".:")]
    for reference in pasted:
        if found := list(vaults.named(reference.vault)):
            named = Q(vault__in=found)
            of_item = reference.name and reference.collection not in ("issuers", "contacts")
            return named & Q(folded_name=fold(reference.name)) if of_item else named
    return None


def vault_of(request: HtmxRequest) -> Vault | None:
    """The vault that the address names, also by an address of an earlier version, with any current team."""
    slug = request.GET.get("vault", "").replace("\0", "")
    if not slug:
        return None
    visible = visible_to(request.actor).vaults
    return visible.filter(slug=slug).first() or visible.filter(former__slug=slug).first()


def filtered(request: HtmxRequest, **changed: str) -> InventoryFilter:
    """The filtered items of the address. `changed`: values that replace those of the address."""
    asked = request.GET.copy()
    for name, value in changed.items():
        asked[name] = value
    one = vault_of(request)
    if one:
        asked["vault"] = one.slug
    visible = visible_to(request.actor, one.team if one else request.actor.team)
    return InventoryFilter(asked, vaults=visible.vaults, queryset=visible.items.select_related("vault"))


def left_out(request: HtmxRequest) -> dict[str, int]:
    """The number of items that match a search but are filtered out: deleted ones, and managed secrets and keys."""
    if not request.GET.get("q", "").strip():
        return {}
    counts = {}
    if request.GET.get("state") != "deleted":
        counts["deleted"] = filtered(request, state="deleted").qs.count()
    if not request.GET.get("managed"):
        counts["managed"] = filtered(request, managed="on").qs.filter(managed=True).count()
    return counts


def sort_of(request: HtmxRequest) -> str:
    """The chosen order, else the default order for the filters."""
    chosen = request.GET.get("sort", "")
    if chosen in SORTS:
        return chosen
    return "expires" if request.GET.get("state") in BY_DATE or request.GET.get("month") else "name"


def ordered(request: HtmxRequest, found: InventoryFilter) -> QuerySet[InventoryItem]:
    """The filtered items in the order of the page, which the CSV also has."""
    items: QuerySet[InventoryItem] = found.qs
    return items.order_by(*SORTS[sort_of(request)], *TIE)


OfVault = TypeVar("OfVault", InventoryItem, RecordedOperation)

#: What a row shows; to read the other columns takes as long again.
ROW = (
    "kind", "name", "enabled", "managed", "pending", "issued", "not_before", "expires_on", "updated_on", "deleted_on",
    "scheduled_purge_on", "tags", "odd", "vault",
)  # fmt: skip


def with_vaults(items: Iterable[OfVault], known: Iterable[Vault]) -> list[OfVault]:
    """The rows with their vaults, each taken from those that the page knows: a join would make one for each item."""
    found, by_id = list(items), {vault.pk: vault for vault in known}
    for item in found:
        if item.vault_id in by_id:  # else a vault of another team, read when its name is shown
            item.vault = by_id[item.vault_id]
        by_id[item.vault_id] = item.vault
    return found


@require_safe
@needs(Action.INVENTORY_READ)
def inventory(request: HtmxRequest) -> HttpResponse:
    found = filtered(request)
    rows = ordered(request, found).select_related(None).only(*ROW)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    navigation = navigation_of(request, request.actor)
    page.object_list = with_vaults(page.object_list, navigation.vaults)
    summary = Summary(navigation.vaults)
    context = {
        "filter": found,
        "page": page,
        "states": [(state, label, getattr(summary.figures, COUNTED_AS[state])) for state, label in STATES],
        "chosen_state": request.GET.get("state"),
        "sort": sort_of(request),
        "swap": is_swap(request),
        "left_out": left_out(request),
        "searched_in_part": searched_in_part(request.GET.get("q", "")),
        "summary": summary,
    }
    return render_page(request, "vaults/inventory.html", context, partial="results")


@require_safe
def inventory_csv(request: HtmxRequest) -> HttpResponse:
    """The list as CSV, with all its pages; metadata only."""
    found = ordered(request, filtered(request))
    rows = [
        row_of(item) for item in export_items(request.actor, vault_of(request) or current_team(request.actor), found)
    ]
    name = f"kvportal-inventory-{timezone.localdate():%Y-%m-%d}.csv"
    return download(spreadsheet([CSV_COLUMNS, *rows]), name, "text/csv; charset=utf-8")


def row_of(item: InventoryItem) -> list[Any]:
    tags = "; ".join(f"{name}={value}" for name, value in item.tags.items())
    cells = {**item.__dict__, "vault": item.vault.name, "tags": tags, "as_of": item.vault.scanned_at}
    return [raw_or_unknown(item.odd[column]) if column in item.odd else cells[column] for column in CSV_COLUMNS]
