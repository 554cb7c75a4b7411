"""Contacts of a vault: each function checks the permission, acts on the vault and records the act."""

import hashlib
from collections.abc import Sequence

from vaults.actions.changes import PartsUnread, changing
from vaults.actors import Actor
from vaults.acts import act
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
        return doing.client.contacts.get()


def update_contacts(actor: Actor, vault: Vault, wanted: Sequence[Contact], opened_on: str) -> bool:
    """Replace the whole list. False if it is the same already.

    `opened_on`: the `contacts_token` of the form. Raises ContactsChanged, and PartsUnread if one could not be sent anew.
    """
    with changing(actor, Action.CONTACTS_UPDATE, vault, "") as doing:
        present = doing.client.contacts.get()
        if contacts_token(present) != opened_on:
            raise ContactsChanged(present)
        if present.unread:
            raise PartsUnread(["A contact"])
        if present.listed == tuple(wanted):
            return False
        doing.detail["count"] = len(wanted)
        doing.client.contacts.set(wanted)
        return True


def delete_contacts(actor: Actor, vault: Vault) -> None:
    """Delete all. Raises NotFound if there are none."""
    with changing(actor, Action.CONTACTS_DELETE, vault, "") as doing:
        doing.client.contacts.delete()
