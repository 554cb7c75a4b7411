"""Addresses of the pages of a list that goes on from a place (vaults.inventory.keyset)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from vaults.inventory.keyset import Order, Page, Place
from vaults.web.rendering import HtmxRequest


@dataclass(frozen=True, slots=True)
class PagedList:
    """A page, with the addresses of the next and the previous one; "" if there is none. `of`: words for all its rows."""

    page: Page[Any]
    next: str
    previous: str

    @property
    def rows(self) -> list[Any]:
        return list(self.page.object_list)

    @property
    def words(self) -> str:
        """How many rows are shown, and of how many."""
        shown = f"{len(self.page.object_list):,}"
        if self.page.count is not None:
            return f"{shown} of {self.page.count:,}"
        return shown if self.previous else f"{shown} of more than 500"


def paged(request: HtmxRequest, rows: QuerySet[Any], order: Order, prefix: str = "") -> PagedList:
    """The page of the list that the address names. `prefix`: of its parameters, if the page has several lists."""
    after, before = (Place.read(request.GET.get(f"{prefix}{name}", "")) for name in ("after", "before"))
    page = order.page(rows, after, before)
    return PagedList(
        page,
        _address(request, prefix, after=page.after) if page.after else "",
        _address(request, prefix, before=page.before) if page.before else "",
    )


def _address(request: HtmxRequest, prefix: str, **place: Place) -> str:
    asked = request.GET.copy()
    for name in ("after", "before"):
        asked.pop(f"{prefix}{name}", None)
    for name, there in place.items():
        asked[f"{prefix}{name}"] = str(there)
    return f"?{asked.urlencode()}"
