"""Whether a vault has contacts: nobody hears of a certificate whose policy only e-mails them.

Source: Key Vault REST, Get Certificate Contacts, which needs the permission managecontacts.
"""

from typing import Final

from django.db.models import Q

from vaults.azure.errors import Forbidden
from vaults.inventory.certificates import Gather
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import part
from vaults.keyvault.types import Contacts
from vaults.models import Vault

#: Filter for vaults, by their items: certificates whose policy e-mails the contacts.
MAILED_OF_VAULT: Final = Q(items__known_certificate__mails=True, items__gone_since=None, items__deleted_on=None)


def read_if_mailed(vault: Vault, client: VaultClient, gather: Gather) -> None:
    """Ask for the contacts if a policy e-mails them. No error fails the scan: many connections may not know. After
    another error than a refusal, what was known stays."""
    if mailed(vault):
        [read] = gather([lambda: part(client.contacts.get)])
        if read.value is not None:
            see(vault, are_any(read.value))
        elif isinstance(read.error, Forbidden):
            see(vault, None)


def mailed(vault: Vault) -> int:
    """The number of certificates whose policy e-mails the contacts, as far as is known."""
    return Vault.objects.filter(MAILED_OF_VAULT, pk=vault.pk).values_list("items").count()


def are_any(contacts: Contacts) -> bool:
    return bool(contacts.listed or contacts.unread)


def see(vault: Vault, has_contacts: bool | None) -> None:
    """Keep whether there are any; None if that can't be known."""
    if vault.has_contacts != has_contacts:
        Vault.objects.filter(pk=vault.pk).update(has_contacts=has_contacts)
        vault.has_contacts = has_contacts
