"""The form for a connection. A stored credential is never sent to the browser: an empty field keeps it."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography import x509
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.debug import sensitive_variables

from vaults import names
from vaults.actions.connections import Credential
from vaults.azure.pasted import bare
from vaults.forms.certificate_files import read_certificate
from vaults.forms.fields import MomentField
from vaults.forms.submissions import FormKeyMixin
from vaults.models import Connection

MASK = "••••••••••••"
#: The fields that a credential belongs to.
BELONGS_TO = {"cloud", "tenant_id", "client_id"}
MOST_CERTIFICATE_BYTES = 64_000
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Connection]  # generic only for the type checker
else:
    ModelForm = forms.ModelForm


class ConnectionForm(FormKeyMixin, ModelForm):
    client_secret = forms.CharField(
        required=False,
        strip=True,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="The secret's value, not its ID.",
    )
    certificate = forms.FileField(
        required=False,
        help_text="Instead of a client secret: an RSA certificate with its private key, PEM or PFX, up to 64 kB.",
    )
    certificate_password = forms.CharField(
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only where the file has one. It is not kept.",
    )
    credential_expires_on = MomentField(
        label="Credential ends on",
        help_text="As Entra ID shows it, so that we can warn you in time. A certificate brings its own end.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    #: Warning about a credential that is stored anyway.
    warning = ""
    field_order = (
        "name", "cloud", "tenant_id", "client_id", "client_secret", "certificate", "certificate_password",
        "credential_expires_on", "api_version",
    )  # fmt: skip

    class Meta:
        model = Connection
        fields = ("name", "cloud", "tenant_id", "client_id", "api_version", "credential_expires_on")
        help_texts = {
            "name": "What your team calls this service principal.",
            "tenant_id": "The directory's ID (a GUID) or one of its domains.",
            "client_id": "The application's ID, a GUID; not the object ID.",
            "api_version": "Sent with every call to the vaults.",
        }

    def __init__(self, *args: Any, clouds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["api_version"].required = False  # empty: the newest, or the stored one
        self.fields["cloud"] = forms.ChoiceField(
            choices=clouds, help_text="Decides where tokens are asked for and sent."
        )
        self.order_fields(self.field_order)
        self.has_stored = bool(self.instance.client_secret_sealed or self.instance.certificate_sealed)
        if self.instance._state.adding:
            del self.fields["revision"]
        else:
            self.fields["revision"].initial = self.instance.revision
        if self.has_stored:
            self.fields["client_secret"].widget.attrs["placeholder"] = MASK
            self.fields["client_secret"].help_text = "Stored. Leave it empty to keep it; it is never shown again."

    def clean_name(self) -> str:
        try:
            return names.fit_for_object(self.cleaned_data["name"])
        except names.UnfitName as reason:
            raise ValidationError(str(reason)) from None

    def clean_tenant_id(self) -> str:
        tenant: str = bare(self.cleaned_data["tenant_id"])
        if not GUID.fullmatch(tenant) and not DOMAIN.fullmatch(tenant):
            raise ValidationError("A tenant ID is a GUID, or a domain such as contoso.onmicrosoft.com.")
        return tenant

    def clean_api_version(self) -> str:
        return self.cleaned_data["api_version"] or self.instance.api_version

    def clean_client_id(self) -> str:
        client_id: str = bare(self.cleaned_data["client_id"])
        if not GUID.fullmatch(client_id):
            raise ValidationError("An application (client) ID is a GUID.")
        return client_id

    def clean_client_secret(self) -> str:
        secret: str = self.cleaned_data["client_secret"]
        return "" if secret and not secret.strip("•*") else secret  # the submitted mask

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload, secret = cleaned.get("certificate"), cleaned.get("client_secret")
        if upload and secret:
            self.add_error("certificate", "Give a client secret or a certificate, not both.")
        elif upload:
            credential = self._read_certificate(upload, cleaned.get("certificate_password") or "")
            cleaned["credential"] = credential
            if credential:  # its own expiry date replaces a typed one
                leaf = x509.load_pem_x509_certificate(credential.certificate.encode())
                cleaned["credential_expires_on"] = leaf.not_valid_after_utc
                self.warning = validity_warning(leaf)
        elif not secret and not self.has_stored and "client_secret" not in self.errors:
            self.add_error("client_secret", "Give a client secret, or a certificate below.")
        elif not secret and self.has_stored and BELONGS_TO & set(self.changed_data):
            # These fields decide who receives the credential, so a person who changes them must know it.
            self.add_error(
                "client_secret",
                "The stored one is for the cloud, tenant and application that stood here. Give it again.",
            )
        return cleaned

    @sensitive_variables("password")
    def _read_certificate(self, upload: "UploadedFile[bytes]", password: str) -> Credential | None:
        if (upload.size or 0) > MOST_CERTIFICATE_BYTES:
            self.add_error("certificate", "The file is larger than 64 kB; a certificate with its key is smaller.")
            return None
        try:
            return read_certificate(upload.read(), password)
        except ValidationError as error:
            self.add_error("certificate", error)
            return None

    def credential(self) -> Credential:
        found: Credential | None = self.cleaned_data.get("credential")
        return found or Credential(client_secret=self.cleaned_data["client_secret"])


def validity_warning(certificate: x509.Certificate) -> str:
    """A warning if the certificate is not valid today, which does not prevent storing it; otherwise ""."""
    now, begins, ends = timezone.now(), certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends <= now:
        return f"The certificate expired on {_date(ends)}, so Entra ID will refuse it. Upload one that is valid."
    if begins > now:
        return f"The certificate is not valid before {_date(begins)}; Entra ID will refuse it until then."
    return ""


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y H:i")
