"""The form for a key's rotation policy, with Key Vault's rules for its times.

Key Vault REST: KeyRotationPolicy; guide "Configure cryptographic key auto-rotation".
"""

import re
from datetime import datetime, timedelta
from typing import Any, Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from vaults.actions.key_rotation import PolicyTimes, policy_token
from vaults.forms.confirm import CurrentStateForm
from vaults.keyvault.durations import Duration, duration_of
from vaults.keyvault.rotation import AFTER_CREATE, BEFORE_EXPIRY
from vaults.keyvault.types import RotationPolicy

SHORTEST = timedelta(days=28)
#: A rotation keeps this distance from the creation of a version and from its expiry.
DISTANCE = timedelta(days=7)
LONGEST_TEXT = 60
CHANGED = (
    "Somebody else changed the policy after you opened it. Compare what you typed with its current state below, then send again: "
    "the policy becomes what this form shows."
)
WORDS = re.compile(
    r"(?:(\d{1,4})\s*(?:years?|y))?[\s,]*(?:(\d{1,4})\s*(?:months?|mo))?[\s,]*(?:(\d{1,4})\s*(?:weeks?|w))?[\s,]*"
    r"(?:(\d{1,5})\s*(?:days?|d))?",
    re.IGNORECASE | re.ASCII,
)
NO_TIME = (
    "This is no time that can be read. Write it like 90 days, 18 months or 1 year 6 months, or as Key Vault does: P90D."
)


def duration_from(text: str) -> str:
    """Key Vault's spelling of a time in words; a text that is a duration already stays as it is. Raises ValidationError."""
    text = text.strip()
    try:
        found = WORDS.fullmatch(text)
        iso = (
            text.upper()
            if found is None
            else "P" + "".join(_part(*pair) for pair in zip(found.groups(), "YMWD", strict=True))
        )
        span = Duration.parse(iso)
        span.after(timezone.now())
    except ValueError:
        raise ValidationError(NO_TIME) from None
    except OverflowError:
        raise ValidationError("That is after the year 9999.") from None
    if not span:
        raise ValidationError("This must be longer than nothing.")
    return iso


def _part(count: str | None, unit: str) -> str:
    return f"{int(count)}{unit}" if count else ""


def words_of(text: str | None) -> str:
    """The time as a field shows it: in words if they are read back as the same, else as it is."""
    found = duration_of(text)
    if text is None or found is None:
        return ""
    months, days = found.months, found.rest.days
    counts = ((months // 12, "year"), (months % 12, "month"), (days, "day"))
    words = " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count)
    return words if found.rest == timedelta(days=days) and months < 12 * 9999 and days < 100_000 else text


class TimeField(forms.CharField):
    """A time in years, months and days, or in Key Vault's spelling; None if it is empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=LONGEST_TEXT,
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            **kwargs,
        )

    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        return duration_from(text) if text else None


class RotationPolicyForm(CurrentStateForm):
    """The parts of a rotation policy that can be set."""

    expiry_time = TimeField(
        label="Each new version expires after",
        help_text="At least 28 days. Empty: new versions never expire. The versions that are there keep their dates.",
    )
    when = forms.ChoiceField(
        label="A new version is made",
        choices=[
            ("", "not by itself"),
            (AFTER_CREATE, "some time after the last one"),
            (BEFORE_EXPIRY, "some time before the last one expires"),
        ],
        required=False,
    )
    rotate = TimeField(
        label="How long after, or before",
        help_text="At least 7 days after a version was made, and at least 7 days before it expires.",
    )
    notify = TimeField(
        label="Event Grid is told before the expiry",
        help_text="Once, if a version is about to expire and has no successor. Empty: 30 days before, Key Vault's default.",
    )

    @classmethod
    def initial_of(cls, policy: RotationPolicy) -> dict[str, str]:
        times = PolicyTimes.of(policy)
        when, rotate = times.rotate or ("", None)
        return {
            "opened_on": policy_token(policy),
            "expiry_time": words_of(times.expiry_time),
            "when": when,
            "rotate": words_of(rotate),
            "notify": words_of(times.notify),
        }

    def on_top_of(self, policy: RotationPolicy) -> Self:
        """What was typed, as a form that was opened on this policy."""
        data = cast(QueryDict, self.data).copy()
        data["opened_on"] = policy_token(policy)
        form = type(self)(data)
        form.add_error(None, CHANGED)
        return form

    def times(self) -> PolicyTimes:
        data = self.cleaned_data
        rotate = (data["when"], data["rotate"]) if data["when"] else None
        return PolicyTimes(data["expiry_time"], rotate, data["notify"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        made = timezone.now()
        try:
            self._check_expiry(cleaned, made)
            self._check_rotation(cleaned, made)
            self._check_notice(cleaned, made)
        except OverflowError:
            raise ValidationError("These times lead out of the calendar.") from None
        return cleaned

    def _check_expiry(self, cleaned: dict[str, Any], made: datetime) -> None:
        end = _end(cleaned, made)
        if end and end - made < SHORTEST:
            self.add_error("expiry_time", "Key Vault takes 28 days at least.")

    def _check_rotation(self, cleaned: dict[str, Any], made: datetime) -> None:
        when, span = cleaned.get("when"), duration_of(cleaned.get("rotate"))
        if not when:
            if span:
                self.add_error("when", "Choose what this time counts from, or leave the time empty.")
            return
        if span is None:
            if "rotate" not in self.errors:
                self.add_error("rotate", "Give the time: without it Key Vault does not know when.")
            return
        if when == BEFORE_EXPIRY and not cleaned.get("expiry_time"):
            if "expiry_time" not in self.errors:
                self.add_error("expiry_time", "Give a time: a rotation before the expiry needs one.")
            return
        self._check_distance(when, span, _end(cleaned, made), made)

    def _check_distance(self, when: str, span: Duration, end: datetime | None, made: datetime) -> None:
        moment = span.after(made) if when == AFTER_CREATE else span.before(end) if end else made
        if end and moment >= end:
            self.add_error("rotate", "The version would have expired by then: rotate it earlier.")
        elif end and end - moment < DISTANCE:
            self.add_error("rotate", "Key Vault rotates at least 7 days before the expiry.")
        elif moment <= made and when == BEFORE_EXPIRY:
            self.add_error("rotate", "That is before the version is made: it is not valid for so long.")
        elif moment - made < DISTANCE:
            self.add_error("rotate", "Key Vault rotates at least 7 days after a version was made.")

    def _check_notice(self, cleaned: dict[str, Any], made: datetime) -> None:
        end, ahead = _end(cleaned, made), duration_of(cleaned.get("notify"))
        if end and ahead and ahead.before(end) <= made:
            self.add_error("notify", "That is before the version is made: it is not valid for so long.")


def _end(cleaned: dict[str, Any], made: datetime) -> datetime | None:
    """When a version expires that is made now."""
    valid = duration_of(cleaned.get("expiry_time"))
    return valid.after(made) if valid else None
