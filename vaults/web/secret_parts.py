"""The parts of a new version of a secret except its value, in words, each with the fields that change it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from vaults.actions.changes import UNREAD, edit_token_of
from vaults.forms.fields import MOST_TAGS
from vaults.forms.secrets import MOST_DAYS, SecretRollBackForm, SecretVersionForm
from vaults.keyvault.types import SecretProperties
from vaults.templatetags.kvportal import date_and_time
from vaults.web.carried_over import UNREADABLE, disabled, state, unreadable
from vaults.web.certificate_parts import CAN_NOT, Group, Part, in_words, tag_words


def version_form_of(current: SecretProperties | None) -> SecretVersionForm:
    """The form for a new version, filled from the current one if that may be read."""
    return SecretVersionForm(initial=_carried(current) if current else {"opened_on": UNREAD})


def roll_back_form_of(current: SecretProperties, earlier: SecretProperties) -> SecretRollBackForm:
    return SecretRollBackForm(initial=_carried(current) | {"content_type": earlier.content_type})


def _carried(current: SecretProperties) -> dict[str, Any]:
    end, start = current.expires_on, current.not_before
    return {
        "opened_on": edit_token_of(current),
        "content_type": current.content_type,
        "not_before": start if start and start > timezone.now() else None,
        "tags": current.tags,
        "ends": end.isoformat() if end else current.odd.get("expires_on"),
        "lasts": days_of(current),
    }


def days_of(version: SecretProperties) -> int | None:
    """The lifetime of a version in days; None if it is not known, or not allowed for a new version."""
    made = [moment for moment in (version.created_on, version.not_before) if moment]
    if not version.expires_on or not made:
        return None
    days = round((version.expires_on - max(made)) / timedelta(days=1))
    return days if 0 < days <= MOST_DAYS else None


def parts_of_version(form: SecretVersionForm, current: SecretProperties | None) -> Sequence[Group]:
    """The form's initial values as parts. `current` shows which of them are unreadable; None if it could not be read again."""

    def part(label: str, names: Sequence[str], shown: Mapping[str, Any], remark: str = "") -> Part:
        return Part(
            label,
            **shown,
            remark=remark,
            fields=tuple(form[name] for name in names),
            changed=form.is_bound and bool(set(names) & set(form.changed_data)),
            wrong=bool(set(names) & set(form.errors)),
        )

    def raw(name: str) -> dict[str, Any]:
        return in_words(current.odd[name], CAN_NOT) if current and name in current.odd else {}

    asks = "until" in form.fields
    content_type, start = form.opened_with("content_type"), form.opened_with("not_before")
    until = (
        Part("Expires", note=_present_end(form), fields=(form["until"], form["expires_on"]), wrong=True)
        if asks
        else None
    )
    return [
        Group(
            "Life",
            [
                until or part("Expires", ("expires_on",), in_words("", "never")),
                part("Activates", ("not_before",), raw("not_before") or _start(start)),
                part("State", ("enabled",), state(current)),
            ],
        ),
        Group(
            "Stored",
            [
                part(
                    "Content type",
                    ("content_type",),
                    raw("content_type") or in_words(content_type or "", "" if content_type else "none"),
                ),
                part("Tags", ("tags",), tag_words({"tags": form.opened_with("tags")}, current)),
            ],
        ),
    ]


def _present_end(form: SecretVersionForm) -> str:
    return date_and_time(form.end) if form.end else str(form["ends"].value())


def _start(moment: datetime | None) -> dict[str, Any]:
    return in_words(date_and_time(moment), "as the current version") if moment else in_words("", "at once")


def not_carried(current: SecretProperties) -> list[str]:
    """Sentences about what a new version will not take over from the current one, shown before anything is sent."""
    return [*_end(current), *lost(current), *_tags(current)]


def lost(current: SecretProperties) -> list[str]:
    """The part of `not_carried` that the form does not ask about: unreadable attributes, and the state."""
    return [*unreadable(current, *UNREADABLE), *disabled(current)]


def _end(current: SecretProperties) -> list[str]:
    if current.expires_on:
        word = "expires" if current.expires_on > timezone.now() else "expired"
        return [
            f"The current version {word} on {date_and_time(current.expires_on)}. Choose until when the new one lasts."
        ]
    if raw := current.odd.get("expires_on"):
        return [f"The end of the current version can't be read: {raw}. Choose until when the new one lasts."]
    return []


def _tags(current: SecretProperties) -> list[str]:
    count = len(current.tags)
    if count <= MOST_TAGS:
        return []
    return [f"The current version has {count} tags; Key Vault may refuse a new one with more than {MOST_TAGS}."]
