"""The form for a certificate's policy: it shows the whole policy, and only changes are sent.

Every field has its initial value as a hidden field. A field that was not
changed is neither validated nor sent, with any content.
"""

from collections.abc import Mapping, Sequence, Set
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from vaults.actions.certificates import Renewal
from vaults.forms.fields import ItemForm, OpenedOnMixin, TagsField, tags_as_text, tags_from_text
from vaults.forms.offered_fields import Choices, OfferedField, SwitchedField, UsageField
from vaults.forms.policy_fields import (
    CONTENT_TYPES,
    CURVES,
    ISSUERS,
    KEY_SIZES,
    KEY_TYPES,
    LIFETIME_ACTIONS,
    MOST_MONTHS,
    TRIGGERS,
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
from vaults.keyvault.types import Certificate, CertificatePolicy, LifetimeAction

ACTIONS: Choices = [("", "Nothing happens"), *LIFETIME_ACTIONS]
LIFETIME = ("lifetime_action", "lifetime_amount", "lifetime_trigger")
#: For a member that another one excludes, the fields that decide on it. (See `contradictions`.)
EXCLUDING = {
    "exportable": {"kty", "exportable"},
    "certificate_type": {"certificate_type"},
    "lifetime_action": {"issuer", *LIFETIME},
}
#: Form fields and the fields of CertificatePolicy that have the same value.
POLICY_FIELDS = {
    "issuer": "issuer_name",
    "certificate_type": "certificate_type",
    "certificate_transparency": "certificate_transparency",
    "subject": "subject",
    "dns_names": "dns_names",
    "ip_addresses": "ip_addresses",
    "uris": "uris",
    "emails": "emails",
    "upns": "upns",
    "kty": "key_type",
    "exportable": "exportable",
    "reuse_key": "reuse_key",
    "key_usage": "key_usage",
    "ekus": "ekus",
    "validity_in_months": "validity_in_months",
    "content_type": "content_type",
}


class PolicyForm(OpenedOnMixin, ItemForm):
    """The parts of a policy. `renewal`: the present state; not needed for a submitted form, which has it in hidden fields."""

    #: Fields that are left out if they can't show the present value.
    not_always: ClassVar[Sequence[str]] = LIFETIME
    #: Fields for parts of the version itself, independent of its policy.
    of_the_version: ClassVar[Set[str]] = frozenset()

    issuer = OfferedField(ISSUERS)
    certificate_type = forms.CharField(
        required=False, help_text="The product that the CA is asked for, such as DV-SSL, OV-SSL or EV-SSL."
    )
    certificate_transparency = SwitchedField(label="Into the public logs of certificates")
    subject = SubjectField(required=False)
    dns_names = DnsNamesField("DNS names")
    ip_addresses = IpAddressesField("IP addresses")
    uris = LinesField("URIs")
    emails = EmailsField("E-mail addresses")
    upns = LinesField("User principal names")
    kty = OfferedField(KEY_TYPES, label="Key type", help_text="HSM types need a premium vault.")
    key_size = OfferedField(KEY_SIZES, absent="—", label="RSA key size", help_text="In bits; not for EC keys.")
    crv = OfferedField(CURVES, absent="—", label="EC curve", help_text="Not for RSA keys.")
    reuse_key = SwitchedField(label="Each version has the key of the one before")
    exportable = SwitchedField(
        label="The private key can be exported", help_text="Anyone who may read the secret of this name gets it then."
    )
    key_usage = UsageField(label="Key usage", required=False, widget=forms.CheckboxSelectMultiple)
    ekus = UsagesField("Extended key usage")
    validity_in_months = forms.IntegerField(
        label="Validity in months", required=False, min_value=1, max_value=MOST_MONTHS, help_text="A CA may give less."
    )
    lifetime_action = OfferedField(ACTIONS, label="Before it ends")
    lifetime_amount = forms.IntegerField(label="When", required=False, min_value=1)
    lifetime_trigger = OfferedField(TRIGGERS, absent="—", label="Counted in")
    content_type = OfferedField(CONTENT_TYPES, help_text="The form in which the secret of this name holds it.")

    def __init__(self, data: QueryDict | None = None, *, renewal: Renewal | None = None) -> None:
        initial = {"opened_on": renewal.opened_on, **values_of(renewal.certificate)} if renewal else {}
        super().__init__(data, initial=initial)
        self.renewal = renewal
        for name in self.not_always:
            if name not in self.data and name not in initial and self.add_initial_prefix(name) not in self.data:
                del self.fields[name]
        if not set(LIFETIME) <= self.fields.keys():  # one is no use without the others
            for name in LIFETIME:
                self.fields.pop(name, None)
        if not self.shows_policy:
            for name in set(self.part_names) - self.of_the_version:
                del self.fields[name]
        for name in self.part_names:
            self._start(name)

    def _start(self, name: str) -> None:
        field, present = self.fields[name], self.present(name)
        field.show_hidden_initial = True
        if isinstance(field, LinesField):
            field.present = present
        elif isinstance(field, UsageField):
            field.offer(*present)
        elif isinstance(field, OfferedField):
            typed = self.data.get(name, present) if name == "issuer" else present
            field.offer(present, typed, more=self._issuers() if name == "issuer" else ())

        if name == "issuer" and self.renewal and self.renewal.issuers.error:
            field.help_text = unlisted(self.renewal.issuers.error)

    def _issuers(self) -> Choices:
        return issuer_choices(self.renewal.issuers) if self.renewal else ()

    @cached_property
    def shows_policy(self) -> bool:
        """False if the policy could not be read: then it can be kept, but not changed."""
        if self.renewal:
            return self.renewal.certificate.policy is not None
        sent = {name.removeprefix("initial-") for name in self.data}
        return not self.is_bound or bool(sent & (set(self.part_names) - self.of_the_version))

    @property
    def part_names(self) -> list[str]:
        """The fields for parts of the policy or of the version."""
        return [name for name in self.fields if name not in ("opened_on", "form_key")]

    def present(self, name: str) -> Any:
        """The value of a field when the page was opened."""
        field = self.fields[name]
        if not self.is_bound:
            return _plain(field, self.get_initial_for_field(field, name))
        hidden: Any = field.hidden_widget()
        return _plain(field, hidden.value_from_datadict(self.data, self.files, self.add_initial_prefix(name)))

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in self.part_names if self.is_bound and self._is_changed(name)]

    def _is_changed(self, name: str) -> bool:
        """True if the submitted value differs from the initial one. A field that was not submitted is unchanged."""
        field = self.fields[name]
        boxes = isinstance(field, UsageField) and self.add_initial_prefix(name) in self.data
        if (name not in self.data and not boxes) or self.same_line(name):
            return False
        sent = field.widget.value_from_datadict(self.data, self.files, name)
        return bool(_comparable(field, sent) != _comparable(field, self.present(name)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in set(self.errors) & set(self.part_names) - set(self.changed_data):
            del self.errors[name]
        if "issuer" in self.changed_data and not cleaned.get("issuer"):
            self.add_error("issuer", "Choose who is to sign it.")
        if self._key_family_changed():
            needed, word = ("crv", "curve") if self._is_elliptic(cleaned) else ("key_size", "size")
            if not cleaned.get(needed):
                self.add_error(needed, f"Choose a {word} for the new type of key.")
        if {*LIFETIME, "validity_in_months"} & set(self.changed_data) and cleaned.get("lifetime_action"):
            self._check_lifetime(cleaned)
        for name, why in contradictions(cleaned).items():
            if EXCLUDING[name] & set(self.changed_data):
                self.add_error(name, why)
        return cleaned

    def _check_lifetime(self, cleaned: Mapping[str, Any]) -> None:
        changed = set(LIFETIME) & set(self.changed_data)
        for name in ("lifetime_amount", "lifetime_trigger"):
            if changed and name not in self.errors and not cleaned.get(name):
                self.add_error(name if name in self.fields else "lifetime_action", "Say when.")
        amount, months = cleaned.get("lifetime_amount"), cleaned.get("validity_in_months")
        if amount is None or set(LIFETIME) & set(self.errors):
            return
        if why := lifetime_refusal(amount, cleaned.get("lifetime_trigger") or "", months):
            self.add_error("lifetime_amount" if changed else "validity_in_months", why)

    def policy_changes(self) -> dict[str, Any]:
        """The wanted differences: fields of CertificatePolicy."""
        cleaned = {name: self.cleaned_data[name] for name in self.changed_data}
        policy = {POLICY_FIELDS[name]: value for name, value in cleaned.items() if name in POLICY_FIELDS}
        for emptied in ("certificate_type", "content_type"):
            if policy.get(emptied) == "":
                policy[emptied] = None
        if self.shows_policy:
            policy |= self._key(cleaned)
        if set(LIFETIME) & set(cleaned):
            policy["lifetime_actions"] = self._lifetime_actions()
        return policy

    def _key(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """The wanted size or curve. They belong to a key type: those of the old type do not apply to a new one."""
        if self._is_elliptic(self.cleaned_data):
            changed = "crv" in cleaned or self._key_family_changed()
            return {"curve": self.cleaned_data["crv"], "key_size": None} if changed else {}
        if self._key_family_changed():
            return {"key_size": int(self.cleaned_data["key_size"]), "curve": None}
        return {"key_size": int(cleaned["key_size"])} if cleaned.get("key_size") else {}

    def _is_elliptic(self, cleaned: Mapping[str, Any]) -> bool:
        return str(cleaned.get("kty") or self.present("kty")).startswith("EC")

    def _key_family_changed(self) -> bool:
        """True if the wanted key is elliptic and the present one is not, or the reverse."""
        return "kty" in self.changed_data and self._is_elliptic(self.data) != self.present("kty").startswith("EC")

    def _lifetime_actions(self) -> tuple[LifetimeAction, ...]:
        data = self.cleaned_data
        if not data["lifetime_action"]:
            return ()
        unit = {"days": "days_before_expiry", "percentage": "lifetime_percentage"}[data["lifetime_trigger"]]
        return (LifetimeAction(data["lifetime_action"], **{unit: data["lifetime_amount"]}),)

    def again(self, renewal: Renewal | None, *, changed_meanwhile: bool) -> Self:
        """The refused form with all typed values and errors, based on the present state.

        After another person's change, fields that were not edited show the present values.
        """
        data = cast(QueryDict, self.data).copy()
        if renewal and changed_meanwhile:
            self._take_over(data, renewal)
        form = type(self)(data, renewal=renewal)
        for name, errors in self.errors.as_data().items():
            if name not in form.errors:
                form.add_error(name if name in form.fields else None, errors)
        return form

    def _take_over(self, data: QueryDict, renewal: Renewal) -> None:
        data["opened_on"] = renewal.opened_on
        fresh = type(self)(renewal=renewal)
        for name in fresh.part_names:
            field = fresh.fields[name]
            value = field.prepare_value(fresh.get_initial_for_field(field, name))
            values = [str(item) for item in value] if isinstance(value, tuple | list) else [str(value or "")]
            data.setlist(self.add_initial_prefix(name), values)
            if name not in self.changed_data:
                data.setlist(name, values)


def _plain(field: forms.Field, value: Any) -> Any:
    """A field's value as a page can show it: a list as a tuple, tags as a mapping if they can be parsed, otherwise text."""
    if isinstance(field, LinesField):
        return value if isinstance(value, tuple) else field.split(value)
    if isinstance(field, UsageField):
        return tuple(value or ())
    if isinstance(field, TagsField):
        return _tags(tags_as_text(value) if isinstance(value, Mapping) else value or "")
    return str(value if value is not None else "").strip()


def _comparable(field: forms.Field, value: Any) -> Any:
    plain = value if isinstance(field, TagsField) and isinstance(value, Mapping) else _plain(field, value)
    return set(plain) if isinstance(field, UsageField) else plain


def _tags(text: str) -> Mapping[str, str] | str:
    try:
        return tags_from_text(text)
    except ValidationError:
        return text


def values_of(certificate: Certificate) -> dict[str, Any]:
    """The values of the form's fields for a certificate."""
    policy = certificate.policy or CertificatePolicy()
    elliptic = (policy.key_type or "").startswith("EC")
    values: dict[str, Any] = {field: getattr(policy, name) for field, name in POLICY_FIELDS.items()}
    values |= {
        "key_size": "" if elliptic else policy.key_size,
        "crv": policy.curve if elliptic else "",
        "enabled": certificate.properties.enabled is not False,
        "tags": certificate.properties.tags,
        **_lifetime_values(policy),
    }
    if certificate.preserve_cert_order is not None:
        values["preserve_cert_order"] = certificate.preserve_cert_order
    return {name: _written(value) for name, value in values.items()}


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _lifetime_values(policy: CertificatePolicy) -> dict[str, Any]:
    if len(policy.lifetime_actions) > 1 or "lifetime_actions" in policy.others:
        return {}
    if not policy.lifetime_actions:
        return dict.fromkeys(LIFETIME, "")
    (action,) = policy.lifetime_actions
    days, percentage = action.days_before_expiry, action.lifetime_percentage
    return {
        "lifetime_action": action.action,
        "lifetime_amount": percentage if days is None else days,
        "lifetime_trigger": "percentage" if days is None else "days",
    }
