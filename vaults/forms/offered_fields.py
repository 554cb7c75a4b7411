"""Fields with choices, which offer the present value too if it is none of them."""

from collections.abc import Sequence
from typing import Any

from django import forms

from vaults.templatetags.kvportal import visible

Choices = Sequence[tuple[str, str]]

USAGES: Choices = [
    (usage, usage)
    for usage in (
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    )
]
YES_NO: Choices = [("true", "Yes"), ("false", "No")]


class OfferedField(forms.ChoiceField):
    """A choice of known values and the present value."""

    def __init__(self, choices: Choices, *, absent: str = "As Key Vault decides", **more: Any) -> None:
        super().__init__(choices=choices, required=False, **more)
        self.known, self.absent = list(choices), absent

    def offer(self, *present: str, more: Choices = ()) -> None:
        offered = dict([*self.known, *more])
        strange = [value for value in dict.fromkeys(present) if value not in offered]
        self.choices = [(value, visible(value) or self.absent) for value in strange] + list(offered.items())


class SwitchedField(OfferedField):
    """True, False, or None if the policy has neither. "on", which a checkbox sends on the form for a new certificate, is true."""

    def __init__(self, **more: Any) -> None:
        super().__init__(YES_NO, **more)

    def to_python(self, value: Any) -> str:
        return "true" if value == "on" else super().to_python(value)

    def clean(self, value: Any) -> bool | None:
        chosen: str = super().clean(value)
        return {"true": True, "false": False}.get(chosen)


class UsageField(forms.MultipleChoiceField):
    """A multiple choice of known values and the present values."""

    def offer(self, *present: str) -> None:
        self.choices = [*USAGES, *((value, visible(value)) for value in present if value not in dict(USAGES))]

    def clean(self, value: Any) -> tuple[str, ...]:
        return tuple(super().clean(value))
