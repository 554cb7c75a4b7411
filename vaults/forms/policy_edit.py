"""The form that changes a certificate's policy, and makes no new version."""

from typing import Any

from vaults.forms.policy_form import PolicyForm

REUSED = (
    "Each version has the key of the one before, so no version would get another key. Choose that each gets a key of its own, or "
    "leave the key as it is."
)
KEY = ("kty", "key_size", "crv")


class PolicyEditForm(PolicyForm):
    """The policy's parts."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        changed = [name for name in KEY if name in self.changed_data]
        if changed and cleaned.get("reuse_key") is True:
            self.add_error(changed[0], REUSED)
        return cleaned
