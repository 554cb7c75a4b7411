"""Forms for vaults."""

from typing import Any

from django import forms

from vaults import clients
from vaults.azure.errors import HostNotAllowed, InvalidVaultName
from vaults.forms.submissions import FormKeyMixin
from vaults.models import Connection


class VaultForm(FormKeyMixin, forms.Form):
    """A vault by its name, or by an exact host if the cloud allows it."""

    connection = forms.ModelChoiceField(Connection.objects.none(), empty_label=None)
    name = forms.CharField(
        label="Vault",
        max_length=260,
        help_text="Its name in Azure, such as kv-shop-prod, or its address.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "known-vaults"}),
    )
    production = forms.BooleanField(required=False, help_text="Marks every page of this vault with a coloured edge.")

    def __init__(self, *args: Any, connections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"].queryset = connections  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        connection, name = cleaned.get("connection"), cleaned.get("name")
        if not connection or not name:
            return cleaned
        try:
            clients.vault_of(connection, name)
        except (InvalidVaultName, HostNotAllowed, clients.UnknownCloud) as error:
            self.add_error("name", str(error))
        return cleaned


class VaultConnectionForm(FormKeyMixin, forms.Form):
    connection = forms.ModelChoiceField(Connection.objects.none(), label="Add a connection", empty_label=None)

    def __init__(self, *args: Any, connections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"].queryset = connections  # type: ignore[attr-defined]


class VaultEditForm(FormKeyMixin, forms.Form):
    production = forms.BooleanField(required=False, help_text="Marks every page of this vault with a coloured edge.")
