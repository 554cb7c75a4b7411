"""Contacts of a vault: each function checks the permission, acts on the vault and records the act."""

import hashlib
from collections.abc import Sequence

from vaults.actions.changes import PartsUnread, changing, settle_lost
from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import AzureError
from vaults.inventory import observe
from vaults.keyvault.types import Contact, Contacts
from vaults.models import Vault
from vaults.permissions import Action


class ContactsChanged(Exception):
    """Another person changed the list after the form was opened. `contacts`: its present state."""

    def __init__(self, contacts: Contacts) -> None:
        self.contacts = contacts
        super().__init__("changed meanwhile")


def contacts_token(contacts: Contacts) -> str:
    """The state that a form was opened on."""
    return hashlib.blake2b(repr(contacts).encode(), digest_size=16).hexdigest()


def read_contacts(actor: Actor, vault: Vault) -> Contacts:
    """Raises Forbidden: then it is not known whether there are any."""
    with act(actor, Action.CONTACTS_READ, vault) as doing:
        found = doing.client.contacts.get()
    observe.see_contacts(vault, found)
    return found


def update_contacts(actor: Actor, vault: Vault, wanted: Sequence[Contact], opened_on: str) -> bool:
    """Replace the whole list. False if it is the same already.

    `opened_on`: the `contacts_token` of the form. Raises ContactsChanged, and PartsUnread if one could not be sent anew.
    """
    digest = contacts_token(Contacts(tuple(wanted)))
    with changing(actor, Action.CONTACTS_UPDATE, vault, "", digest=digest) as doing:
        contacts = doing.client.contacts
        present = contacts.get()
        if contacts_token(present) != opened_on:
            raise ContactsChanged(present)
        if present.unread:
            raise PartsUnread(["A contact"])
        if present.listed == tuple(wanted):
            return False
        doing.detail["count"] = len(wanted)
        try:
            contacts.set(wanted)
        except AzureError as lost:
            settle_lost(lost, doing, lambda: contacts_token(contacts.get()) == digest)
    observe.see_contacts(vault, Contacts(tuple(wanted)))
    return True


def delete_contacts(actor: Actor, vault: Vault) -> None:
    """Delete all. Raises NotFound if there are none."""
    with changing(actor, Action.CONTACTS_DELETE, vault, "") as doing:
        contacts = doing.client.contacts
        try:
            contacts.delete()
        except AzureError as lost:
            settle_lost(lost, doing, lambda: contacts.get() == Contacts())
    observe.see_contacts(vault, Contacts())
