"""The cells that lists of secrets, keys and certificates have alike.

Tags, not includes: a list is the page that people live on, and it draws each of these once a row.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vaults.templatetags.kvportal import Item, badge, icon, not_issued, state_of, when

register = template.Library()

MANAGED = format_html(
    '<span title="managed: belongs to a certificate">{}<span class="visually-hidden">managed by a certificate</span></span>',
    icon("lock", 14),
)


class Listed(Item, Protocol):
    """What a list says of a secret, a key or a certificate."""

    id: str
    name: str


def is_managed(item: Listed) -> bool:
    return bool(getattr(item, "managed", False))


def is_issued(item: Listed) -> bool:
    """A certificate that was never issued has no thumbprint."""
    return getattr(item, "x5t", None) != ""


@register.simple_tag
def row_attributes(item: Listed, base: str, pending: Collection[str] = ()) -> SafeString:
    """What scripts read of a row: the item's address (below `base`, its list's), name, id and state. `pending`: names, in
    lower case, of certificates whose operation is under way."""
    unissued = "pending" if item.name.lower() in pending else "off"
    tone = state_of(item, timezone.now()).tone if is_issued(item) else unissued
    name, managed = item.name, " data-managed" if is_managed(item) else ""
    return format_html(
        'data-row="{}{}/" data-name="{}" data-id="{}" data-state="{}"{}', base, name, name, item.id, tone, managed
    )


@register.simple_tag
def row_name(item: Listed, base: str) -> SafeString:
    """The name that leads to the item, and a lock for the managed twin of a certificate."""
    name, lock = item.name, MANAGED if is_managed(item) else ""
    return format_html('<a href="{}{}/" title="{}">{}</a>{}', base, name, name, name, lock)


@register.simple_tag
def row_state(item: Listed, pending: Collection[str] = ()) -> SafeString:
    """The badge of an item's state; `pending` as above."""
    if not is_issued(item):
        return badge("wait", "Pending", "loader") if item.name.lower() in pending else not_issued()
    found = state_of(item, timezone.now())
    return badge(found.tone, found.word, found.icon)


@register.simple_tag
def row_moment(moment: datetime | None, css: str, label: str) -> SafeString:
    """A cell with a moment, sorted by it; `label` stands before it where cells become lines, on a phone."""
    exact = moment.isoformat() if moment else ""
    blank = "" if moment else " blank"
    return format_html(
        '<td class="{}{}" data-label="{}" data-sort="{}">{}</td>', css, blank, label, exact, when(moment)
    )
