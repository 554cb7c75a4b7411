"""Fields of certificate policies. Azure validates the values; only certainly wrong ones are refused here."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults import problems
from vaults.azure.errors import AzureError, Forbidden
from vaults.keyvault.parts import Part
from vaults.keyvault.refusals import MISSING_PERMISSION, cause_of
from vaults.keyvault.types import CertificateIssuer

CONTENT_TYPES = [("application/x-pkcs12", "PFX (PKCS #12)"), ("application/x-pem-file", "PEM")]
#: Issuers that every vault has.
ISSUERS = [
    ("Self", "Self: signed by its own key"),
    ("Unknown", "Unknown: a CA outside of Key Vault, gives a CSR to be signed"),
]
KEY_TYPES = [(kind, kind) for kind in ("RSA", "RSA-HSM", "EC", "EC-HSM")]
LIFETIME_ACTIONS = [("AutoRenew", "Renew it"), ("EmailContacts", "E-mail the vault's contacts")]
TRIGGERS = [("days", "days before it ends"), ("percentage", "percent of its life")]
KEY_SIZES = [("2048", "2048"), ("3072", "3072"), ("4096", "4096")]
CURVES = [(curve, curve) for curve in ("P-256", "P-384", "P-521", "P-256K")]
DNS_NAME = re.compile(
    r"(\*\.)?([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)
#: The most names of one kind, and the most characters of one: more than any CA takes. Key Vault's own limits are not published.
MOST_NAMES, LONGEST_NAME = 1000, 2048
#: The longest validity, in months. (The local Key Vault refuses more; Key Vault's own limit is not published.)
MOST_MONTHS = 1200
OID = re.compile(r"[0-2](\.\d+)+")
#: Extended key usages by the names that OpenSSL and Azure's documentation give them.
USAGES = {
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
    "emailProtection": "1.3.6.1.5.5.7.3.4",
    "timeStamping": "1.3.6.1.5.5.7.3.8",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9",
    "smartcardLogon": "1.3.6.1.4.1.311.20.2.2",
    "documentSigning": "1.3.6.1.4.1.311.10.3.12",
    "any": "2.5.29.37.0",
}


def issuer_choices(issuers: Part[Sequence[CertificateIssuer]]) -> list[tuple[str, str]]:
    return [(issuer.name, f"{issuer.name}: {issuer.provider}") for issuer in issuers.value or ()]


def unlisted(error: AzureError) -> str:
    """The reason why the vault's issuers are not among the choices."""
    if isinstance(error, Forbidden) and error.permission and cause_of(error) in MISSING_PERMISSION:
        return f"The vault's issuers could not be listed: {error.permission} is missing."
    return f"The vault's issuers could not be listed. {problems.explain(error).title}."


def lifetime_refusal(amount: int, trigger: str, months: int | None) -> str:
    """Why Key Vault refuses this time of a lifetime action; "" if it does not. `months`: the validity, if it is known."""
    if trigger == "percentage":
        return "At most 99 percent of its life." if amount > 99 else ""
    if months is not None and amount >= 27 * months:
        return f"Key Vault takes fewer than {27 * months} days for this validity, 27 for each month."
    return ""


def contradictions(policy: Mapping[str, Any]) -> dict[str, str]:
    """Members that exclude each other, by the field to change, with the reason. `policy`: the cleaned fields of a form.

    Source: Key Vault REST, CertificatePolicy; "About Azure Key Vault certificates", exportable or non-exportable key.
    """
    found = {}
    if str(policy.get("kty") or "").endswith("-HSM") and policy.get("exportable"):
        found["exportable"] = (
            "A key in an HSM can't be exported. Switch this off, or choose a key type outside of the HSM."
        )
    issuer = str(policy.get("issuer") or "").lower()
    if issuer == "unknown" and policy.get("lifetime_action") == "AutoRenew":
        found["lifetime_action"] = "Key Vault can't renew what a CA outside of it signs. Choose the e-mail."
    if issuer in ("self", "unknown") and policy.get("certificate_type"):
        found["certificate_type"] = "Self and Unknown ask no CA, so there is no product to choose. Leave this empty."
    return found


class SubjectField(forms.CharField):
    """An X.500 name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            max_length=LONGEST_NAME,
            help_text='An X.500 name, such as CN=www.example.com, O="Example, Ltd.", C=DE. '
            "Quotes hold a value with a comma; a state is S.",
            **more,
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        label, equals, _ = value.partition("=")
        if value and not (label.strip() and equals):
            raise ValidationError('This is not an X.500 name. Write it like CN=www.example.com, O="Example, Ltd.".')


class LinesField(forms.Field):
    """A list of texts, one per line. `present`: the initial texts, which are not validated."""

    separators = r"[\r\n]+"
    help_text = "One a line."

    def __init__(self, label: str, *, help_text: str = "", **more: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.Textarea(
                attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "data-count-items": MOST_NAMES}
            ),
            help_text=help_text or self.help_text,
            **more,
        )
        self.present: tuple[str, ...] = ()

    def to_python(self, value: Any) -> tuple[str, ...]:
        items = self.split(value)
        if len(items) > max(MOST_NAMES, len(self.present)):
            raise ValidationError(f"At most {MOST_NAMES} fit here; these are {len(items)}.")
        for item in items:
            if item not in self.present:
                if len(item) > LONGEST_NAME:
                    raise ValidationError(f"“{item[:60]}…” is longer than {LONGEST_NAME} characters.")
                self.check(item)
        return items

    def split(self, value: Any) -> tuple[str, ...]:
        found = (item.strip() for item in re.split(self.separators, value or ""))
        return tuple(dict.fromkeys(item for item in found if item))

    def check(self, item: str) -> None:
        """Raise ValidationError for a text that is certainly wrong."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, tuple | list) else value


class WordsField(LinesField):
    """A list of texts without spaces, one per line or separated by commas."""

    separators = r"[\s,]+"

    def __init__(self, label: str, **more: Any) -> None:
        super().__init__(label, **more)
        self.widget.attrs["data-words"] = ""


class DnsNamesField(WordsField):
    help_text = "One a line. Browsers look here, not at the subject."

    def check(self, item: str) -> None:
        if len(item) > 253 or not DNS_NAME.fullmatch(item):
            raise ValidationError(f"“{item[:60]}” is not a DNS name.")


class IpAddressesField(WordsField):
    def check(self, item: str) -> None:
        try:
            ip_address(item)
        except ValueError:
            raise ValidationError(f"“{item[:60]}” is not an IP address.") from None


class EmailsField(WordsField):
    def check(self, item: str) -> None:
        if "@" not in item:
            raise ValidationError(f"“{item[:60]}” is not an e-mail address.")


class UsagesField(WordsField):
    """Extended key usages: shown by name if there is one, sent as object identifiers."""

    help_text = "One a line: a name such as serverAuth, clientAuth or codeSigning, or an object identifier."

    def split(self, value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(USAGES.get(item, item) for item in super().split(value)))

    def check(self, item: str) -> None:
        if not OID.fullmatch(item):
            raise ValidationError(f"“{item[:60]}” is neither an object identifier nor a known name.")

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value([usage_name(item) for item in value] if isinstance(value, tuple) else value)


def usage_name(oid: str) -> str:
    """The name of an extended key usage, or its object identifier."""
    return next((name for name, number in USAGES.items() if number == oid), oid)
