"""Fields for a key that may be exported, under the conditions of its release policy.

Key Vault REST: KeyReleasePolicy; Azure Key Vault, "Secure Key Release policy grammar": JSON with a version, and one or more
authorities (attestation services) with the claims that they must make.
"""

import base64
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vaults.keyvault.since import POLICIES_SINCE, is_since
from vaults.keyvault.types import ReleasePolicy

CONTENT_TYPE = "application/json; charset=utf-8"
LISTS = ("anyOf", "allOf")
EXAMPLE = '{"version": "1.0.0", "anyOf": [{"authority": "https://…", "allOf": [{"claim": "…", "equals": "…"}]}]}'


class ReleasePolicyField(forms.CharField):
    """The conditions as JSON; cleaned to the JSON in one line, "" for none."""

    def __init__(self) -> None:
        super().__init__(
            label="Release policy",
            required=False,
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
            help_text=f"JSON: who has to attest what before the vault hands the key out, such as {EXAMPLE}",
        )

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            policy = json.loads(text)
            compact = json.dumps(policy, separators=(",", ":"), allow_nan=False)
        except ValueError as error:
            where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            raise ValidationError(f"This can't be read as JSON{where}.") from None
        except RecursionError:
            raise ValidationError("This is nested too deep for a release policy.") from None
        _check_policy(policy)
        return compact


def _check_policy(policy: Any) -> None:
    """Raises ValidationError for what is no release policy. Claims are left to the vault."""
    if not isinstance(policy, dict):
        raise ValidationError("A release policy is a JSON object.")
    if not isinstance(policy.get("version"), str):
        raise ValidationError('The member "version" is missing, such as "1.0.0".')
    rules = [policy[name] for name in LISTS if name in policy]
    if len(rules) != 1 or not isinstance(rules[0], list) or not rules[0]:
        raise ValidationError('It needs either "anyOf" or "allOf": a list of authorities with their claims.')
    for rule in rules[0]:
        if not isinstance(rule, dict) or not str(rule.get("authority", "")).startswith("https://"):
            raise ValidationError('Each entry of the list needs an "authority", the https address of who attests.')
        if not any(isinstance(rule.get(name), list) and rule[name] for name in LISTS):
            raise ValidationError('Each authority needs "anyOf" or "allOf": a list of claims.')


class ReleasePolicyMixin(forms.Form):
    """Goes before the other form among the bases. `api_version`: that of the connection, which may be too old for an export."""

    exportable = forms.BooleanField(
        label="The key may be exported",
        required=False,
        help_text="It then needs a release policy, and mostly a type in an HSM. Without it, the key never leaves the vault.",
    )
    release_policy = ReleasePolicyField()
    immutable = forms.BooleanField(label="The release policy can't be changed later", required=False)

    def __init__(self, *args: Any, api_version: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.api_version = api_version

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        wanted, policy = cleaned.get("exportable"), cleaned.get("release_policy")
        if "release_policy" in self.errors:
            return cleaned
        if wanted and not is_since(self.api_version, POLICIES_SINCE):
            self.add_error(
                "exportable",
                f"This connection uses API version {self.api_version}. Export exists from {POLICIES_SINCE} on.",
            )
        elif wanted and not policy:
            self.add_error("release_policy", "A key that may be exported needs a release policy.")
        elif not wanted and policy:
            self.add_error(
                "exportable", "Only a key that may be exported has a release policy: tick this, or empty it."
            )
        elif cleaned.get("immutable") and not policy:
            self.add_error("immutable", "There is no release policy that this could be about.")
        return cleaned

    def export_members(self) -> dict[str, Any]:
        """The arguments `exportable` and `release_policy` of KeyContent."""
        data = self.cleaned_data
        if not data["exportable"]:
            return {}
        encoded = base64.urlsafe_b64encode(data["release_policy"].encode()).decode().rstrip("=")
        return {"exportable": True, "release_policy": ReleasePolicy(CONTENT_TYPE, encoded, data["immutable"])}
