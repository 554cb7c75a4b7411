"""Forms for certificates. The fields have the names of the policy in the REST body."""

from collections.abc import Sequence
from typing import Any

from django import forms

from vaults.actions.certificates import VersionWanted
from vaults.forms.fields import ItemForm, NameField, OpenedOnMixin, SwitchField, TagsField
from vaults.forms.policy_fields import (
    CONTENT_TYPES,
    CURVES,
    ISSUERS,
    KEY_SIZES,
    DnsNamesField,
    SubjectField,
    issuer_choices,
    unlisted,
)
from vaults.keyvault.parts import Part
from vaults.keyvault.types import CertificateIssuer, CertificatePolicy

KEY_TYPES = [("RSA", "RSA"), ("EC", "EC")]


class CertificateForm(ItemForm):
    """A new certificate: its policy, in the order of the Azure Portal."""

    name = NameField()
    issuer = forms.CharField(max_length=127, initial=ISSUERS[0][0])
    certificate_type = forms.CharField(
        required=False,
        help_text="The product that the CA is asked for, such as DV-SSL, OV-SSL or EV-SSL. Self and Unknown have none.",
    )
    subject = SubjectField()
    dns_names = DnsNamesField("DNS names")
    validity_in_months = forms.IntegerField(
        label="Validity in months",
        min_value=1,
        max_value=1200,
        required=False,
        help_text="Empty: 12, Key Vault's default.",
    )
    content_type = forms.ChoiceField(
        choices=CONTENT_TYPES, required=False, help_text="The format in which the managed secret has it."
    )
    kty = forms.ChoiceField(label="Key type", choices=KEY_TYPES, required=False)
    key_size = forms.ChoiceField(label="RSA key size", choices=KEY_SIZES, required=False, initial="2048")
    crv = forms.ChoiceField(label="EC curve", choices=CURVES, required=False, initial="P-256")
    exportable = SwitchField(initial=True, help_text="Anyone who may read the managed secret gets the private key.")
    reuse_key = forms.BooleanField(required=False, label="Reuse the key when it is renewed")
    tags = TagsField()

    def offer(self, issuers: Part[Sequence[CertificateIssuer]]) -> None:
        """Offer the vault's issuers as choices. If they could not be listed, show why, and accept a typed name."""
        bound = self["issuer"]
        if issuers.error:
            bound.help_text = f"{unlisted(issuers.error)} Type Self, Unknown, or the name of an issuer of the vault."
            return
        chosen, offered = str(bound.value() or ""), dict([*ISSUERS, *issuer_choices(issuers)])
        bound.field.widget = forms.Select(choices=list(({chosen: chosen or "—"} | offered).items()))

    def policy(self) -> CertificatePolicy:
        data = self.cleaned_data
        is_ec = data["kty"] == "EC"
        return CertificatePolicy(
            issuer_name=data["issuer"],
            certificate_type=data["certificate_type"] or None,
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


class CertificateUnreadForm(OpenedOnMixin, ItemForm):
    """A new version of a certificate that may not be read: the fields that do not depend on its policy."""

    enabled = SwitchField(initial=True)
    tags = TagsField()

    def wanted(self) -> VersionWanted:
        """The wanted differences, without the policy; Key Vault's default for enabled is true."""
        data = self.cleaned_data
        return VersionWanted(tags=data["tags"] or None, enabled=False if data["enabled"] is False else None)


class CertificateEditForm(OpenedOnMixin, ItemForm):
    """The editable attributes of an issued version; its dates and names are fixed in the certificate."""

    enabled = SwitchField()
    tags = TagsField()
    carried = ("enabled", "tags")

    def wanted(self) -> dict[str, Any]:
        return self.typed("enabled", "tags")
