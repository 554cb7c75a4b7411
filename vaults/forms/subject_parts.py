"""A certificate's subject, built from its parts."""

from typing import Any, Final

from django import forms
from django.core.validators import RegexValidator

from vaults.keyvault import x500

#: By the name of the field: the label of the part in a subject, as Windows writes it (a state is S).
LABELS: Final = {
    "subject_cn": "CN",
    "subject_o": "O",
    "subject_ou": "OU",
    "subject_l": "L",
    "subject_s": "S",
    "subject_c": "C",
}


def _part(label: str, longest: int, **more: Any) -> forms.CharField:
    """`longest`: the upper bound of X.520."""
    return forms.CharField(label=label, required=False, max_length=longest, **more)


class SubjectPartsForm(forms.Form):
    """The fields; one part of each kind. Whoever wants more of them writes the subject."""

    subject_cn = _part("Common name", 64, help_text="CN, such as www.example.com.")
    subject_o = _part("Organization", 64, help_text="O, such as Example, Ltd. What has to be quoted is quoted.")
    subject_ou = _part("Organizational unit", 64, help_text="OU. Public CAs issue none any more.")
    subject_l = _part("Locality", 128, help_text="L, such as Dallas.")
    subject_s = _part("State or province", 128, help_text="S, such as Texas.")
    subject_c = _part(
        "Country",
        2,
        help_text="C, two letters such as DE or US.",
        validators=[RegexValidator(r"\A[A-Za-z]{2}\Z", "A country has two letters, such as DE or US.")],
    )

    def clean_subject_c(self) -> str:
        country: str = self.cleaned_data["subject_c"]
        return country.upper()

    @property
    def built_subject(self) -> str:
        """The subject of the parts that were typed and are right; "" if there is none."""
        typed = [(label, self.cleaned_data.get(name) or "") for name, label in LABELS.items()]
        return x500.join((label, value) for label, value in typed if value)
