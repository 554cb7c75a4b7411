"""The fields of a policy's form from which its effect is foreseen while somebody types, and the dates of the present version."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms

from vaults.forecast.renewals import DEFAULT_MONTHS, Life
from vaults.forms.policy_fields import MOST_MONTHS, contradictions, lifetime_refusal
from vaults.forms.subject_parts import LABELS, SubjectPartsForm
from vaults.keyvault.types import CertificatePolicy, LifetimeAction

#: Fields that this form has in common with the forms of policies.
TYPED: Final = ("issuer", "validity_in_months", "lifetime_action", "lifetime_amount", "lifetime_trigger", *LABELS)


class EffectForm(SubjectPartsForm):
    """`effect_begins` and `effect_ends`: the life of the present version, empty for a new certificate. `effect_public`: the
    names of the vault's issuers whose CAs are public, with spaces between them. The subject's parts are shown joined.
    """

    issuer = forms.CharField(required=False, max_length=127)
    validity_in_months = forms.IntegerField(required=False, min_value=1, max_value=MOST_MONTHS)
    lifetime_action = forms.CharField(required=False, max_length=40)
    lifetime_amount = forms.IntegerField(required=False, min_value=1)
    lifetime_trigger = forms.CharField(required=False, max_length=40)
    effect_begins = forms.DateTimeField(required=False)
    effect_ends = forms.DateTimeField(required=False)
    effect_by_ca = forms.BooleanField(required=False)
    effect_public = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("lifetime_action") and cleaned.get("lifetime_amount") is None:
            self.add_error("lifetime_amount", "Say when.")
        return cleaned

    @property
    def hidden_values(self) -> list[tuple[str, str]]:
        """The fields that the form of the policy has not, for its page."""
        return [(name, self.data[name]) for name in self.fields if name not in TYPED and self.data.get(name)]

    @property
    def refusals(self) -> Sequence[str]:
        """What Key Vault would refuse of this, in sentences."""
        data = self.cleaned_data
        found = list(contradictions(data).values())
        if data["lifetime_action"]:
            months = data["validity_in_months"] or DEFAULT_MONTHS
            found.append(lifetime_refusal(data["lifetime_amount"], data["lifetime_trigger"], months))
        return [sentence for sentence in found if sentence]

    @property
    def life(self) -> Life | None:
        begins, ends = self.cleaned_data["effect_begins"], self.cleaned_data["effect_ends"]
        return Life(begins, ends) if begins and ends else None

    @property
    def is_public(self) -> bool:
        return self.cleaned_data["issuer"].lower() in self.cleaned_data["effect_public"].lower().split()

    def policy(self) -> CertificatePolicy:
        """The part of the policy that decides when a certificate is renewed."""
        data = self.cleaned_data
        unit = "lifetime_percentage" if data["lifetime_trigger"] == "percentage" else "days_before_expiry"
        action = LifetimeAction(data["lifetime_action"], **{unit: data["lifetime_amount"]})
        return CertificatePolicy(
            issuer_name=data["issuer"],
            validity_in_months=data["validity_in_months"],
            lifetime_actions=(action,) if data["lifetime_action"] else (),
        )
