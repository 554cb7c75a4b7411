"""Forms for certificates. Their fields bear the names of the REST body's policy."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults.forms.fields import NameField, OpenedOnMixin, SwitchField, TagsField, said
from vaults.forms.submissions import FormKeyMixin
from vaults.keyvault.types import CertificatePolicy

CONTENT_TYPES = [("application/x-pkcs12", "PFX (PKCS #12)"), ("application/x-pem-file", "PEM")]
KEY_TYPES = [("RSA", "RSA"), ("EC", "EC")]
KEY_SIZES = [("2048", "2048"), ("3072", "3072"), ("4096", "4096")]
CURVES = [(curve, curve) for curve in ("P-256", "P-384", "P-521", "P-256K")]
DNS_NAME = re.compile(
    r"(\*\.)?([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)


class DnsNamesField(forms.Field):
    """DNS names, one a line or separated by commas."""

    def __init__(self) -> None:
        super().__init__(
            label="DNS names",
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
            help_text="One a line. Browsers look here, not at the subject.",
        )

    def to_python(self, value: Any) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name for name in re.split(r"[\s,]+", value or "") if name))
        for name in names:
            if len(name) > 253 or not DNS_NAME.fullmatch(name):
                raise ValidationError(f"“{name[:60]}” is not a DNS name.")
        return names

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, tuple | list) else value


class SubjectField(forms.CharField):
    """An X.500 name as Azure takes it. What it means there is for Azure to judge: only what is surely none is refused."""

    def __init__(self) -> None:
        super().__init__(
            help_text='An X.500 name, such as CN=www.example.com, O="Example, Ltd.", C=DE. '
            "Quotes hold a value with a comma; a state is S.",
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        label, equals, _ = value.partition("=")
        if value and not (label.strip() and equals):
            raise ValidationError('This is not an X.500 name. Write it like CN=www.example.com, O="Example, Ltd.".')


class PolicyForm(FormKeyMixin, forms.Form):
    """How a certificate is made: the certificate policy, in the order the Azure Portal asks for it."""

    issuer = forms.ChoiceField(
        choices=[
            ("Self", "Self-signed"),
            ("Unknown", "A CA that Key Vault does not know: gives a CSR to be signed"),
        ]
    )
    subject = SubjectField()
    dns_names = DnsNamesField()
    validity_in_months = forms.IntegerField(
        label="Validity in months",
        min_value=1,
        max_value=1200,
        required=False,
        help_text="Empty: 12, Key Vault's default.",
    )
    content_type = forms.ChoiceField(
        choices=CONTENT_TYPES, required=False, help_text="The form in which the secret twin holds it."
    )
    kty = forms.ChoiceField(label="Key type", choices=KEY_TYPES, required=False)
    key_size = forms.ChoiceField(label="RSA key size", choices=KEY_SIZES, required=False, initial="2048")
    crv = forms.ChoiceField(label="EC curve", choices=CURVES, required=False, initial="P-256")
    exportable = SwitchField(initial=True, help_text="Whoever may read the secret twin gets the private key.")
    reuse_key = forms.BooleanField(required=False, label="Reuse the key when it is renewed")
    tags = TagsField()

    def policy(self) -> CertificatePolicy:
        data = self.cleaned_data
        is_ec = data["kty"] == "EC"
        return CertificatePolicy(
            issuer_name=data["issuer"],
            subject=data["subject"],
            dns_names=data["dns_names"],
            validity_in_months=data["validity_in_months"],
            exportable=data["exportable"] is not False,
            key_type=data["kty"] or "RSA",
            key_size=None if is_ec else int(data["key_size"] or 2048),
            curve=(data["crv"] or None) if is_ec else None,
            reuse_key=data["reuse_key"],
            content_type=data["content_type"] or CONTENT_TYPES[0][0],
        )


class CertificateForm(PolicyForm):
    """A new certificate."""

    name = NameField()
    field_order = ("name", "issuer", "subject", "dns_names", "validity_in_months", "content_type")


class CertificateVersionForm(OpenedOnMixin, PolicyForm):
    """A further version, made by a policy that starts from the present one."""

    @staticmethod
    def initial_of(policy: CertificatePolicy | None) -> dict[str, Any]:
        if policy is None:
            return {}
        return {
            "issuer": policy.issuer_name,
            "subject": policy.subject,
            "dns_names": policy.dns_names,
            "validity_in_months": policy.validity_in_months,
            "content_type": policy.content_type,
            "kty": (policy.key_type or "RSA").removesuffix("-HSM"),
            "key_size": str(policy.key_size or 2048),
            "crv": policy.curve,
            "exportable": policy.exportable,
            "reuse_key": policy.reuse_key,
        }


class CertificateEditForm(OpenedOnMixin, FormKeyMixin, forms.Form):
    """What can be changed of an issued version; its dates and names are the certificate's own."""

    enabled = SwitchField()
    tags = TagsField()

    def wanted(self) -> dict[str, Any]:
        return said(self.cleaned_data, "enabled", "tags")
