"""Fields: the names that pages and forms give to what could not be read of an item, and the field for the password."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.forms import BaseForm, BoundField

register = template.Library()

#: In whose place an item's page shows the text itself.
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
    """What has no place of its own on an item's page."""
    return labelled({name: text for name, text in (odd or {}).items() if name not in PLACED})


@register.filter
def labelled(odd: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """All of it; a member that no field is for has Azure's name."""
    return [(LABELS.get(name, name), text) for name, text in (odd or {}).items()]


@register.filter
def own(item: object, name: str) -> Any:
    """A property that only some kinds of items have; None where this one has not."""
    return getattr(item, name, None)


@register.filter
def password_field(form: BaseForm | None) -> BoundField | None:
    """The field that confirms who is there, where the form has one (see `vaults.web.confirmation`)."""
    return form["confirm_password"] if form and "confirm_password" in form.fields else None


@register.filter
def value_of(form: BaseForm, name: str) -> Any:
    """What stands in a field; None where the form is without it."""
    return form[name].value() if name in form.fields else None
