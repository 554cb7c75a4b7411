"""The form for the import of a key. File, pasted text and password are read once: they never return to the page."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from vaults.actions.key_import import KeyMaterial
from vaults.actions.keys import KeyContent
from vaults.forms.certificate_import import UnkeptTextarea
from vaults.forms.fields import AttributesForm, NameField
from vaults.forms.keys import CURVES, KeyOpsField
from vaults.forms.reader_process import read_apart
from vaults.forms.release_policy import ReleasePolicyMixin
from vaults.keyvault.types import Key

READER = "vaults.forms.key_reader"
#: A private key has at most 4 kB; blobs of HSM vendors have some more.
MOST_BYTES = 100_000
SOFTWARE, HSM = "software", "hsm"
PROTECTIONS = [(SOFTWARE, "Software"), (HSM, "An HSM")]
#: Type and curve of a key in a transfer blob.
TRANSFERRED = [("", "—"), ("RSA-HSM", "RSA"), *((f"EC-HSM {curve}", f"EC {curve}") for curve, _ in CURVES)]


class KeyImportForm(ReleasePolicyMixin, AttributesForm):
    """`material` is set if the file could be read: what is sent as the key."""

    name = NameField()
    as_version = forms.BooleanField(
        label="Add a version to the key of this name",
        required=False,
        help_text="Without it, a name that is in use is refused. An import under it would become the key's current version.",
    )
    upload = forms.FileField(
        label="File",
        required=False,
        help_text="One private key: PEM (PKCS#1, PKCS#8, SEC1), DER, JWK, or a key transfer blob (.byok). It is not kept.",
    )
    pasted = forms.CharField(
        label="Or pasted text",
        required=False,
        strip=False,
        widget=UnkeptTextarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text="PEM, JWK, or a key transfer blob as JSON or base64. It is not kept.",
    )
    password = forms.CharField(
        label="Password of the key",
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only if it has one. It opens the key here; Key Vault does not get it.",
    )
    protection = forms.ChoiceField(
        label="Protected by",
        choices=PROTECTIONS,
        help_text="An HSM needs a premium vault. The key of a transfer blob always goes into the HSM.",
    )
    transferred = forms.ChoiceField(
        label="Type of the key in a transfer blob",
        choices=TRANSFERRED,
        required=False,
        help_text="Only for a transfer blob: it does not say what is in it.",
    )
    key_ops = KeyOpsField()
    field_order = (
        "name",
        "as_version",
        "upload",
        "pasted",
        "password",
        "protection",
        "transferred",
        "key_ops",
        "not_before",
        "expires_on",
        "enabled",
        "tags",
        "exportable",
        "release_policy",
        "immutable",
    )

    def __init__(self, *args: Any, must_have_name: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = must_have_name
        self.fields["key_ops"].offer(self["key_ops"].value() or ())  # type: ignore[attr-defined]
        self.material: KeyMaterial | None = None

    @sensitive_variables("content", "cleaned", "found")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        file, pasted = cleaned.get("upload"), cleaned.get("pasted") or ""
        if {"upload", "pasted", "password"} & set(self.errors):
            return cleaned
        if bool(file) == bool(pasted.strip()):
            several = "Choose a file or paste the key, not both." if file else "Choose a file, or paste the key below."
            self.add_error("upload", several)
            return cleaned
        if (file.size if file else len(pasted.encode())) > MOST_BYTES:
            self._refuse(f"This is larger than {MOST_BYTES // 1000} kB; a private key is smaller.")
            return cleaned
        try:
            content = file.read() if file else pasted.encode()
            found = read_apart(READER, "key", [content], cleaned.get("password") or "")
        except ValidationError as error:
            self._refuse(error)
            return cleaned
        self.material = self._material_of(found)
        if self.material and not self.key_ops_fitting and cleaned.get("key_ops"):
            self.add_error("key_ops", "An EC key can only sign and verify: tick one of these.")
        return cleaned

    def _refuse(self, why: str | ValidationError) -> None:
        """At the field that the key came in."""
        self.add_error("upload" if self.files.get(self.add_prefix("upload")) else "pasted", why)

    @sensitive_variables("found")
    def _material_of(self, found: Mapping[str, Any]) -> KeyMaterial | None:
        if "jwk" in found:
            if self.cleaned_data.get("transferred"):
                self.add_error(
                    "transferred", "This is not a key transfer blob, so its type is known: leave this empty."
                )
            return KeyMaterial(found["jwk"])
        kty, _, curve = (self.cleaned_data.get("transferred") or "").partition(" ")
        kty, curve = (found["kty"], found["crv"]) if found["kty"] else (kty, curve)
        if not kty:
            self.add_error("transferred", "Choose what is in the transfer blob: it does not say it itself.")
            return None
        return KeyMaterial(
            {"kty": kty, **({"crv": curve} if curve else {}), "key_hsm": found["blob"]}, found["exchange_key"]
        )

    @property
    def hsm(self) -> bool:
        return self.cleaned_data["protection"] == HSM or bool(self.material and self.material.exchange_key)

    @property
    def key_ops_fitting(self) -> list[str]:
        """The ticked operations that a key of this type has."""
        kty = self.material.jwk["kty"] if self.material else ""
        return list(KeyContent(kty=kty, key_ops=self.cleaned_data.get("key_ops")).fitting().key_ops or ())

    def content(self) -> KeyContent:
        """All but the key itself. `key_ops` None: those of a key of its type, as the vault decides."""
        data = self.cleaned_data
        return KeyContent(
            kty=self.material.jwk["kty"] if self.material else "",
            key_ops=self.key_ops_fitting or None,
            enabled=False if data["enabled"] is False else None,  # true is Key Vault's default
            not_before=data["not_before"],
            expires_on=data["expires_on"],
            tags=data["tags"],
            **self.export_members(),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of what the page shows of the import: the public part or the blob, and what it is to become. "" if unread."""
        if self.material is None:
            return ""
        public = self.material.thumbprint or sorted(self.material.jwk.items())
        shown = replace(self.content(), tags=None, enabled=None)
        return hashlib.sha256(repr([public, self.hsm, shown]).encode()).hexdigest()


def initial_of(name: str, present: Key | None) -> dict[str, Any]:
    """The initial values: for a new version, what its predecessor has."""
    if present is None:
        return {"name": name}
    policy = present.release_policy
    return {
        "name": name,
        "as_version": True,
        "protection": HSM if present.key_type.endswith("-HSM") else SOFTWARE,
        "key_ops": present.key_ops,
        "tags": present.properties.tags,
        "exportable": present.properties.exportable is True,
        "release_policy": policy.text if policy else "",
        "immutable": bool(policy and policy.immutable),
    }
