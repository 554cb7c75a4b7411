"""Fields: labels of the unreadable attributes of an item, and access to optional form fields and properties."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.forms import BaseForm, BoundField

register = template.Library()

#: Attributes for which an item's page shows the text at their usual place.
PLACED = {
    "id": "Identifier",
    "enabled": "Enabled",
    "not_before": "Activates",
    "expires_on": "Expires",
    "content_type": "Content type",
    "tags": "Tags",
    "created_on": "Created",
    "updated_on": "Updated",
}
LABELS = PLACED | {
    "recovery_level": "Recovery",
    "recoverable_days": "Recoverable for",
    "managed": "Managed",
    "exportable": "Exportable",
    "subject": "Subject",
    "release_policy": "Release policy",
    "key": "Key",
}


@register.filter
def further(odd: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """The unreadable attributes without a place of their own on an item's page: label and text."""
    return labelled({name: text for name, text in (odd or {}).items() if name not in PLACED})


@register.filter
def labelled(odd: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """All unreadable attributes: label and text. A member without a label has Azure's name."""
    return [(LABELS.get(name, name), text) for name, text in (odd or {}).items()]


@register.filter
def own(item: object, name: str) -> Any:
    """A property that only some kinds of items have; None if this item has none."""
    return getattr(item, name, None)


@register.filter
def password_field(form: BaseForm | None) -> BoundField | None:
    """The form's confirmation password field (see `vaults.web.confirmation`); None if it has none."""
    return form["confirm_password"] if form and "confirm_password" in form.fields else None


@register.filter
def value_of(form: BaseForm, name: str) -> Any:
    """The value of a field; None if the form has no such field."""
    return form[name].value() if name in form.fields else None
