"""Forms for vaults."""

from typing import Any

from django import forms

from vaults import clients
from vaults.forms.submissions import FormKeyMixin
from vaults.keyvault.errors import HostNotAllowed, InvalidVaultName
from vaults.models import Connection, Vault


class VaultForm(FormKeyMixin, forms.Form):
    """A cloud's vault by its name; where the cloud allows exact hosts, by one of them."""

    connection = forms.ModelChoiceField(Connection.objects.none(), empty_label=None)
    name = forms.CharField(
        label="Vault", max_length=260, help_text="Its name in Azure, such as kv-shop-prod.", widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "list": "known-vaults"}
        )
    )  # fmt: skip
    production = forms.BooleanField(required=False, help_text="Marks every page of this vault with a coloured edge.")

    def __init__(self, *args: Any, connections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"].queryset = connections  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        connection, name = cleaned.get("connection"), (cleaned.get("name") or "").strip().rstrip("/")
        if not connection or not name:
            return cleaned
        try:
            clients.cloud_of(connection).vault_url(name)
        except (InvalidVaultName, HostNotAllowed, clients.UnknownCloud) as error:
            self.add_error("name", str(error))
            return cleaned
        cleaned["name"] = name
        if Vault.objects.filter(connection=connection, name__iexact=name).exists():
            self.add_error("name", "This connection has this vault already.")
        return cleaned


class VaultEditForm(FormKeyMixin, forms.Form):
    production = forms.BooleanField(required=False, help_text="Marks every page of this vault with a coloured edge.")
