"""The deleted items of all vaults, as the last scans found them. Nothing here calls Azure."""

from datetime import datetime

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from vaults.access import visible_to
from vaults.inventory.keyset import Order
from vaults.kinds import CERTIFICATE, KINDS
from vaults.models import InventoryItem, Vault
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.views.inventory import VaultFilter, matching, vault_of, with_vaults
from vaults.web.decorators import needs
from vaults.web.navigation import navigation_of
from vaults.web.paging import paged
from vaults.web.rendering import HtmxRequest, render_page, searched_in_part
from vaults.web.unread_deleted import unread_deleted

#: Those first that are purged first.
ORDER = Order("scheduled_purge_on")
#: What a row shows.
ROW = (
    "kind", "name", "managed", "deleted_on", "scheduled_purge_on", "recovery_level", "odd", "vault", "transition",
    "transition_since", "observed_at",
)  # fmt: skip


class RecycleBinFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """The filters of the deleted items; other parameters in the address are ignored."""

    q = django_filters.CharFilter(method="by_text", label="Search")
    vault = VaultFilter(queryset=VaultQuerySet(Vault).none(), to_field_name="slug", empty_label="All vaults")
    kind = django_filters.ChoiceFilter(choices=[(kind.name, kind.title) for kind in KINDS], empty_label="All kinds")

    class Meta:
        model = InventoryItem
        fields = ("q", "vault", "kind")

    def __init__(self, data: QueryDict, *, vaults: QuerySet[Vault], queryset: QuerySet[InventoryItem]) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["vault"].queryset = vaults

    def filter_queryset(self, queryset: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
        """Nothing for a filter that does not exist, such as a vault that was removed: not everything."""
        found: QuerySet[InventoryItem] = super().filter_queryset(queryset)
        return found.none() if self.form.errors else found

    def by_text(self, items: QuerySet[InventoryItem], _name: str, text: str) -> QuerySet[InventoryItem]:
        return items.filter(matching(text, self.filters["vault"].queryset))


@require_safe
@needs(Action.INVENTORY_READ)
def all_deleted(request: HtmxRequest) -> HttpResponse:
    """Each item with the way to recover or purge it."""
    navigation = navigation_of(request, request.actor)
    one = vault_of(request)
    visible = visible_to(request.actor, one.team if one else request.actor.team)
    asked = request.GET.copy()
    if one:
        asked["vault"] = one.slug
    found = RecycleBinFilter(asked, vaults=visible.vaults, queryset=visible.recycle_bin)
    listed = paged(request, found.qs.only(*ROW), ORDER)
    context = {
        "filter": found,
        "listed": listed,
        "rows": with_vaults(listed.rows, navigation.vaults),
        "certificate": CERTIFICATE,
        "unread": unread_deleted(navigation.vaults),
        "as_of": oldest_scan(navigation.vaults),
        "searched_in_part": searched_in_part(request.GET.get("q", "")),
    }
    return render_page(request, "vaults/all_deleted.html", context, partial="results")


def oldest_scan(vaults: list[Vault]) -> datetime | None:
    """The time of the oldest last scan: what the page shows is no older. None if no vault was scanned."""
    return min((vault.scanned_at for vault in vaults if vault.scanned_at), default=None)
