"""Forms of the pages on which a key is tried: input in several notations, checked before anything is sent."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.views.decorators.debug import sensitive_variables

from vaults.forms import aes_fields
from vaults.forms.notations import BASE64, DIGEST_BASE64, DIGEST_HEX, FILE, HEX, TEXT, bytes_of, of_length
from vaults.forms.secrets import MOST_OFFERED, version_label
from vaults.keyvault import algorithms
from vaults.keyvault.algorithms import EC_SIGNATURES, RELEASE_ENCRYPTIONS, SECURE_WRAPPING, SIGNING, KeyOperation
from vaults.keyvault.types import Key, KeyProperties

#: A larger file does not get here: settings.FILE_UPLOAD_MAX_MEMORY_SIZE.
MOST_FILE_BYTES: Final = 1_000_000
NOTATIONS: Final = {TEXT: "Text", HEX: "Hex", BASE64: "Base64", FILE: "File"}
DIGESTS: Final = {DIGEST_HEX: "Digest in hex", DIGEST_BASE64: "Digest in base64"}
#: What a page takes, by its operation.
LABELS: Final = {
    KeyOperation.ENCRYPT: "What is to be encrypted",
    KeyOperation.DECRYPT: "What was encrypted",
    KeyOperation.SIGN: "What is to be signed",
    KeyOperation.VERIFY: "What was signed",
    KeyOperation.WRAP: "The key to be wrapped",
    KeyOperation.UNWRAP: "The wrapped key",
}
_OPENS: Final = frozenset({KeyOperation.DECRYPT, KeyOperation.UNWRAP})


class KeyVersionForm(forms.Form):
    """The version of the key. `key`: the version that was read, None if it could not be; `versions`: newest first."""

    version = forms.ChoiceField(required=False)

    def __init__(
        self, *args: Any, key: Key | None, versions: Sequence[KeyProperties] | None, asked: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        listed = (versions or [])[:MOST_OFFERED]
        choices = [("", "the current one"), *((each.version, version_label(each, listed[0])) for each in listed)]
        if asked and asked not in dict(choices):
            choices.append((asked, asked))
        self.fields["version"] = forms.ChoiceField(label="Version", choices=choices, required=False)

    def offer(self, name: str, offered: Sequence[str]) -> None:
        """Fill the choice of an algorithm."""
        takes = f"This version takes {', '.join(offered)}." if offered else "This version has no algorithm for it."
        self.fields[name] = forms.ChoiceField(
            label="Algorithm",
            choices=[(each, each) for each in offered],
            error_messages={"invalid_choice": takes, "required": takes},
        )


class ReleaseForm(KeyVersionForm):
    target = forms.CharField(
        label="Attestation token",
        strip=True,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text="The token (a JWT) that the attestation service named in the release policy issued for the environment which "
        "is to get the key, with that environment's public key in it.",
    )
    encryption = forms.ChoiceField(
        label="Encryption of the key",
        choices=[(each, each) for each in RELEASE_ENCRYPTIONS],
        help_text="How the key is encrypted for the environment.",
    )
    nonce = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Comes back in the signed answer, to show that it is fresh. May be empty.",
    )
    field_order = ("version", "encryption", "target", "nonce")


class SecureWrapForm(KeyVersionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("algorithm", SECURE_WRAPPING)


class SecureUnwrapForm(SecureWrapForm):
    value = forms.CharField(
        label="The wrapped key, in base64",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    target = ReleaseForm.base_fields["target"]
    field_order = ("version", "algorithm", "value", "target")

    def clean_value(self) -> bytes:
        return bytes_of(self.cleaned_data["value"], BASE64)


class RandomBytesForm(forms.Form):
    count = forms.IntegerField(label="Number of bytes", min_value=1, max_value=128, initial=32)


class KeyOperationForm(KeyVersionForm):
    """`cleaned_data["content"]` is what is sent: the input, or for a signature its digest."""

    value_from = forms.ChoiceField(label="Given as", widget=forms.RadioSelect)
    value = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    value_file = forms.FileField(label="File", required=False, allow_empty_file=True)
    signature_from = forms.ChoiceField(
        label="Signature given as", choices=[(BASE64, "Base64"), (HEX, "Hex")], initial=BASE64, widget=forms.RadioSelect
    )
    signature = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text="By an EC key either r and s side by side, as Key Vault makes it, or DER, as openssl does.",
    )
    field_order = (
        "version",
        "algorithm",
        "value_from",
        "value",
        "value_file",
        "iv",
        "tag",
        "aad",
        "signature_from",
        "signature",
    )

    def __init__(self, *args: Any, operation: KeyOperation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.operation = operation
        offered = list(algorithms.algorithms_of(self.key, operation))
        self.offer("algorithm", offered)
        self.fields.update(aes_fields.fields_for(operation, offered))
        notations = dict(NOTATIONS) | (DIGESTS if operation in SIGNING else {})
        if operation in _OPENS:
            del notations[TEXT]
        self.fields["value_from"] = forms.ChoiceField(
            label="Given as", choices=list(notations.items()), initial=next(iter(notations)), widget=forms.RadioSelect
        )
        self.fields["value"].label = LABELS[operation]
        self.fields["value"].help_text = self._help()
        self.fields["value_file"].help_text = f"If it is given as a file, of up to {MOST_FILE_BYTES:,} bytes." + (
            " It is hashed here; only the digest is sent to Key Vault." if operation in SIGNING else ""
        )
        if operation != KeyOperation.VERIFY:
            del self.fields["signature"], self.fields["signature_from"]
        self.order_fields(self.field_order)

    def _help(self) -> str:
        if self.operation in SIGNING:
            return "Text is taken as UTF-8 with line ends LF. It is hashed here; only the digest is sent to Key Vault."
        if self.operation in _OPENS or not self.key:
            return ""
        if self.key.size is None:
            return "Text is taken as UTF-8 with line ends LF."
        fits = ", ".join(f"{algorithms.most_bytes(each, self.key)} with {each}" for each in algorithms.PADDING)
        return f"Text is taken as UTF-8 with line ends LF. The most bytes that fit: {fits}."

    @sensitive_variables("cleaned", "content")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"algorithm", "value_from", "value", "value_file"} & self.errors.keys():
            at = "value_file" if cleaned["value_from"] == FILE else "value"
            try:
                cleaned["content"] = self._checked(self._content(cleaned), cleaned["algorithm"], cleaned["value_from"])
            except ValidationError as error:
                self.add_error(at, error)
        if not {"algorithm", "iv", "tag", "aad"} & self.errors.keys():
            try:
                cleaned["parameters"] = aes_fields.parameters_of(self.operation, cleaned["algorithm"], cleaned)
            except ValidationError as error:
                self.add_error(None, error)
        if "signature" in cleaned and not {"algorithm", "signature_from"} & self.errors.keys():
            try:
                signature = bytes_of(cleaned["signature"], cleaned["signature_from"])
                cleaned["signature"] = self._checked_signature(signature, cleaned["algorithm"])
            except ValidationError as error:
                self.add_error("signature", error)
        return cleaned

    @sensitive_variables()
    def _content(self, cleaned: dict[str, Any]) -> bytes:
        if cleaned["value_from"] != FILE:
            content = bytes_of(cleaned["value"], cleaned["value_from"])
            if not content:
                raise ValidationError("There is nothing here.")
            return content
        file: UploadedFile[Any] | None = cleaned.get("value_file")
        if file is None or (file.size or 0) > MOST_FILE_BYTES:
            raise ValidationError(f"Choose a file of up to {MOST_FILE_BYTES:,} bytes: a larger one is not taken.")
        whole: bytes = file.read()
        return whole

    @sensitive_variables("content")
    def _checked(self, content: bytes, algorithm: str, notation: str) -> bytes:
        """What is sent for it. Raises ValidationError if the key can't take it."""
        if self.operation in SIGNING:
            if notation not in DIGESTS:
                return algorithms.digest_of(algorithm, content)
            return of_length(content, algorithms.digest_bytes(algorithm), f"A digest for {algorithm}")
        if algorithm not in algorithms.PADDING:
            aes_fields.check_content(self.operation, algorithm, content)
            return content
        if self.key is None:
            return content
        if self.operation in _OPENS:
            return of_length(content, algorithms.block_bytes(algorithm, self.key), "What this key encrypts or wraps")
        most = algorithms.most_bytes(algorithm, self.key)
        if most is not None and len(content) > most:
            raise ValidationError(
                f"This has {len(content):,} bytes, and at most {most} fit with {algorithm} and a key of this size. "
                "Encrypt with a symmetric key, and that one with this."
            )
        return content

    @sensitive_variables("signature")
    def _checked_signature(self, signature: bytes, algorithm: str) -> bytes:
        if self.key is None:
            return signature
        length = algorithms.block_bytes(algorithm, self.key)
        by_curve = algorithm in {name for name, _ in EC_SIGNATURES.values()}
        if by_curve and length and len(signature) != length:
            with suppress(ValueError, OverflowError):  # if it is no DER either, the length is what is wrong
                return algorithms.from_der(signature, length)
        return of_length(signature, length, f"A signature by this key with {algorithm}")
