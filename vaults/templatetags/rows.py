"""Cells that the lists of secrets, keys and certificates share.

Tags, not includes: lists are the most used pages, and they render each of these once a row.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from vaults.kinds import CERTIFICATE, KEY, KINDS, SECRET, Kind
from vaults.models import InventoryItem
from vaults.templatetags.kvportal import (
    NO_END,
    NUMBER,
    Item,
    State,
    as_sent,
    badge,
    date_and_time,
    day,
    icon,
    not_issued,
    odd,
    pairs,
    relative,
    state_of,
    tag_labels,
    visible,
    when,
)
from vaults.templatetags.markup import markup

register = template.Library()

MANAGED = markup(
    '<span title="managed: belongs to a certificate">{}<span class="visually-hidden">managed by a certificate</span></span>',
    icon("lock", 14),
)


NAME_END = 12
#: The same of a connection in the head of a page.
CONNECTION_END = 6
"""Number of characters at a name's end that are always shown: similar names mostly differ there."""


class Listed(Item, Protocol):
    """The attributes of a secret, key or certificate in a list or in the inventory."""

    name: str
    tags: Mapping[str, str]


class Identified(Listed, Protocol):
    """An item of a list, which has Azure's identifier."""

    id: str


def is_managed(item: Listed) -> bool:
    return bool(getattr(item, "managed", False))


RENEWAL = markup(
    '<span title="a further version is pending">{}<span class="visually-hidden">a further version is pending</span></span>',
    icon("loader", 14),
)


def is_issued(item: Listed) -> bool:
    """False for a certificate that was never issued; True for all other items."""
    return bool(getattr(item, "issued", True))


def is_pending(item: Listed, pending: Collection[str]) -> bool:
    """Whether a certificate's operation is in progress: inventory rows know it; for items of a list, `pending` has the names."""
    return bool(getattr(item, "pending", False)) or item.name.lower() in pending


def row_tone(item: Listed, pending: Collection[str] = ()) -> str:
    """The tone (ok, soon, bad, off, wait, unknown), "pending" or "unissued", for `data-state`, by which lists filter."""
    if is_issued(item):
        return state_of(item, timezone.now()).tone
    return "pending" if is_pending(item, pending) else "unissued"


def row_attributes(item: Identified, base: str, pending: Collection[str] = ()) -> SafeString:
    """The data attributes of a row for scripts: the item's address (`base` is its list's), name, id and state. `pending`: the
    lower-case names of certificates whose operation is in progress."""
    tone = row_tone(item, pending)
    name, managed = item.name, " data-managed" if is_managed(item) else ""
    return markup(
        'data-row="{}{}/" data-name="{}" data-id="{}" data-state="{}"{}', base, name, name, item.id, tone, managed
    )


def row_name(item: Listed, base: str) -> SafeString:
    """The name as a link to the item, with a lock if the item is a managed secret or key."""
    return markup("{}{}", name_link(f"{base}{item.name}/", item.name), MANAGED if is_managed(item) else "")


@register.simple_tag
def name_label(name: str) -> SafeString:
    """A name that is shortened in its middle if space is short; the style sheet cuts its first part."""
    if len(name) <= 2 * NAME_END:
        return conditional_escape(name)
    return markup('<span class="name-start">{}</span>{}', name[:-NAME_END], name[-NAME_END:])


@register.simple_tag
def connection_label(name: str) -> SafeString:
    """A connection in the head of a page, shortened in its middle: names of one team often begin alike."""
    parts = '<span class="name-start">{}</span><span>{}</span>'
    return markup(
        '<b><span class="visually-hidden">{}</span><span class="cut" aria-hidden="true">' + parts + "</span></b>",
        name,
        name[:-CONNECTION_END],
        name[-CONNECTION_END:],
    )


@register.simple_tag
@lru_cache(maxsize=2000)
def name_link(address: str, name: str) -> SafeString:
    """A name as the link of a row. The aria-label has the whole name, because screen readers would read two parts."""
    return markup('<a href="{}" title="{}" aria-label="{}">{}</a>', address, name, name, name_label(name))


@register.simple_tag
def row_end(item: Listed, pending: Collection[str] = ()) -> SafeString:
    """State and expiry in one cell, sorted by expiry: first the state, then the date. "Enabled" is not shown.

    `pending` as in `row_attributes`.
    """
    end = item.expires_on if is_issued(item) else None
    now = timezone.now()
    found = state_of(item, now)
    return markup(
        '<td class="expires" data-sort="{}"><span class="ends">{}{}{}</span></td>',
        end.isoformat() if end else "",
        _mark(item, pending, found, now),
        _date(item, found, now),
        RENEWAL if is_issued(item) and is_pending(item, pending) else "",
    )


def _mark(item: Listed, pending: Collection[str], found: State, now: datetime) -> SafeString:
    if getattr(item, "deleted_on", None):
        return badge("off", "Deleted", "trash")
    if not is_issued(item):
        return badge("wait", "Pending", "loader") if is_pending(item, pending) else not_issued()
    if found.tone == "soon" and item.expires_on:
        return badge("soon", relative(item.expires_on, now), found.icon)
    if found.tone == "wait":
        return badge("wait", "Not yet", found.icon)
    if found.tone == "unknown":
        return badge(found.tone, "Not known", found.icon, as_sent(item.odd["enabled"]))
    if found.tone != "ok":
        return badge(found.tone, found.word, found.icon)
    raw = item.odd.get("expires_on", "")
    return when(item.expires_on, raw) if item.expires_on or raw else NO_END


def _nothing_known(item: Listed) -> bool:
    """True if state and expiry date are unreadable for the same reason: one mark is enough."""
    return item.odd.get("enabled") == item.odd.get("expires_on")


def _date(item: Listed, found: State, now: datetime) -> SafeString:
    """The day of expiry, of a future start, or until which the item can be recovered; "" if the mark is enough.

    Dates of a certificate that was never issued mean nothing: an issued version gets others.
    """
    is_deleted = bool(getattr(item, "deleted_on", None))
    if not is_deleted and not is_issued(item):
        return SafeString()
    moment, word = (item.not_before, "from ") if found.tone == "wait" else (item.expires_on, "")
    if is_deleted:
        moment, word = getattr(item, "scheduled_purge_on", None), "until "
    elif moment is None and "expires_on" in item.odd:
        is_marked = found.tone == "ok" or (found.tone == "unknown" and _nothing_known(item))
        return SafeString() if is_marked else when(None, item.odd["expires_on"])
    if moment is None:
        return NO_END if found.tone in ("off", "unknown") else SafeString()
    return markup(
        '<time class="date" datetime="{}" title="{}">{}{}</time>',
        moment.isoformat(timespec="seconds"),
        relative(moment, now),
        word,
        day(moment),
    )


def row_tags(item: Listed) -> SafeString:
    """All tags of a row, and a count that replaces all but the first if space is short."""
    if "tags" in item.odd:
        return odd(item.odd["tags"])
    return _tags_in_row(tuple(pairs(item.tags)))


@lru_cache(maxsize=2000)
def _tags_in_row(given: tuple[tuple[str, str], ...]) -> SafeString:
    """Cached, because items of a vault share tags."""
    if len(given) < 2:
        return tag_labels(given)
    rest = ", ".join(f"{name}={value}" if value else name for name, value in given[1:])
    return markup(
        '<span class="tags-row">{}<span class="tag tags-more" title="{}">+{}</span></span>',
        tag_labels(given),
        visible(rest),
        len(given) - 1,
    )


@register.simple_tag
def row_moment(item: Listed, name: str, css: str, label: str) -> SafeString:
    """A cell with a moment of the item, sorted by it. `label` is shown before it on a phone, where cells become lines."""
    moment, raw = getattr(item, name), item.odd.get(name, "")
    exact = moment.isoformat() if moment else ""
    blank = "" if moment or raw else " blank"
    if moment or not raw or NUMBER.fullmatch(raw):
        shown = when(moment, raw)
    else:
        shown = markup('<span class="none" title="{}">not known</span>', as_sent(raw))
    return markup('<td class="{}{}" data-label="{}" data-sort="{}">{}</td>', css, blank, label, exact, shown)


#: A deleted item that is purged within this number of days is marked.
PURGED_SOON = 7


@register.simple_tag
def days_left(item: InventoryItem) -> SafeString:
    """The days until a deleted item is purged, with the moment on hover."""
    moment = item.scheduled_purge_on
    if moment is None:
        return when(None, item.odd.get("scheduled_purge_on", ""))
    left = moment - timezone.now()
    hours = int(left.total_seconds() // 3600)
    word = "due" if left.total_seconds() <= 0 else f"{left.days} d left" if left.days else f"{hours} h left"
    if left.days < PURGED_SOON:
        return badge("soon", word, "clock", date_and_time(moment))
    return markup('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), date_and_time(moment), word)


KIND_ICONS = {SECRET: "key", KEY: "lock-password", CERTIFICATE: "certificate"}


@lru_cache(maxsize=len(KINDS))
def _kind(kind: Kind) -> SafeString:
    return markup(
        '<td class="kind" title="{0}">{1}<span class="visually-hidden">{0}</span></td>', kind, icon(KIND_ICONS[kind])
    )


@register.simple_tag
def kind_cell(item: InventoryItem) -> SafeString:
    return _kind(item.of_kind)


@register.simple_tag
def inventory_row(item: InventoryItem) -> SafeString:
    """An item's row in the inventory of all vaults."""
    address = item.get_absolute_url()
    return markup(
        '<tr data-row="{}" data-state="{}">{}<th class="name" scope="row">{}{}</th><td class="vault">{}</td>{}'
        '<td class="drop-2 tags-cell">{}</td>{}</tr>',
        address,
        row_tone(item),
        _kind(item.of_kind),
        name_link(address, item.name),
        MANAGED if item.managed else "",
        item.vault.name,
        row_end(item),
        row_tags(item),
        row_moment(item, "updated_on", "end drop-1 changed", "changed"),
    )
