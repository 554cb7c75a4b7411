"""The columns of the list of one kind, and its rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString

from vaults.keyvault.types import CertificateProperties, SecretProperties
from vaults.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.templatetags.kvportal import odd, short_id, visible
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

CHECK = '<td class="check"><input class="needs-js" type="checkbox" data-select aria-label="Select {}"></td>'


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list of only one kind has. `key`: it can be sorted by this; "" if that would say nothing. `gives_way`:
    the class of the widths at which it is not shown."""

    title: str
    key: str
    gives_way: str
    width: str
    cell: Callable[[Any], SafeString]


def _content_type(item: SecretProperties) -> SafeString:
    raw, text = item.odd.get("content_type"), visible(item.content_type or "")
    shown = odd(raw) if raw else markup("<bdi>{}</bdi>", text)
    title = markup(' title="{}"', text) if text else ""
    return markup('<td class="mono wrap drop-2 content-type"{} data-sort="{}">{}</td>', title, text, shown)


def _created(item: Listed) -> SafeString:
    return row_moment(item, "created_on", "drop-2", "created")


def _thumbprint(item: CertificateProperties) -> SafeString:
    return markup('<td class="mono drop-2" title="{}">{}</td>', item.x5t, short_id(item.x5t))


COLUMNS: Final[Mapping[Kind, Sequence[Column]]] = {
    SECRET: (Column("Content type", "type", "drop-2", "col-type", _content_type),),
    KEY: (Column("Created", "created", "drop-2", "col-time", _created),),
    CERTIFICATE: (Column("Thumbprint", "", "drop-2", "col-type", _thumbprint),),
}


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
def item_row(item: Identified, kind: Kind, base: str, pending: Collection[str] = ()) -> SafeString:
    """An item's row in the list of its kind. `base` and `pending` as in `row_attributes`."""
    return markup(
        '<tr {}>{}<th class="name" scope="row">{}</th>{}{}<td class="tags-cell">{}</td>{}</tr>',
        row_attributes(item, base, pending),
        markup(CHECK, item.name),
        row_name(item, base),
        row_end(item, pending),
        SafeString("".join(column.cell(item) for column in COLUMNS[kind])),
        row_tags(item),
        row_moment(item, "updated_on", "end drop-1 changed", "changed"),
    )
