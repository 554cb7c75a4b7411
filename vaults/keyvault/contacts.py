"""The contacts of a vault: whom it sends mail about its certificates. Key Vault REST: Certificate Contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vaults.azure.errors import NotFound
from vaults.azure.json_values import Json
from vaults.azure.members import Members, as_text, is_one_line
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.session import VaultSession
from vaults.keyvault.types import Contact, Contacts

_MEMBERS: Final = ("email", "name", "phone")


class ContactClient:
    """The contacts of one vault. Each operation needs the permission managecontacts."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    def get(self) -> Contacts:
        """All contacts; none if they were never set. (Get Certificate Contacts)"""
        try:
            return self._session.send(OPERATIONS["GetCertificateContacts"], read_contacts)
        except NotFound as error:
            if error.code != "ContactsNotFound":
                raise
            return Contacts()

    def set(self, contacts: Sequence[Contact]) -> Contacts:
        """Replace the whole list. (Set Certificate Contacts)"""
        body = {"contacts": [_members(contact) for contact in contacts]}
        return self._session.send(OPERATIONS["SetCertificateContacts"], read_contacts, json=body)

    def delete(self) -> None:
        """Delete all contacts. (Delete Certificate Contacts)"""
        self._session.send(OPERATIONS["DeleteCertificateContacts"], lambda _: None)


def _members(contact: Contact) -> dict[str, str]:
    return {member: text for member in _MEMBERS if (text := getattr(contact, member))}


def read_contacts(data: Json) -> Contacts:
    sent = data.get("contacts")
    items: list[Any] = sent if isinstance(sent, list) else [] if sent is None else [sent]
    plain = [item for item in items if _is_plain(item)]
    return Contacts(
        tuple(Contact(*(Members(item).text(member) or "" for member in _MEMBERS)) for item in plain),
        tuple(as_text(item) for item in items if not _is_plain(item)),
    )


def _is_plain(item: Any) -> bool:
    """True if each member is known and can be read, so that the contact can be sent anew."""
    return (
        isinstance(item, dict)
        and item.keys() <= set(_MEMBERS)
        and all(text is None or is_one_line(text) for text in item.values())
        and bool(item.get("email"))
    )
