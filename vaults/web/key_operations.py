"""The pages on which a key is tried: what each does, why a version can't do it, and results in several notations."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.views.decorators.debug import sensitive_variables

from vaults.actions.key_operations import ACTIONS
from vaults.keyvault import algorithms
from vaults.keyvault.aes import KEY_TYPE, AesParameters
from vaults.keyvault.algorithms import EC_SIGNATURES, OUTSIDE_DATES, KeyOperation
from vaults.keyvault.types import Key
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class KeyPage:
    """`page`: the name of its URL; `needs`: what has to be in `key_ops`, "" if nothing; `does`: a sentence."""

    page: str
    action: Action
    verb: str
    icon: str
    needs: str
    does: str


_OF_OPERATIONS: Final = {
    KeyOperation.ENCRYPT: (
        "key_encrypt",
        "Encrypt",
        "lock",
        "A few bytes are encrypted with this key.",
    ),
    KeyOperation.DECRYPT: (
        "key_decrypt",
        "Decrypt",
        "lock-open",
        "What was encrypted with this key is decrypted.",
    ),
    KeyOperation.SIGN: ("key_sign", "Sign", "signature", "The digest of a text or a file is signed."),
    KeyOperation.VERIFY: (
        "key_verify",
        "Verify",
        "rosette-discount-check",
        "A signature is compared with what was signed.",
    ),
    KeyOperation.WRAP: (
        "key_wrap",
        "Wrap",
        "package",
        "A symmetric key is encrypted with this key.",
    ),
    KeyOperation.UNWRAP: ("key_unwrap", "Unwrap", "package-export", "A wrapped symmetric key is decrypted."),
}
#: The six operations of `key_ops`.
OPERATIONS: Final = {
    operation: KeyPage(page, ACTIONS[operation], verb, icon, operation.value, does)
    for operation, (page, verb, icon, does) in _OF_OPERATIONS.items()
}
RELEASE: Final = KeyPage(
    "key_release",
    Action.KEY_RELEASE,
    "Release",
    "shield-up",
    "",
    "An exportable key is handed out, encrypted for an environment that its release policy trusts.",
)
SECURE_WRAP: Final = KeyPage(
    "key_secure_wrap",
    Action.KEY_SECURE_WRAP,
    "Secure wrap",
    "shield-lock",
    KeyOperation.WRAP.value,
    "The vault makes a symmetric key and hands it out wrapped, so that nobody sees it.",
)
SECURE_UNWRAP: Final = KeyPage(
    "key_secure_unwrap",
    Action.KEY_SECURE_UNWRAP,
    "Secure unwrap",
    "shield-check",
    KeyOperation.UNWRAP.value,
    "A wrapped key is unwrapped for an environment that proves what it is.",
)
PAGES: Final = (*OPERATIONS.values(), SECURE_WRAP, SECURE_UNWRAP, RELEASE)


def hindrance(page: KeyPage, key: Key | None, now: datetime) -> str:
    """Why Key Vault will refuse this version, as far as it is known; "" if nothing speaks against it."""
    if key is None:
        return ""
    properties = key.properties
    if properties.enabled is False:
        return "This version is disabled, and Key Vault uses no disabled version."
    if page == RELEASE:
        return "" if properties.exportable is not False else "This key is not exportable, so it is released to nobody."
    if key.tells_ops and page.needs not in key.key_ops:
        return f"Its permitted operations (key_ops) leave {page.needs} out."
    if page.needs not in OUTSIDE_DATES:
        if properties.expires_on and properties.expires_on <= now:
            return "This version has expired. Key Vault still decrypts, unwraps and verifies with it, nothing else."
        if properties.not_before and properties.not_before > now:
            return "This version is not active yet. Key Vault decrypts, unwraps and verifies with it, nothing else."
    if page in (SECURE_WRAP, SECURE_UNWRAP) and key.key_type == KEY_TYPE:
        return "This page does it with RSA keys only."
    if not algorithms.algorithms_of(key, KeyOperation(page.needs)):
        return f"A key of type {key.key_type or 'unknown'} {key.jwk.get('crv', '')} has no algorithm for this."
    return ""


@dataclass(frozen=True, slots=True)
class Notation:
    """A result in one of its notations. `note`: a few words about who wants it so."""

    label: str
    text: str
    note: str = ""


@sensitive_variables()
def notations(value: bytes, algorithm: str, *, opened: bool) -> Sequence[Notation]:
    """The result, in the likeliest notation first. `opened`: it was decrypted, so that it may be text."""
    plain = base64.b64encode(value).decode()
    found = [
        Notation("Base64", plain),
        Notation("Base64url", plain.translate(str.maketrans("+/", "-_")).rstrip("="), "as in a JWS or JWE"),
        Notation("Hex", value.hex()),
    ]
    if algorithm in {name for name, _ in EC_SIGNATURES.values()}:
        der = base64.b64encode(algorithms.to_der(value)).decode()
        found.append(Notation("DER, in base64", der, "as openssl and most libraries want it"))
    if opened and (text := _text(value)):
        found.insert(0, Notation("Text", text))
    return found


@sensitive_variables()
def notations_of_parts(parameters: AesParameters) -> Sequence[Notation]:
    """What came with a ciphertext and is needed to decrypt it, as the form for that takes it."""
    parts = (("IV, in base64", parameters.iv), ("Tag, in base64", parameters.tag))
    return [Notation(label, base64.b64encode(value).decode()) for label, value in parts if value]


@sensitive_variables()
def _text(value: bytes) -> str:
    """The bytes as text; "" if they are none."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return ""
    return text if all(sign.isprintable() or sign in "\t\r\n" for sign in text) else ""
