"""The contacts of a vault: whom it e-mails; set as a whole list, never over a list that nobody has seen."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, signed_in
from vaults.actions.contacts import contacts_token
from vaults.emulator import Emulator
from vaults.emulator.state.issuers import write_contacts
from vaults.emulator.state.registry import find_vault
from vaults.keyvault.client import VaultClient
from vaults.keyvault.contacts import read_contacts
from vaults.keyvault.types import CertificatePolicy, Contact, LifetimeAction
from vaults.models import Vault
from vaults.permissions import Action, Role

PAGE = "/vaults/kv-shop-prod/contacts/"
EDIT = f"{PAGE}edit/"
DELETE = f"{PAGE}delete/"
ADA, BO = Contact("ada@example.com", "Ada", "+44 1"), Contact("bo@example.com")


@pytest.fixture
def two(azure: VaultClient, emulator: Emulator) -> VaultClient:
    azure.contacts.set([ADA, BO])
    emulator.requests.clear()
    return azure


def sent(emulator: Emulator, method: str) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == method and ".vault." in each.host]


def test_no_contacts_are_no_error(olga: Client, world: World) -> None:
    words = text_of(olga.get(PAGE))
    assert "No contacts yet" in words
    assert "Add contacts" in words
    assert "Add contacts" not in text_of(signed_in(world.members[Role.WRITER]).get(PAGE))


def test_the_page_says_who_gets_mail(olga: Client, two: VaultClient) -> None:
    words = text_of(olga.get(PAGE))
    assert "ada@example.com Ada +44 1" in words
    assert "bo@example.com — —" in words
    assert last_entry(Action.CONTACTS_READ).vault_name == "kv-shop-prod"


def test_the_first_contacts_are_set(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    assert fill_in(olga, EDIT, contacts="ada@example.com, Ada, +44 1\r\n\r\nbo@example.com")["Location"] == PAGE
    [body] = sent(emulator, "PUT")
    assert body == {
        "contacts": [{"email": "ada@example.com", "name": "Ada", "phone": "+44 1"}, {"email": "bo@example.com"}]
    }
    assert azure.contacts.get().listed == (ADA, BO)
    detail = last_detail(Action.CONTACTS_UPDATE)
    assert detail == {"count": 2, "digest": contacts_token(azure.contacts.get())}


def test_an_untouched_form_sends_nothing(olga: Client, two: VaultClient, emulator: Emulator) -> None:
    assert fill_in(olga, EDIT)["Location"] == PAGE
    assert sent(emulator, "PUT") == []
    assert "Nothing was different" in text_of(olga.get(PAGE))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "This field is required"),
        (" \r\n ", "Key Vault keeps no empty list"),
        ("nobody", "Line 1: “nobody” is no e-mail address."),
        ("ada@example.com\r\n, Bo", "Line 2 has no e-mail"),
        ("a@example.com, b, c, d", "Line 1 has 4 parts"),
        ("ada@example.com\r\nADA@example.com", "ADA@example.com is here twice."),
        ("\r\n".join(f"a{number}@example.com" for number in range(1001)), "At most 1000 fit here; these are 1001."),
    ],
)
def test_what_does_not_fit_is_said_and_kept(
    olga: Client, two: VaultClient, emulator: Emulator, typed: str, sentence: str
) -> None:
    answer = fill_in(olga, EDIT, contacts=typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert [line.strip() for line in filled(answer)["contacts"][0].split()] == typed.replace(",", ", ").split()
    assert sent(emulator, "PUT") == []


def test_a_name_with_a_comma_stays(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.contacts.set([Contact("ada@example.com", 'Lovelace, Ada "A"'), Contact("bo@example.com", "", "1,2")])
    emulator.requests.clear()
    assert fill_in(olga, EDIT)["Location"] == PAGE
    assert sent(emulator, "PUT") == []


def test_a_refusal_does_not_mean_none(olga: Client, narrow_vault: Vault) -> None:
    page = olga.get(f"/vaults/{narrow_vault.slug}/contacts/")
    assert page.status_code == 403
    assert "No contacts" not in text_of(page)
    assert "managecontacts" in text_of(page)


def test_a_thousand_contacts_fit(olga: Client, azure: VaultClient) -> None:
    typed = "\r\n".join(f"a{number}@example.com" for number in range(1000))
    assert fill_in(olga, EDIT, contacts=typed)["Location"] == PAGE
    assert len(azure.contacts.get().listed) == 1000
    assert olga.get(PAGE).status_code == 200


def test_a_list_that_was_changed_meanwhile_is_not_overwritten(
    olga: Client, two: VaultClient, emulator: Emulator
) -> None:
    form = filled(olga.get(EDIT), contacts="mine@example.com")
    two.contacts.set([ADA, Contact("theirs@example.com")])
    emulator.requests.clear()
    answer = olga.post(EDIT, form)
    assert answer.status_code == 422
    assert "Somebody else changed the contacts" in text_of(answer)
    assert "theirs@example.com" in text_of(answer)
    assert sent(emulator, "PUT") == []
    assert olga.post(EDIT, filled(answer))["Location"] == PAGE
    assert two.contacts.get().listed == (Contact("mine@example.com"),)


def test_contacts_that_can_not_be_read_close_the_list(olga: Client, two: VaultClient, emulator: Emulator) -> None:
    opened = filled(olga.get(EDIT), contacts="mine@example.com")
    with emulator.store.writing() as db:
        vault = find_vault(db, "kv-shop-prod")
        assert vault
        write_contacts(db, vault.id, [{"email": "ada@example.com"}, {"email": "x@example.com", "language": "de"}])
    page = olga.get(PAGE)
    assert "Not all contacts can be read" in text_of(page)
    assert "language" in text_of(page)
    assert EDIT not in page.content.decode()
    assert olga.get(EDIT)["Location"] == PAGE
    again = olga.post(EDIT, opened)
    assert again.status_code == 422
    refused = olga.post(EDIT, filled(again))
    assert "A contact can't be read, so no part of it can be changed here." in text_of(refused)
    assert sent(emulator, "PUT") == []


def test_all_contacts_are_deleted_after_the_password(world: World, two: VaultClient, emulator: Emulator) -> None:
    manager = signed_in(world.members[Role.MANAGER])
    assert fill_in(manager, DELETE).status_code == 422
    assert sent(emulator, "DELETE") == []
    assert fill_in(confirmed(manager), DELETE)["Location"] == PAGE
    assert two.contacts.get().listed == ()
    assert last_entry(Action.CONTACTS_DELETE).state == "succeeded"


def test_a_certificate_that_e_mails_leads_to_the_contacts(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    mails = (LifetimeAction("EmailContacts", lifetime_percentage=80),)
    azure.certificates.create("mails", CertificatePolicy(issuer_name="Self", subject="CN=a", lifetime_actions=mails))
    azure.certificates.create("renews", CertificatePolicy(issuer_name="Self", subject="CN=b"))
    emulator.clock.advance(60)
    link = f'<a href="{PAGE}">Whom the vault e-mails</a>'
    assert link in olga.get("/vaults/kv-shop-prod/certificates/mails/").content.decode()
    assert link not in olga.get("/vaults/kv-shop-prod/certificates/renews/").content.decode()


@pytest.mark.parametrize(
    ("data", "listed", "unread"),
    [
        ({}, 0, 0),
        ({"contacts": None}, 0, 0),
        ({"contacts": []}, 0, 0),
        ({"contacts": "text"}, 0, 1),
        ({"contacts": [{"email": "a@example.com", "name": None}, {"email": 7}, {"name": "x"}, None]}, 1, 3),
    ],
)
def test_what_a_vault_may_answer(data: dict[str, Any], listed: int, unread: int) -> None:
    found = read_contacts(data)
    assert (len(found.listed), len(found.unread)) == (listed, unread)
