"""Forms for backups. Files and passwords are read once: they never return to the page."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.views.decorators.debug import sensitive_variables

from vaults.forms.certificate_export import FilePasswordField
from vaults.forms.confirm import ConfirmForm
from vaults.forms.fields import NameField
from vaults.keyvault import age_files, backup_blobs
from vaults.kinds import BY_NAME, KINDS, Kind

#: A blob of 8 MB as base64 text. What is sent for the form, 12 MB at most, has a little besides it.
MOST_BYTES = 11_500_000
#: The names of files that the portal wrote: `web.certificate.age`, perhaps with what a browser added to a second one.
_OURS = re.compile(r"(?P<name>[0-9a-zA-Z-]{1,127})\.(?P<kind>secret|key|certificate)(?: ?\(\d+\))?\.(?:age|kvbackup)")


class BackupForm(ConfirmForm):
    """A password twice, or the blob as it is, which has to be ticked: nobody gets it by leaving the fields empty."""

    file_password = FilePasswordField(
        label="Password of the file",
        help_text="Encrypts the file, with 8 to 128 characters. It is kept nowhere: without it the backup is lost.",
    )
    file_password_again = forms.CharField(
        label="Password of the file once more",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    raw = forms.BooleanField(
        label="Without a password: the backup as Key Vault made it",
        required=False,
        help_text="Whoever has the file and may restore into a vault of the same subscription and geography gets all values.",
    )

    @sensitive_variables("data", "password")
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        password = data["file_password"]
        if password != data["file_password_again"]:
            self.add_error("file_password_again", "The two passwords are not the same.")
        elif password and data["raw"]:
            self.add_error("raw", "Type a password, or take the backup without one: not both.")
        elif not password and not data["raw"]:
            self.add_error("file_password", "Type a password twice, or tick that you want the backup without one.")
        return data


@dataclass(frozen=True, slots=True)
class ReadBackup:
    """A file that was read. `name`: the one that the blob is said to have."""

    blob: bytes = field(repr=False)
    kind: Kind
    name: str
    was_encrypted: bool

    @property
    def digest(self) -> str:
        """SHA-256 of what the page shows of it."""
        return hashlib.sha256(b"\0".join([self.kind.name.encode(), self.name.encode(), self.blob])).hexdigest()


class RestoreForm(ConfirmForm):
    """`backup` is set if the file could be read, and if it can be of the chosen kind."""

    upload = forms.FileField(
        label="File",
        allow_empty_file=True,
        error_messages={"required": "Choose the file of the backup."},
        help_text="A backup made here (.age, .kvbackup), by az or by PowerShell, up to 8 MB. It is not kept.",
    )
    password = forms.CharField(
        label="Password of the file",
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="Only for an age file (.age). It opens the file here; Key Vault does not get it.",
    )
    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "As the file says"), *((kind.name, kind.title) for kind in KINDS)],
        help_text="A key's backup and a certificate's look alike: if the file's name does not tell, choose.",
    )
    name = NameField(label="Name in the backup", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = (
            "The item comes back under the name that it had; only Key Vault can read it in the backup. Empty: as the file's "
            "name says. It is used to see whether the name is free."
        )
        self.backup: ReadBackup | None = None

    @sensitive_variables("cleaned", "content")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        file: UploadedFile[bytes] = cleaned["upload"]
        if (file.size or 0) > MOST_BYTES:
            self.add_error(
                "upload", f"This is larger than {MOST_BYTES / 1e6:g} MB; a backup that is taken here is smaller."
            )
        else:
            self._read(file.read(), cleaned["password"], file.name or "")
        return cleaned

    @sensitive_variables("content", "password", "blob")
    def _read(self, content: bytes, password: str, given: str) -> None:
        """`given`: the file's name."""
        encrypted = age_files.is_age(content)
        if encrypted and not password:
            self.add_error("password", "This is an age file: type its password.")
            return
        try:
            blob = backup_blobs.blob_in(age_files.decrypt(content, password) if encrypted else content)
        except age_files.AgePasswordWrong as refused:
            self.add_error("password", str(refused))
        except (age_files.AgeRefused, backup_blobs.NoBlob) as refused:
            self.add_error("upload", str(refused))
        else:
            kind, name = self._kind_of(blob, given), self._name_of(given)
            if kind and name:
                self.backup = ReadBackup(blob, kind, name, encrypted)

    @sensitive_variables("blob")
    def _kind_of(self, blob: bytes, given: str) -> Kind | None:
        """As chosen, else as the file's name says; it must be one that the blob can have."""
        possible, ours = backup_blobs.kinds_of(blob), _OURS.fullmatch(given)
        told = self.cleaned_data["kind"] or (ours["kind"] if ours and ours["kind"] in possible else "")
        names = " or a ".join(possible)
        if told and told not in possible:
            self.add_error("kind", f"This is the backup of a {names}, not of a {told}.")
        elif not told and len(possible) > 1:
            self.add_error("kind", f"This is the backup of a {names}: choose which.")
        else:
            return BY_NAME[told or possible[0]]
        return None

    def _name_of(self, given: str) -> str:
        """As typed, else as the file's name says."""
        ours = _OURS.fullmatch(given)
        name: str = self.cleaned_data["name"] or (ours["name"] if ours else "")
        if not name:
            self.add_error("name", "Type the name of the item: the file's name does not tell it.")
        return name


def file_name(name: str, kind: Kind, *, encrypted: bool) -> str:
    """The name of a backup's file; `RestoreForm` reads it again."""
    return f"{name}.{kind}.{'age' if encrypted else 'kvbackup'}"
