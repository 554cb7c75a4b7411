"""Template tags and filters of the portal: icons, states, times, text of other people. The chart: figures.py.

The module is in the template engine's `builtins`, so templates need no `{% load %}`. Tags that occur in every row of a list
return finished markup instead of including a template: 25 rows are rendered in a few milliseconds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Protocol
from zipfile import ZipFile

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseForm
from django.forms.utils import flatatt
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe

from vaults import access
from vaults.models import Vault
from vaults.permissions import Action
from vaults.problems.scans import words_of_scan
from vaults.problems.titles import Facts, title_of
from vaults.templatetags.figures import chart_bar, expiry_chart, number_card, of_vault
from vaults.templatetags.markup import markup

register = template.Library()

SOON_DAYS = 30
"""An item that expires within this number of days is marked."""

MINUTE, HOUR, DAY, MONTH, YEAR = 60, 3600, 86400, 30.44 * 86400, 365.25 * 86400


@lru_cache(maxsize=1)
def _icons() -> ZipFile:
    """Tabler's outline icons. The package's own tag opens this archive for each icon, which takes 30 ms each time."""
    return ZipFile(BytesIO(files("tablericons").joinpath("tablericons.zip").read_bytes()))


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16) -> SafeString:
    """One of Tabler's outline icons as inline SVG; decoration only, so it is hidden from screen readers."""
    drawn = _icons().read(f"outline/{name}.svg").decode()
    paths = " ".join(drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")].split())
    return mark_safe(  # noqa: S308 - from the icon package, without user input
        f'<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{paths}</svg>'
    )


# State of a secret, key or certificate


class Item(Protocol):
    """The attributes of a version of a secret, key or certificate that decide its state."""

    enabled: bool | None
    not_before: datetime | None
    expires_on: datetime | None
    odd: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class State:
    """`tone` chooses the colour; `icon` and `word` have the same meaning without colour."""

    tone: str
    icon: str
    word: str


def state_of(item: Item, now: datetime) -> State:
    """The most important state: disabled before expired, expired before not yet active."""
    if "enabled" in item.odd:
        return State("unknown", "help-circle", "State not known")
    if item.enabled is False:
        return State("off", "circle-minus", "Disabled")
    if item.expires_on and item.expires_on <= now:
        return State("bad", "alert-triangle", "Expired")
    if item.not_before and item.not_before > now:
        return State("wait", "clock-pause", "Not yet active")
    if item.expires_on and (item.expires_on - now).days < SOON_DAYS:
        return State("soon", "clock", f"Expires in {_amount((item.expires_on - now).total_seconds())}")
    return State("ok", "check", "Enabled")


@register.simple_tag
def state(item: Item) -> SafeString:
    """An item's badge: icon and word in the state's colour."""
    if not getattr(item, "issued", True):
        return not_issued()
    found = state_of(item, timezone.now())
    return badge(found.tone, found.word, found.icon, as_sent(item.odd["enabled"]) if found.tone == "unknown" else "")


@register.simple_tag
def not_issued() -> SafeString:
    """The badge of a certificate without a version: its operation is in progress, has failed or no longer exists."""
    return badge("off", "Not issued", "certificate-off")


@register.simple_tag
def due(item: Item) -> SafeString:
    """When an item expires, in the colour of its state: for lists of expiry dates."""
    now = timezone.now()
    if item.expires_on is None:
        raw = item.odd.get("expires_on")
        return odd(raw_or_unknown(raw), date_note(raw)) if raw else NO_END
    found = state_of(item, now)
    tone = found.tone if found.tone in ("bad", "soon") else "off"
    return badge(tone, relative(item.expires_on, now), "calendar-event" if tone == "off" else found.icon)


TONE_ICONS = {
    "ok": "check",
    "soon": "clock",
    "bad": "alert-triangle",
    "off": "circle-minus",
    "wait": "loader",
    "unknown": "help-circle",
}


@register.simple_tag
@lru_cache(maxsize=500)
def badge(tone: str, word: str, icon_name: str = "", title: str = "") -> SafeString:
    """A word in a state's colour, always with an icon; optionally a title on hover."""
    drawn = icon(icon_name or TONE_ICONS.get(tone, "info-circle"), 14)
    hover = markup(' title="{}"', title) if title else ""
    return markup('<span class="badge badge-{}"{}>{}{}</span>', tone, hover, drawn, word)


DOT_WORDS = {
    "ok": "nothing expires soon",
    "soon": "something has expired or expires soon",
    "bad": "the last scan failed",
    "unknown": "not scanned yet",
}


@register.simple_tag
def dot(tone: str) -> SafeString:
    """The health of a vault as a small mark; each state has its own shape, and a text for screen readers."""
    word = DOT_WORDS.get(tone, DOT_WORDS["unknown"])
    return markup(
        '<span class="dot dot-{}" title="{}"><span class="visually-hidden">{}</span></span>', tone, word, word
    )


@register.simple_tag
@lru_cache(maxsize=500)
def letters(vault: str) -> SafeString:
    """A vault in the narrow sidebar: start and end of its name. "kv-shop-prod" is "shop", "prod"; "kv-20261" is "2026", "1"."""
    name = vault.removeprefix("kv-")
    start, _, rest = name.partition("-")
    rest = rest or name[4:]
    return markup('<span class="letters" aria-hidden="true"><b>{}</b>{}</span>', start[:4], rest.replace("-", "")[-5:])


# Addresses


@register.simple_tag(takes_context=True)
def way_back(context: dict[str, Any]) -> str:
    """The page in `?next=` if it is on this host, else the overview."""
    request = context["request"]
    page = request.GET.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()) else "/"


# Times


def _amount(seconds: float) -> str:
    """A duration in the largest unit that fits: "3 h", "12 d", "8 mo"."""
    seconds = abs(seconds)
    for limit, unit, word in (
        (HOUR, MINUTE, "min"),
        (DAY, HOUR, "h"),
        (60 * DAY, DAY, "d"),
        (YEAR, MONTH, "mo"),
    ):
        if seconds < limit:
            return f"{int(seconds // unit)} {word}"
    return f"{int(seconds // YEAR)} y"


def relative(moment: datetime, now: datetime) -> str:
    """ "in 12 d", "3 h ago", "just now"."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < MINUTE:
        return "just now"
    return f"in {_amount(seconds)}" if seconds > 0 else f"{_amount(seconds)} ago"


def date_and_time(moment: datetime) -> str:
    """The moment in the viewer's time zone, with its name: "6 Dec 2026, 09:00 CET"."""
    return _in_zone(moment, timezone.get_current_timezone())


@lru_cache(maxsize=5000)
def _in_zone(moment: datetime, zone: tzinfo) -> str:
    """Cached, because a list has 50 moments, and most are shown again."""
    try:
        local = timezone.localtime(moment, zone)
    except OverflowError:  # the last hours of the year 9999, which some use for "never", in a zone further east
        local = moment
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def day(moment: datetime) -> str:
    """The day in the viewer's time zone, for lists: "6 Dec 2026"."""
    return date_and_time(moment).partition(",")[0]


register.filter("day", day)


@register.simple_tag
def on_day(moment: datetime) -> SafeString:
    """The day of a moment; date, time and zone on hover."""
    return markup(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        date_and_time(moment),
        day(moment),
    )


NO_MOMENT = markup('<span class="none">{}</span>', "—")
NO_END = markup('<span class="none">{}</span>', "no end")


@register.simple_tag
def odd(text: str, note: str = "As Azure has it; it can't be read.") -> SafeString:
    """The text of an unreadable value, with a note on hover."""
    mark = icon("alert-triangle", 14)
    shown = visible(text)
    return markup('<span class="odd" title="{} {}">{}<bdi>{}</bdi></span>', shown, note, mark, shown)


@register.simple_tag
def unread(raw: str) -> SafeString:
    """Shown instead of a yes or no that can't be read."""
    return odd_with_note(raw_or_unknown(raw))


def raw_or_unknown(raw: str) -> str:
    """A number unchanged, because it is informative; any other text as "not known (…)"."""
    return raw if NUMBER.fullmatch(raw) else f"not known ({raw})"


def as_sent(raw: str) -> str:
    return f"As Azure has it: {visible(raw)}"


NUMBER = re.compile(r'"?-?[0-9.]+"?')


@register.simple_tag
def odd_with_note(text: str, note: str = "As Azure has it; it can't be read.") -> SafeString:
    """Like `odd`, with the note as visible text."""
    return markup('<span>{} <span class="quiet small">{}</span></span>', odd(text, note), note)


def date_note(text: str) -> str:
    """A note about a date that can't be shown: most are outside the calendar, or in milliseconds."""
    try:
        number = int(text.strip('"'))
    except ValueError:
        return "As Azure has it; it can't be read."
    if number < 0:
        return "As Azure has it: seconds to a date before the year 1."
    try:
        in_milliseconds = datetime.fromtimestamp(number / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return "As Azure has it: seconds to a date after the year 9999."
    guess = f" As milliseconds it would be {in_milliseconds:%d %b %Y}." if 2000 <= in_milliseconds.year < 2200 else ""
    return f"As Azure has it: seconds to a date after the year 9999.{guess}"


@register.simple_tag
def when(moment: datetime | None, raw: str = "") -> SafeString:
    """A moment relative to now, with the exact one on hover. `raw`: the text instead of a date that could not be read."""
    if moment is None:
        return odd(raw_or_unknown(raw), date_note(raw)) if raw else NO_MOMENT
    return markup(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        moment.isoformat(timespec="seconds"),
        date_and_time(moment),
        relative(moment, timezone.now()),
    )


@register.simple_tag
def exact(moment: datetime | None, raw: str = "") -> SafeString:
    """A moment for detail pages: date, time, zone; relative on hover. `raw` as in `when`, with a visible note."""
    if moment is None:
        return odd_with_note(raw_or_unknown(raw), date_note(raw)) if raw else NO_MOMENT
    return markup(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        relative(moment, timezone.now()),
        date_and_time(moment),
    )


@register.simple_tag
def to_the_second(moment: datetime) -> SafeString:
    """A moment of the record: date, time with seconds, zone; relative on hover."""
    local = timezone.localtime(moment)
    return markup(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        relative(moment, timezone.now()),
        f"{local.day} {local:%b %Y, %H:%M:%S %Z}",
    )


@register.filter
def duration(milliseconds: int) -> str:
    """ "12 ms", "1.2 s", "3 min"."""
    seconds = milliseconds / 1000
    return f"{milliseconds} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < MINUTE else _amount(seconds)


@dataclass(frozen=True, slots=True)
class End:
    """A text for an end that is near or past, with its CSS class for the colour."""

    css: str
    word: str


@register.simple_tag
def due_soon(moment: datetime | None) -> End | None:
    """None if the end is SOON_DAYS or more away, or not known."""
    now = timezone.now()
    if moment is None or (moment - now).days >= SOON_DAYS:
        return None
    if moment <= now:
        return End("tone-bad", f"ended {relative(moment, now)}")
    return End("tone-soon", f"ends {relative(moment, now)}")


# Text that others wrote

UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@register.filter(is_safe=False)
def visible(text: object) -> str:
    """Text with control and direction characters spelled out, so that a tag can't look like another."""
    return UNSEEN.sub(lambda mark: f"⟨U+{ord(mark.group()):04X}⟩", str(text))


@register.filter(is_safe=False)
def keep_bytes(text: str) -> SafeString:
    """Escaped text for a `<pre>` or `<textarea>` that keeps every character of a secret's value.

    The HTML parser drops the first line feed of such an element, and turns a carriage return into a line feed
    unless it is written as a reference. HTML can't hold a NUL in any form: a word is shown instead.
    """
    escaped = conditional_escape(str(text)).replace("\r", "&#13;").replace("\0", '<b class="tone-soon">⟨NUL⟩</b>')
    return mark_safe("\n" + escaped)  # noqa: S308 - escaped on the line above


@register.filter
def short_id(identifier: str) -> str:
    """The start and end of a version or request id: "8f2c…41aa"."""
    return identifier if len(identifier) <= 12 else f"{identifier[:4]}…{identifier[-4:]}"


@register.filter
def only_version(text: object) -> str:
    """The text if it is the id of a version, else "": an entry that others changed may have anything."""
    return text if isinstance(text, str) and re.fullmatch("[0-9a-fA-F]{32}", text) else ""


@register.filter
def pairs(tags: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """Tags as pairs: in a dict, the template would not find the method for which a tag is named."""
    return list((tags or {}).items())


@register.simple_tag
def tags(given: Mapping[str, str] | None) -> SafeString:
    """Tags as small labels; names and values keep their spaces. (A tag, not an include: lists render it for each row.)"""
    return tag_labels(tuple(pairs(given)))


@lru_cache(maxsize=2000)
def tag_labels(given: tuple[tuple[str, str], ...]) -> SafeString:
    """The markup of an item's tags. Cached, because items of a vault share tags, and lists are rendered often."""
    shown = [(visible(name), visible(value)) for name, value in given]
    labels = format_html_join(
        "",
        '<span class="tag" title="{}={}"><bdi>{}</bdi>{}</span>',
        ((name, value, name, markup("=<bdi>{}</bdi>", value) if value else "") for name, value in shown),
    )
    return markup('<span class="tags">{}</span>', labels)


@register.simple_tag
def iso(moment: datetime | None) -> str:
    """A moment for scripts to sort by; "" for None."""
    return moment.isoformat() if moment else ""


@register.filter
def pick(mapping: dict[str, Any] | None, key: str) -> Any:
    """The value for a key, or None: for keys that are known only while the page is rendered."""
    return (mapping or {}).get(key)


@register.filter
def action_label(action: str) -> str:
    """The label of an action; the action itself if an older entry has one that no longer exists."""
    return Action(action).label if action in set(Action) else action


@register.filter
def scan_problem(vault: Vault) -> str:
    """The problem of the vault's last scan, in words."""
    return words_of_scan(vault.scan_problem, vault.scan_problem_facts)


@register.filter
def problem_title(code: str, facts: Facts) -> str:
    """A problem or result, stored as code and facts, in words."""
    return title_of(code, facts)


@register.simple_tag(takes_context=True)
def can(context: Context, action: str, target: access.Target | None = None, name: str = "") -> bool:
    """Whether the viewer may do an action: on a vault, on one of its items by name, or on a connection; without a target, in
    the page's team. `{% can "secret.update" vault name as allowed %}`
    """
    navigation = context["navigation"]
    target = target or (navigation.here if navigation else None)
    if target is None:
        return False
    target = access.target_of(Action(action), target, name)
    return access.decide(context["request"].actor, Action(action), target).allowed


register.inclusion_tag("includes/expiry_chart.html")(expiry_chart)
register.simple_tag(chart_bar)
register.inclusion_tag("includes/number_card.html")(number_card)
register.filter("of_vault", of_vault)


@register.simple_tag
def options(groups: Iterable[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """The options of a select, from the groups that Django's widget gives its template."""
    drawn = SafeString()
    for name, choices, _ in groups:
        inner = SafeString("".join(map(_option, choices)))
        drawn += markup('<optgroup label="{}">{}</optgroup>', name, inner) if name else inner
    return drawn


def _option(choice: dict[str, Any]) -> SafeString:
    return markup('<option value="{}"{}>{}</option>', choice["value"], flatatt(choice["attrs"]), choice["label"])


@register.filter
def to_correct(form: BaseForm) -> int:
    """The number of errors to correct in a form; a password that is only asked for does not count."""
    return sum(name == NON_FIELD_ERRORS or bool(form[name].errors) for name in form.errors)
