"""The form that hands out a certificate's key and chain."""

from typing import Any

from django import forms
from django.views.decorators.debug import sensitive_variables

from vaults.forms.confirm import ConfirmForm
from vaults.keyvault.certificate_export import WITH_KEY, Format, Wanted

FORMATS = (
    (
        "With the private key",
        (
            (Format.PFX.value, "PFX: key, certificate and chain in one file, encrypted"),
            (Format.PEM_ZIP.value, "PEM: key, certificate, chain and full chain, as a zip of four files"),
            (Format.PEM_ALL.value, "PEM: key, certificate and chain in one file"),
            (Format.PEM_KEY.value, "PEM: only the private key"),
        ),
    ),
    (
        "Without the private key",
        (
            (Format.PEM_FULL_CHAIN.value, "PEM: full chain, the certificate first"),
            (Format.PEM_CHAIN.value, "PEM: only the chain"),
            (Format.P7B.value, "P7B: certificate and chain"),
        ),
    ),
)
SHORTEST, LONGEST = 8, 128
OLD = "old"


class FilePasswordField(forms.CharField):
    """Printable ASCII: programs disagree about the bytes of any other character in a PFX's password."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            strip=False,
            min_length=SHORTEST,
            max_length=LONGEST,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        if not (text.isascii() and (text.isprintable() or not text)):
            raise forms.ValidationError(
                "Use letters, digits and signs of plain ASCII: programs disagree about other characters."
            )
        return text


class CertificateExportForm(ConfirmForm):
    """With the button "Show the chain" nothing else needs to be filled in."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)
    format = forms.ChoiceField(label="File", choices=FORMATS, initial=Format.PFX.value)
    file_password = FilePasswordField(
        label="Password of the file",
        help_text=f"Encrypts the PFX or the private key, with {SHORTEST} to {LONGEST} characters. A PFX needs one; a PEM key "
        "without one can be used by whoever gets the file. It is kept nowhere, so nobody can look it up later.",
    )
    file_password_again = forms.CharField(
        label="Password of the file once more",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    encryption = forms.ChoiceField(
        label="Encryption of a PFX",
        choices=(("modern", "AES-256 with PBKDF2 and SHA-256"), (OLD, "3DES with SHA-1, for old programs")),
        initial="modern",
        help_text="The old one is weak. Only old Windows (before Server 2019), old Java (before 8u301) and some appliances "
        "need it: they say that the password is wrong.",
    )
    root = forms.BooleanField(
        label="Include the root certificate",
        required=False,
        help_text="Servers leave it out: clients trust their own copy. Some programs want it all the same.",
    )

    @property
    def shows_chain(self) -> bool:
        return "show_chain" in self.data

    @sensitive_variables("data", "password")
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.shows_chain:
            for name in ("format", "file_password", "file_password_again", "encryption", "root"):
                self.errors.pop(name, None)
            return data
        if {"format", "file_password", "file_password_again"} & self.errors.keys():
            return data
        password = data["file_password"]
        if password != data["file_password_again"]:
            self.add_error("file_password_again", "The two passwords are not the same.")
        elif password and data["format"] not in WITH_KEY:
            self.add_error("file_password", "This file has no private key, so nothing is encrypted: leave it empty.")
        elif not password and data["format"] == Format.PFX:
            self.add_error("file_password", "A PFX needs a password: type one twice.")
        return data

    def wanted(self) -> Wanted:
        data = self.cleaned_data
        return Wanted(Format(data["format"]), data["file_password"], data["encryption"] == OLD, data["root"])
