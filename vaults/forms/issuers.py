"""The forms for an issuer of a vault. A stored password is never read: an empty field keeps it."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.views.decorators.debug import sensitive_variables

from vaults.actions.issuers import issuer_token
from vaults.forms.confirm import ConfirmForm, CurrentStateForm
from vaults.forms.fields import NameField
from vaults.forms.people import PeopleField, lines_of
from vaults.keyvault.types import ACCOUNT, ORGANIZATION, RESERVED_ISSUERS, IssuerAdmin, IssuerDetail, IssuerSettings

PROVIDERS = ("DigiCert", "GlobalSign")
OTHER = "other"
MOST_ADMINS = 100
CLOSED = "It holds something that can't be read here, and a change would lose it: change it by another tool."
CHANGED = (
    "Somebody else changed the issuer after you opened it. Compare what you typed with its current state below, then send "
    "again: the issuer becomes what this form shows."
)


class IssuerFields(forms.Form):
    """What a new issuer and a present one have in common. `before`: the settings of fields that may be left out."""

    before: Mapping[str, Any] = MappingProxyType({})

    provider = forms.ChoiceField(
        choices=[(name, name) for name in PROVIDERS] + [(OTHER, "another one, typed below")],
        help_text="Key Vault works with DigiCert and GlobalSign.",
    )
    other_provider = forms.CharField(
        required=False,
        max_length=127,
        help_text="Only where another one is chosen above.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    account_id = forms.CharField(
        label="Account ID",
        required=False,
        max_length=500,
        help_text="The ID, or user name, of your account at the CA.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="The account's password or API key. It goes to the vault and can't be read back.",
    )
    organization_id = forms.CharField(
        label="Organization ID",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    admins = PeopleField(
        label="Administrators",
        required=False,
        parts=("first name", "last name", "e-mail", "phone"),
        make=IssuerAdmin,
        most=MOST_ADMINS,
        help_text="One a line: first name, last name, e-mail, phone.",
    )
    enabled = forms.BooleanField(required=False, initial=True, help_text="The vault asks only an enabled issuer.")

    @sensitive_variables("cleaned")
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("provider") == OTHER and not cleaned.get("other_provider"):
            if "other_provider" not in self.errors:
                self.add_error("other_provider", "Type the provider, or choose one above.")
        elif cleaned.get("provider") != OTHER and cleaned.get("other_provider"):
            self.add_error("other_provider", "Choose “another one” above, or leave this empty.")
        if cleaned.get("password") and not cleaned.get("account_id") and "account_id" not in self.errors:
            self.add_error("account_id", "A password belongs to an account: give its ID.")
        return cleaned

    def settings(self) -> IssuerSettings:
        """The typed settings. A field that is not on the page leaves what is there."""
        data = {**self.before, **self.cleaned_data}
        provider = data["other_provider"] if data["provider"] == OTHER else data["provider"]
        return IssuerSettings(provider, data["account_id"], data["organization_id"], data["admins"], data["enabled"])


class IssuerForm(IssuerFields, ConfirmForm):
    """A new issuer."""

    name = NameField()
    field_order = ("name",)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.lower() in RESERVED_ISSUERS:
            raise ValidationError("Self and Unknown mean something else in a policy. Choose another name.")
        return name


class IssuerEditForm(IssuerFields, CurrentStateForm):
    """A present issuer. The fields of a section that would lose something are left out, and its settings stay."""

    def __init__(self, data: QueryDict | None, *, present: IssuerDetail) -> None:
        super().__init__(data, initial=_initial(present))
        self.present, settings = present, present.settings
        self.before = {
            "account_id": settings.account_id,
            "organization_id": settings.organization_id,
            "admins": settings.admins,
        }
        self.fields["password"].help_text = "Empty: it stays as it is. It can't be read back."
        if ACCOUNT in present.closed:
            del self.fields["account_id"], self.fields["password"]
        if ORGANIZATION in present.closed:
            del self.fields["organization_id"], self.fields["admins"]

    def on_top_of_present(self) -> Self:
        """What was typed, as a form that was opened on the present state."""
        data = cast(QueryDict, self.data).copy()
        data["opened_on"] = issuer_token(self.present)
        form = type(self)(data, present=self.present)
        form.add_error(None, CHANGED)
        return form

    @sensitive_variables("cleaned")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        before = self.present.settings.account_id
        if "account_id" in self.fields and cleaned.get("account_id", before) != before and not cleaned.get("password"):
            self.add_error("password", "Another account has another password: give it, too.")
        return cleaned

    def settings(self) -> IssuerSettings:
        before, wanted = self.present.settings, super().settings()
        enabled = wanted.enabled if wanted.enabled != (before.enabled is not False) else before.enabled
        return replace(wanted, enabled=enabled)


def _initial(issuer: IssuerDetail) -> dict[str, Any]:
    settings = issuer.settings
    is_listed = settings.provider in PROVIDERS
    return {
        "opened_on": issuer_token(issuer),
        "provider": settings.provider if is_listed else OTHER,
        "other_provider": "" if is_listed else settings.provider,
        "account_id": settings.account_id,
        "organization_id": settings.organization_id,
        "admins": lines_of((each.first_name, each.last_name, each.email, each.phone) for each in settings.admins),
        "enabled": settings.enabled is not False,
    }
