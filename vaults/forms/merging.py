"""The two steps of merging a signed certificate: a CA's reply is read and checked; then the sorted chain is sent."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.debug import sensitive_variables

from vaults.forms.submissions import FormKeyMixin
from vaults.keyvault.ca_reply import MOST_BYTES, MOST_CERTIFICATES, Reason, ReplyRefused, read_reply
from vaults.keyvault.chains import Chain, ChainRefused, build
from vaults.keyvault.types import CertificateOperation

REASONS: Final[Mapping[Reason, str]] = {
    "archive": "This is an archive. Unpack it, and choose the certificates in it.",
    "cut_off": "{which} is cut off: its end is missing. Copy it again, with its last line.",
    "damaged": "{which} can't be read: characters are missing or changed. Copy it again, or ask the CA for the file.",
    "empty": "Paste the CA's reply, or choose its files.",
    "keystore": "This is a key store (PFX or JKS), which may hold a private key. Nothing of it was kept. Only the signed "
    "certificate and its chain are needed: Key Vault has the private key.",
    "no_certificate": "There is no certificate in it.",
    "private_key": "There is a private key in it. Nothing of it was kept. A CA's reply holds none, and Key Vault has the "
    "private key of this operation already: give the certificate and its chain only.",
    "signing_request": "This is a signing request (CSR), which goes to the CA. Give the certificate that the CA made of it.",
    "too_large": f"It is larger than {MOST_BYTES // 1_000_000} MB; the replies of CAs have some kilobytes.",
    "too_many": f"There are more than {MOST_CERTIFICATES} certificates in it. Give the signed certificate and its chain.",
}
UNREADABLE_REQUEST = (
    "The operation's signing request can't be read, so no certificate can be compared with it. Delete the operation and start "
    "another one."
)
REPLACED = (
    "The operation has been replaced by another one, with another key and another CSR, after you opened this page. Look at it "
    "before you go on."
)
BROKEN = "The chain did not arrive as this page had made it. Give the CA's reply again."


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, Any], name: str) -> Any:  # noqa: ARG002
        return files.getlist(name)


class FilesField(forms.FileField):
    """Any number of files; their value is the list of their contents."""

    widget = FilesInput(attrs={"multiple": True})

    def clean(self, data: list["UploadedFile[bytes]"], initial: Any = None) -> list[bytes]:  # noqa: ARG002
        return [file.read() for file in data]


class ReplyForm(forms.Form):
    """A CA's reply, as text or as files. After validation, `chain` is what was understood."""

    request_id = forms.CharField(widget=forms.HiddenInput, max_length=64)
    uploads = FilesField(
        label="Files",
        required=False,
        help_text="PEM, DER (.cer, .crt) or P7B; several at once, in any order.",
    )
    reply = forms.CharField(
        label="Or paste it",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "class": "mono",
                "spellcheck": "false",
                "autocomplete": "off",
                "placeholder": "-----BEGIN CERTIFICATE-----",
            }
        ),
    )
    chain: Chain | None = None

    def __init__(self, data: Any = None, files: Any = None, *, operation: CertificateOperation) -> None:
        super().__init__(data, files, initial={"request_id": operation.request_id})
        self.operation = operation

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        found = self._read(given)
        if given.get("request_id") != self.operation.request_id:
            self._forget("request_id", self.operation.request_id)
            raise ValidationError(REPLACED)
        try:
            if found:
                self.chain = build(found, self.operation.csr, timezone.now())
        except ChainRefused as refused:
            self.add_error(None if refused.reason == "request_unreadable" else self._source(given), _no_chain(refused))
        return given

    @sensitive_variables()
    def _read(self, given: Mapping[str, Any]) -> list[bytes]:
        """The certificates; none if the reply is refused. A text that was not read to its end does not return to the page."""
        if "reply" not in given:
            self._forget("reply", "")
            return []
        files = given.get("uploads") or []
        try:
            return read_reply([given["reply"].encode("utf-8", "replace"), *files])
        except ReplyRefused as refused:
            if refused.may_hold_a_key:
                self._forget("reply", "")
            self.add_error(self._source(given), _sentence(refused))
            return []

    def _source(self, given: Mapping[str, Any]) -> str:
        """The field that has the reply."""
        return "reply" if given.get("reply", "").strip() or not given.get("uploads") else "uploads"

    def _forget(self, field: str, text: str) -> None:
        data = cast(QueryDict, self.data).copy()
        data[field] = text
        self.data = data


def _sentence(refused: ReplyRefused) -> str:
    which = f"Certificate {refused.number}" if refused.number else "It"
    return REASONS[refused.reason].format(which=which)


def _no_chain(refused: ChainRefused) -> str:
    if refused.reason == "request_unreadable":
        return UNREADABLE_REQUEST
    names = ", ".join(f"“{subject}”" for subject in refused.subjects[:3] if subject)
    found = f"It is for {names}, with another key." if names else "It holds certificates of CAs only."
    return (
        f"No certificate in the reply belongs to this operation's CSR. {found} Nothing was sent. If the CSR was made by an "
        "earlier operation, its private key is gone: give the CA the present CSR."
    )


class MergeForm(FormKeyMixin, forms.Form):
    """The second step: `chain` holds the certificates in base64, the leaf first. They are checked again."""

    request_id = forms.CharField(widget=forms.HiddenInput, max_length=64)
    chain = forms.CharField(widget=forms.HiddenInput, max_length=MOST_BYTES)

    def __init__(self, data: Any = None, *, operation: CertificateOperation, chain: Chain | None = None) -> None:
        initial = {"request_id": operation.request_id}
        if chain:
            initial["chain"] = " ".join(base64.b64encode(each).decode() for each in chain.certificates)
        super().__init__(data, initial=initial)
        self.operation = operation
        self.checked: Chain | None = chain

    def clean_request_id(self) -> str:
        given: str = self.cleaned_data["request_id"]
        if given != self.operation.request_id:
            raise ValidationError(REPLACED)
        return given

    def clean_chain(self) -> Chain:
        try:
            sent = [base64.b64decode(each, validate=True) for each in self.cleaned_data["chain"].split()]
            self.checked = build(read_reply(sent), self.operation.csr, timezone.now())
        except (ReplyRefused, ChainRefused, binascii.Error):
            raise ValidationError(BROKEN) from None
        return self.checked
