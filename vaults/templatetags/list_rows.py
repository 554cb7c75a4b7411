"""The columns of the list of one kind, and its rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString

from vaults.forecast.renewals import How
from vaults.inventory.foresight import WithRenewal
from vaults.keyvault.identifiers import fold
from vaults.keyvault.types import CertificateProperties, SecretProperties
from vaults.keyvault.x500 import common_name
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.templatetags.kvportal import icon, odd, on_day, short_id, visible
from vaults.templatetags.markup import markup
from vaults.templatetags.rows import (
    Identified,
    Listed,
    row_attributes,
    row_end,
    row_moment,
    row_name,
    row_tags,
)

register = template.Library()

NOTHING_KNOWN: Final[Mapping[str, WithRenewal]] = MappingProxyType({})

CHECK = '<td class="check"><input class="needs-js" type="checkbox" data-select aria-label="Select {}"></td>'


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list of only one kind has. `key`: it can be sorted by this; "" if that would say nothing. `gives_way`:
    the class of the widths at which it is not shown."""

    title: str
    key: str
    gives_way: str
    width: str
    cell: Callable[[Any, WithRenewal | None], SafeString]


def _content_type(item: SecretProperties, _: object) -> SafeString:
    raw, text = item.odd.get("content_type"), visible(item.content_type or "")
    shown = odd(raw) if raw else markup("<bdi>{}</bdi>", text)
    title = markup(' title="{}"', text) if text else ""
    return markup('<td class="mono wrap drop-2 content-type"{} data-sort="{}">{}</td>', title, text, shown)


def _created(item: Listed, _: object) -> SafeString:
    return row_moment(item, "created_on", "drop-2", "created")


def _thumbprint(item: CertificateProperties, _: object) -> SafeString:
    return markup('<td class="mono drop-2" title="{}">{}</td>', item.x5t, short_id(item.x5t))


def _subject(_: object, read: WithRenewal | None) -> SafeString:
    return _name(read.known.subject, "drop-2") if read else markup(NOT_READ, "drop-2")


def _issuer(_: object, read: WithRenewal | None) -> SafeString:
    if read and read.known.self_signed:
        return markup('<td class="drop-1" title="{}" data-sort="">self-signed</td>', visible(read.known.issuer))
    return _name(read.known.issuer, "drop-1") if read else markup(NOT_READ, "drop-1")


def _name(text: str, css: str) -> SafeString:
    """An X.500 name by its common name."""
    if not text:
        return markup('<td class="{}"><span class="none">not known</span></td>', css)
    common = visible(common_name(text))
    return markup('<td class="{} cut" title="{}" data-sort="{}"><bdi>{}</bdi></td>', css, visible(text), common, common)


def _key(_: object, read: WithRenewal | None) -> SafeString:
    if not read:
        return markup(NOT_READ, "drop-2")
    kind, size = visible(read.known.key_type), visible(read.known.curve or read.known.key_size or "")
    return markup(
        '<td class="drop-2 cut">{}</td>', f"{kind} {size}" if kind else markup('<span class="none">not known</span>')
    )


#: What is foreseen: tone, word and icon.
_HOW: Final[Mapping[str, tuple[str, str, str]]] = {
    How.AUTOMATIC: ("ok", "automatic", "check"),
    How.BY_HAND: ("soon", "by hand", "hand-stop"),
    How.BREAKS: ("bad", "will break", "alert-circle"),
}


def _renewal(_: object, read: WithRenewal | None) -> SafeString:
    """The verdict on the next renewal, under the rule of today."""
    if not read:
        return markup(NOT_READ, "drop-1")
    ahead = read.renewal
    if not ahead:
        return markup('<td class="drop-1"><span class="none" title="{}">not known</span></td>', NOTHING_FORESEEN)
    tone, word, icon_name = _HOW[ahead.how]
    return markup(
        '<td class="drop-1 nowrap" data-sort="{}"><span class="tone-{}" title="{}">{}'
        '<span class="visually-hidden">{} </span></span> {}</td>',
        ahead.at.isoformat(),
        tone,
        word,
        icon(icon_name),
        word,
        on_day(ahead.at),
    )


NOTHING_FORESEEN: Final = "its policy or its dates can't be read"
NOT_READ: Final = '<td class="{}"><span class="none" title="not read yet: a scan reads it">—</span></td>'

COLUMNS: Final[Mapping[Kind, Sequence[Column]]] = {
    SECRET: (Column("Content type", "type", "drop-2", "col-type", _content_type),),
    KEY: (Column("Created", "created", "drop-2", "col-time", _created),),
    CERTIFICATE: (
        Column("Renewal", "renewal", "drop-1", "col-renewal", _renewal),
        Column("Subject", "subject", "drop-2", "col-type", _subject),
        Column("Issuer", "issuer", "drop-1", "col-type", _issuer),
        Column("Key", "key", "drop-2", "col-short", _key),
        Column("Thumbprint", "", "drop-2", "col-short", _thumbprint),
    ),
}


@register.simple_tag
def common_gives_way(kind: Kind) -> str:
    """The class of the widths at which tags and the time of the last change give way to the list's own columns."""
    return "drop-3" if len(COLUMNS[kind]) > 1 else ""


@register.simple_tag
def own_heads(kind: Kind) -> SafeString:
    """The heads of the columns that only the list of this kind has."""
    heads = []
    for column in COLUMNS[kind]:
        key = markup(' data-column="{}"', column.key) if column.key else ""
        heads.append(
            markup('<th scope="col"{} class="{} {}">{}</th>', key, column.gives_way, column.width, column.title)
        )
    return SafeString("".join(heads))


@register.simple_tag
def own_rests(kind: Kind) -> SafeString:
    """The cells of these columns in the row for what is not loaded yet."""
    cell = '<td class="{}"><span class="rest needs-js"></span></td>'
    return SafeString("".join(markup(cell, column.gives_way) for column in COLUMNS[kind]))


@register.simple_tag
def item_row(
    item: Identified,
    kind: Kind,
    base: str,
    pending: Collection[str] = (),
    known: Mapping[str, WithRenewal] = NOTHING_KNOWN,
) -> SafeString:
    """An item's row in the list of its kind. `base` and `pending` as in `row_attributes`; `known`: by folded name, what is known
    of the certificates in the list beyond it."""
    read, gives_way = known.get(fold(item.name)), common_gives_way(kind)
    return markup(
        '<tr {}>{}<th class="name" scope="row">{}</th>{}{}<td class="tags-cell {}">{}</td>{}</tr>',
        row_attributes(item, base, pending),
        markup(CHECK, item.name),
        row_name(item, base),
        row_end(item, pending),
        SafeString("".join(column.cell(item, read) for column in COLUMNS[kind])),
        gives_way,
        row_tags(item),
        row_moment(item, "updated_on", f"end drop-1 {gives_way} changed", "changed"),
    )
