"""Fields and checks of what is done with AES keys: the IV, the tag and the additional data beside the input."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from vaults.forms.notations import BASE64, bytes_of, of_length
from vaults.keyvault import aes
from vaults.keyvault.aes import AesParameters
from vaults.keyvault.algorithms import KeyOperation

MOST_AAD: Final = 10_000


def fields_for(operation: KeyOperation, offered: list[str]) -> Mapping[str, forms.Field]:
    """The fields that one of the offered algorithms needs. To encrypt there is no IV to type: a used one must not come again."""
    if not any(aes.parts_of(algorithm) for algorithm in offered):
        return {}
    parts = {
        "iv": _field(
            "IV, in base64", "The initialization vector that came with the ciphertext: 12 bytes with GCM, else 16."
        ),
        "tag": _field("Tag, in base64", "The authentication tag that came with the ciphertext: 16 bytes."),
    }
    aad = _field("Additional data (AAD), in base64", "Authenticated, but not encrypted: both sides have to know it.")
    return (parts if operation == KeyOperation.DECRYPT else {}) | {"aad": aad}


def _field(label: str, help_text: str) -> forms.Field:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=MOST_AAD, widget=widget)


@sensitive_variables()
def parameters_of(operation: KeyOperation, algorithm: str, cleaned: Mapping[str, Any]) -> AesParameters:
    """What is sent beside the input. Raises ValidationError, by field. What the algorithm does not have is left out."""
    parts = aes.parts_of(algorithm)
    if operation == KeyOperation.ENCRYPT and aes.mode_of(algorithm).startswith("CBC"):
        return AesParameters(iv=secrets.token_bytes(aes.BLOCK))
    found: dict[str, bytes] = {}
    errors: dict[str, ValidationError] = {}
    lengths = {"iv": aes.iv_bytes(algorithm), "tag": aes.TAG} if operation == KeyOperation.DECRYPT else {}
    for name in (*parts, *(["aad"] if "tag" in parts else [])):
        if name in cleaned:
            try:
                found[name] = of_length(
                    bytes_of(cleaned[name], BASE64),
                    lengths.get(name),
                    f"The {name.upper() if name == 'iv' else name} of {algorithm}",
                )
            except ValidationError as error:
                errors[name] = error
    if errors:
        raise ValidationError(errors)
    return AesParameters(**found)


@sensitive_variables("content")
def check_content(operation: KeyOperation, algorithm: str, content: bytes) -> None:
    """Raises ValidationError if no key could take it."""
    mode, size = aes.mode_of(algorithm), len(content)
    if mode == "KW":
        least = aes.WRAP_UNIT * (2 if operation == KeyOperation.WRAP else 3)  # RFC 3394: it adds one unit
        if size < least or size % aes.WRAP_UNIT:
            raise ValidationError(
                f"{algorithm} takes at least {least} bytes here, and a multiple of {aes.WRAP_UNIT}; this has {size:,}."
            )
    elif mode.startswith("CBC") and operation == KeyOperation.DECRYPT and (not size or size % aes.BLOCK):
        raise ValidationError(f"What {algorithm} encrypts has a multiple of {aes.BLOCK} bytes; this has {size:,}.")
