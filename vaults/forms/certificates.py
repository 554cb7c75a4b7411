"""Forms for certificates. The fields have the names of the policy in the REST body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from vaults.actions.certificates import VersionWanted
from vaults.forms.fields import ItemForm, NameField, OpenedOnMixin, SwitchField, TagsField
from vaults.forms.offered_fields import YES_NO
from vaults.forms.policy_fields import (
    CONTENT_TYPES,
    CURVES,
    ISSUERS,
    KEY_SIZES,
    KEY_TYPES,
    LIFETIME_ACTIONS,
    MOST_MONTHS,
    TRIGGERS,
    USAGES,
    DnsNamesField,
    EmailsField,
    IpAddressesField,
    LinesField,
    SubjectField,
    UsagesField,
    contradictions,
    issuer_choices,
    lifetime_refusal,
    unlisted,
)
from vaults.forms.subject_parts import LABELS, SubjectPartsForm
from vaults.keyvault.parts import Part
from vaults.keyvault.types import CertificateIssuer, CertificatePolicy, LifetimeAction

#: Key Vault's default validity.
DEFAULT_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a certificate is for: its extended key usages (object identifiers) and key usages."""

    label: str
    ekus: tuple[str, ...]
    key_usage: tuple[str, ...]


_TLS = ("digitalSignature", "keyEncipherment")
PURPOSES: Mapping[str, Purpose] = {
    "server": Purpose("Servers: serverAuth", (USAGES["serverAuth"],), _TLS),
    "client": Purpose("Clients: clientAuth", (USAGES["clientAuth"],), _TLS),
    "mutual": Purpose("Mutual TLS: serverAuth and clientAuth", (USAGES["serverAuth"], USAGES["clientAuth"]), _TLS),
    "code": Purpose("Code signing: codeSigning", (USAGES["codeSigning"],), ("digitalSignature",)),
}


@dataclass(frozen=True, slots=True)
class Fold:
    """Fields that most certificates do without. `is_open`: one of them has a text or an error."""

    title: str
    fields: Sequence[forms.BoundField]

    @property
    def is_open(self) -> bool:
        return any(field.value() or field.errors for field in self.fields)


class WrittenSubjectField(SubjectField):
    """A subject that may also be built from its parts: the form asks for one of the two."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class CertificateForm(SubjectPartsForm, ItemForm):
    """A new certificate: its policy, in the order of the Azure Portal."""

    name = NameField()
    issuer = forms.CharField(max_length=127, initial=ISSUERS[0][0])
    certificate_type = forms.CharField(
        required=False,
        help_text="The product that the CA is asked for, such as DV-SSL, OV-SSL or EV-SSL. Self and Unknown have none.",
    )
    certificate_transparency = forms.TypedChoiceField(
        label="Into the public logs of certificates",
        choices=[("", "As Key Vault decides"), *YES_NO],
        coerce=lambda chosen: chosen == "true",
        empty_value=None,
        required=False,
        help_text="Certificate transparency: browsers ask for it from public CAs, and everybody can read the names there.",
    )
    subject = WrittenSubjectField()
    dns_names = DnsNamesField("DNS names")
    ip_addresses = IpAddressesField("IP addresses")
    emails = EmailsField("E-mail addresses")
    upns = LinesField("User principal names")
    uris = LinesField("URIs")
    purpose = forms.ChoiceField(
        choices=[
            ("", "As Key Vault decides: servers and clients"),
            *((name, each.label) for name, each in PURPOSES.items()),
        ],
        label="Use",
        required=False,
        help_text="Key Vault's own choice asks for serverAuth and clientAuth. Public CAs leave out clientAuth, the last of them "
        "from 15 March 2027 on.",
    )
    ekus = UsagesField("Other extended key usages")
    validity_in_months = forms.IntegerField(
        label="Validity in months",
        min_value=1,
        max_value=MOST_MONTHS,
        required=False,
        help_text="Empty: 12, Key Vault's default.",
    )
    lifetime_action = forms.ChoiceField(
        label="Before it ends", choices=[("", "As Key Vault decides"), *LIFETIME_ACTIONS], required=False
    )
    lifetime_amount = forms.IntegerField(label="When", required=False, min_value=1)
    lifetime_trigger = forms.ChoiceField(label="Counted in", choices=TRIGGERS, required=False)
    content_type = forms.ChoiceField(
        choices=CONTENT_TYPES, required=False, help_text="The format in which the managed secret has it."
    )
    kty = forms.ChoiceField(
        label="Key type", choices=KEY_TYPES, required=False, help_text="HSM types need a premium vault."
    )
    key_size = forms.ChoiceField(label="RSA key size", choices=KEY_SIZES, required=False, initial="2048")
    crv = forms.ChoiceField(label="EC curve", choices=CURVES, required=False, initial="P-256")
    exportable = SwitchField(initial=True, help_text="Anyone who may read the managed secret gets the private key.")
    reuse_key = forms.BooleanField(required=False, label="Reuse the key when it is renewed")
    tags = TagsField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, why in contradictions(cleaned).items():
            self.add_error(name, why)
        if cleaned.get("lifetime_amount") and not cleaned.get("lifetime_action"):
            self.add_error("lifetime_action", "Choose what happens then, or leave the time empty.")
        elif cleaned.get("lifetime_action") and "lifetime_amount" not in self.errors:
            self._check_lifetime(cleaned)
        self._check_subject(cleaned)
        return cleaned

    def _check_lifetime(self, cleaned: dict[str, Any]) -> None:
        amount, months = cleaned.get("lifetime_amount"), cleaned.get("validity_in_months") or DEFAULT_MONTHS
        why = lifetime_refusal(amount, cleaned.get("lifetime_trigger") or "", months) if amount else "Say when."
        if why:
            self.add_error("lifetime_amount", why)

    def _check_subject(self, cleaned: dict[str, Any]) -> None:
        """The subject is written or built. What is wrong in a part is said there."""
        parts = self.built_subject or any(name in self.errors for name in LABELS)
        if cleaned.get("subject") and parts:
            self.add_error("subject", "Write the subject here, or build it from its parts below, but not both.")
        elif not cleaned.get("subject") and not parts and "subject" not in self.errors:
            self.add_error("subject", "Write a subject, or build it from its parts below.")

    def _lifetime_actions(self) -> tuple[LifetimeAction, ...]:
        data = self.cleaned_data
        if not data["lifetime_action"]:
            return ()
        if data["lifetime_trigger"] == "percentage":
            return (LifetimeAction(data["lifetime_action"], lifetime_percentage=data["lifetime_amount"]),)
        return (LifetimeAction(data["lifetime_action"], days_before_expiry=data["lifetime_amount"]),)

    #: Folded on the page: by the field below which they stand, the title and the fields.
    folded: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {
        "subject": ("Build the subject from its parts", tuple(LABELS)),
        "dns_names": ("Other names and usages", ("ip_addresses", "emails", "upns", "uris", "ekus")),
    }

    @property
    def unfolded_fields(self) -> list[forms.BoundField]:
        folded = {name for _, names in self.folded.values() for name in names}
        return [field for field in self.visible_fields() if field.name not in folded]

    @property
    def folds(self) -> dict[str, Fold]:
        """By the field below which they stand."""
        return {above: Fold(title, [self[name] for name in names]) for above, (title, names) in self.folded.items()}

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
        is_ec = data["kty"].startswith("EC")
        purpose = PURPOSES.get(data["purpose"])
        return CertificatePolicy(
            issuer_name=data["issuer"],
            certificate_type=data["certificate_type"] or None,
            certificate_transparency=data["certificate_transparency"],
            subject=data["subject"] or self.built_subject,
            dns_names=data["dns_names"],
            ip_addresses=data["ip_addresses"],
            emails=data["emails"],
            upns=data["upns"],
            uris=data["uris"],
            ekus=tuple(dict.fromkeys([*(purpose.ekus if purpose else ()), *data["ekus"]])),
            key_usage=_key_usage(purpose, is_ec),
            lifetime_actions=self._lifetime_actions(),
            validity_in_months=data["validity_in_months"],
            exportable=data["exportable"] is not False,
            key_type=data["kty"] or "RSA",
            key_size=None if is_ec else int(data["key_size"] or 2048),
            curve=(data["crv"] or None) if is_ec else None,
            reuse_key=data["reuse_key"],
            content_type=data["content_type"] or CONTENT_TYPES[0][0],
        )


def _key_usage(purpose: Purpose | None, is_ec: bool) -> tuple[str, ...]:
    """EC keys can't encrypt."""
    usages = purpose.key_usage if purpose else ()
    return tuple(usage for usage in usages if not (is_ec and usage == "keyEncipherment"))


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
