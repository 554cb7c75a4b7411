"""The form for an import. Files, pasted text and password are read once: they never return to the page."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.debug import sensitive_variables

from vaults.forms.certificate_files import ReadForImport, read_for_import
from vaults.forms.fields import ItemForm, NameField, SwitchField, TagsField
from vaults.keyvault import x509
from vaults.keyvault.types import Certificate, CertificatePolicy, LifetimeAction
from vaults.keyvault.x509 import CertificateFacts
from vaults.templatetags.kvportal import date_and_time

#: All files and the pasted text together.
MOST_BYTES = 400_000
MOST_FILES = 10
#: Key Vault REST: Import Certificate.
LONGEST_SUBJECT = 200
EMAIL, NOTHING = "EmailContacts", "nothing"
BEFORE_END = [(EMAIL, "Key Vault e-mails the vault's contacts"), (NOTHING, "Nothing happens")]

Files = Sequence["UploadedFile[bytes]"]


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ARG002 Django's signature
        return cast("MultiValueDict[str, Any]", files).getlist(name)


class SeveralFilesField(forms.FileField):
    """Any number of files."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        if len(data) > MOST_FILES:
            raise ValidationError(f"These are {len(data)} files; {MOST_FILES} are taken at most.")
        return [super(SeveralFilesField, self).clean(file, initial) for file in data]


class UnkeptTextarea(forms.Textarea):
    """A text that never returns to the page, like a password."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:  # noqa: ARG002 that is the point
        return super().get_context(name, None, attrs)


class CertificateImportForm(ItemForm):
    """`read` and `leaf` are set if the files could be read: what they hold, and the certificate in readable form."""

    name = NameField()
    as_version = forms.BooleanField(
        label="Add a version to the certificate of this name",
        required=False,
        help_text="Without it, a name that is in use is refused.",
    )
    upload = SeveralFilesField(
        label="Files",
        required=False,
        help_text="The certificate, its private key and its chain, in one file or several: PFX, PEM or DER. They are not kept.",
    )
    pasted = forms.CharField(
        label="Or pasted PEM text",
        required=False,
        strip=False,
        widget=UnkeptTextarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Key, certificate and chain in any order. It is not kept.",
    )
    password = forms.CharField(
        label="Password of the file",
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only if it has one. It opens the file here; Key Vault does not get it.",
    )
    before_end = forms.ChoiceField(
        label="Before it ends",
        choices=BEFORE_END,
        help_text="The vault never renews it by itself: it could only replace it by a certificate of its own making.",
    )
    lifetime_percentage = forms.IntegerField(
        label="At percent of its life",
        min_value=1,
        max_value=99,
        initial=80,
        required=False,
        help_text="When the e-mail is sent. Empty: 80, Key Vault's default.",
    )
    exportable = SwitchField(initial=True, help_text="Anyone who may read the managed secret gets the private key.")
    reuse_key = forms.BooleanField(required=False, label="Reuse the key when a new version is requested")
    enabled = SwitchField(initial=True)
    tags = TagsField()

    def __init__(self, *args: Any, must_have_name: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = must_have_name
        self.read: ReadForImport | None = None
        self.leaf: CertificateFacts | None = None

    @sensitive_variables("contents", "cleaned")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        files, pasted = cleaned.get("upload") or [], cleaned.get("pasted") or ""
        if "upload" in self.errors or "password" in self.errors:
            return cleaned
        if not files and not pasted.strip():
            self.add_error("upload", "Choose the file or files, or paste PEM text below.")
            return cleaned
        contents = [*([pasted.encode()] if pasted.strip() else [])]
        if sum(file.size or 0 for file in files) + sum(map(len, contents)) > MOST_BYTES:
            self.add_error(
                "upload", f"This is larger than {MOST_BYTES // 1000} kB; a certificate with key and chain is smaller."
            )
            return cleaned
        contents = [*(file.read() for file in files), *contents]
        try:
            self.read = read_for_import(contents, cleaned.get("password") or "")
            self.leaf = _importable(self.read)
        except ValidationError as error:
            self.add_error("upload" if files else "pasted", error)
        return cleaned

    def policy(self) -> CertificatePolicy:
        """The policy that is sent. Its issuer is Unknown, so that the vault signs nothing in the place of the CA."""
        data, leaf = self.cleaned_data, self.leaf
        if leaf is None or self.read is None:
            raise ValueError("nothing was read")
        is_ec = leaf.key_type == "EC"
        return CertificatePolicy(
            issuer_name="Unknown",
            exportable=data["exportable"] is not False,
            key_type="EC" if is_ec else "RSA",
            key_size=None if is_ec else leaf.key_size,
            curve=leaf.curve if is_ec else None,
            reuse_key=data["reuse_key"],
            content_type=self.read.content.content_type,
            lifetime_actions=self.lifetime_actions,
        )

    @property
    def lifetime_actions(self) -> tuple[LifetimeAction, ...]:
        if self.cleaned_data["before_end"] != EMAIL:
            return ()
        return (LifetimeAction(EMAIL, lifetime_percentage=self.cleaned_data["lifetime_percentage"] or 80),)

    @property
    def digest(self) -> str:
        """SHA-256 of what the page shows of the import: the certificates in order, their form, and what follows. "" if unread."""
        if self.read is None:
            return ""
        shown = [self.read.content.content_type, self.lifetime_actions, *self.read.content.certificates]
        return hashlib.sha256(repr(shown).encode()).hexdigest()

    @property
    def email_on(self) -> datetime | None:
        """The time of the e-mail to the contacts, if there is one."""
        leaf, actions = self.leaf, self.lifetime_actions
        if not (actions and leaf and leaf.not_before and leaf.not_after):
            return None
        return leaf.not_before + (leaf.not_after - leaf.not_before) * ((actions[0].lifetime_percentage or 0) / 100)


def _importable(read: ReadForImport) -> CertificateFacts:
    """The certificate itself. Raises ValidationError if Key Vault refuses such certificates."""
    leaf = x509.read_certificate(read.content.certificates[0])
    if not (leaf.not_before and leaf.not_after and leaf.key_type):
        raise ValidationError("The certificate can't be read.")
    if leaf.not_after <= timezone.now():
        raise ValidationError(
            f"The certificate expired on {date_and_time(leaf.not_after)}. Key Vault takes no expired certificate: "
            "import the one that followed it."
        )
    if len(leaf.subject or "") > LONGEST_SUBJECT:
        raise ValidationError(
            f"The certificate's subject has {len(leaf.subject or '')} characters; Key Vault takes {LONGEST_SUBJECT} at most."
        )
    return leaf


def initial_of(name: str, present: Certificate | None) -> dict[str, Any]:
    """The initial values: for a new version, what its predecessor has."""
    if present is None:
        return {"name": name}
    policy = present.policy or CertificatePolicy()
    return {
        "name": name,
        "as_version": True,
        "exportable": policy.exportable is not False,
        "reuse_key": policy.reuse_key is True,
        "tags": present.properties.tags,
    }
