"""Actors, displayed in the same way on all pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vaults.actors import Source
from vaults.audit.who import who_did
from vaults.models import AuditEntry, InventoryItem, User
from vaults.templatetags.kvportal import icon, visible
from vaults.templatetags.markup import markup

register = template.Library()

#: An icon instead of a name, so that no person's name can look the same.
NOBODY = {
    Source.PORTAL: ("server", "the portal itself"),
    Source.COMMAND: ("terminal-2", "a command on the server"),
    Source.STRANGER: ("user-question", "somebody not signed in"),
}


ELSEWHERE = markup('<span class="quiet">{}</span>', "elsewhere")


@register.simple_tag
def who(entry: AuditEntry) -> SafeString:
    """The actor of an entry: e-mail address and role, never a name that people choose themselves."""
    found = who_did(entry)
    if found.source in NOBODY:
        sign, words = NOBODY[found.source]
        return format_html('<span class="who who-nobody">{}{}</span>', icon(sign, 14), words)
    if found.called:
        return _drawn(f"“{visible(found.called)}”", "no such account any more")
    return _drawn(visible(found.email) + (" (as of today)" if found.as_of_today else ""), found.role)


@register.simple_tag
def began(item: InventoryItem) -> SafeString:
    """The person who began the last transition of an item."""
    if item.transition_user:
        return person(item.transition_user)
    return _drawn(f"“{visible(item.transition_by)}”", "no such account any more")


@register.simple_tag
def did(user: User | None, name: str) -> SafeString:
    """A person as a row of the index keeps them: account, and name as recorded then. Without a name it was done elsewhere."""
    if user:
        return person(user)
    if name:
        return _drawn(f"“{visible(name)}”", "no such account any more")
    return ELSEWHERE


@register.simple_tag
def person(user: User, role: str = "") -> SafeString:
    """A person with an account."""
    return _drawn(str(user) if user.has_name else "", visible(user.email), role)


def _drawn(*parts: str | None) -> SafeString:
    first, *more = [part for part in parts if part]
    return format_html(
        '<span class="who"><bdi>{}</bdi> <span class="who-more">{}</span></span>',
        first,
        "\N{NO-BREAK SPACE}· ".join(more),
    )
