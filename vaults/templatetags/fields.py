"""What could not be read of an item, by the names that its page and its forms give the fields."""

from collections.abc import Mapping

from django import template

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
