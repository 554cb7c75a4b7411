"""Texts for what a new version does not take over from the current one, shared by secrets, keys and certificates."""

from typing import Any

from vaults.keyvault.types import Certificate, Properties
from vaults.web.certificate_parts import in_words

#: Attributes that can't be carried over if they can't be read, in words. The expiry date is not here: forms ask for it.
UNREADABLE = {"content_type": "content type", "tags": "tags", "not_before": "start", "enabled": "state"}


def unreadable(current: Properties, *names: str) -> list[str]:
    return [
        f"The {UNREADABLE[name]} of the current version can't be read: {current.odd[name]}. The new one has what is given here."
        for name in names
        if name in current.odd
    ]


def unreadable_of_certificate(certificate: Certificate) -> list[str]:
    found = unreadable(certificate.properties, "tags", "enabled")
    if raw := certificate.odd.get("preserveCertOrder"):
        found.append(f"The chain order of the current version can't be read: {raw}. The new one has Key Vault's.")
    return found


def state(current: Properties | None) -> dict[str, Any]:
    """The state of a new version, in words: enabled unless the user chooses otherwise."""
    if current and "enabled" in current.odd:
        return in_words("", f"enabled; that of the current version can't be read: {current.odd['enabled']}")
    return in_words("", "enabled, unlike the current version" if current and current.enabled is False else "enabled")


def disabled(current: Properties) -> list[str]:
    if current.enabled is not False:
        return []
    return ["The current version is disabled; the new one is enabled unless you change its state."]
