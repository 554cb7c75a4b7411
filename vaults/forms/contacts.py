"""The form for the contacts of a vault."""

from typing import Any, Self, cast

from django.core.exceptions import ValidationError
from django.http import QueryDict

from vaults.actions.contacts import contacts_token
from vaults.forms.confirm import CurrentStateForm
from vaults.forms.people import PeopleField, lines_of
from vaults.keyvault.types import Contact, Contacts

MOST = 1000
CHANGED = (
    "Somebody else changed the contacts after you opened them. Compare what you typed with the current list below, then send "
    "again: it becomes what this form shows."
)


class ContactsForm(CurrentStateForm):
    """The whole list of contacts."""

    contacts = PeopleField(
        parts=("e-mail", "name", "phone"),
        make=Contact,
        needed="e-mail",
        most=MOST,
        help_text="One a line: e-mail, name, phone. Name and phone can be left out.",
    )

    @classmethod
    def initial_of(cls, contacts: Contacts) -> dict[str, Any]:
        lines = lines_of((each.email, each.name, each.phone) for each in contacts.listed)
        return {"opened_on": contacts_token(contacts), "contacts": lines}

    def clean_contacts(self) -> tuple[Contact, ...]:
        contacts: tuple[Contact, ...] = self.cleaned_data["contacts"]
        if not contacts:
            raise ValidationError(
                "Key Vault keeps no empty list. Type a contact, or delete all contacts on their page."
            )
        seen: set[str] = set()
        for contact in contacts:
            if contact.email.lower() in seen:
                raise ValidationError(f"{contact.email[:80]} is here twice.")
            seen.add(contact.email.lower())
        return contacts

    def on_top_of(self, contacts: Contacts) -> Self:
        """What was typed, as a form that was opened on this list."""
        data = cast(QueryDict, self.data).copy()
        data["opened_on"] = contacts_token(contacts)
        form = type(self)(data)
        form.add_error(None, CHANGED)
        return form
