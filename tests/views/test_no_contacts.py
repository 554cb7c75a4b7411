"""A finding: policies e-mail the contacts of a vault that has none."""

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World, signed_in
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, Contact, LifetimeAction
from vaults.models import Vault
from vaults.permissions import Role

V = "/vaults/kv-shop-prod"
LIST, CONTACTS = f"{V}/certificates/", f"{V}/contacts/"
FINDING = "Nobody is told before 1 certificate ends"


@pytest.fixture(autouse=True)
def mailed(world: World, azure: VaultClient, emulator: Emulator) -> None:
    """A certificate that e-mails, and one that does not."""
    actions = (LifetimeAction("EmailContacts", lifetime_percentage=80),)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=a", lifetime_actions=actions))
    azure.certificates.create("own", CertificatePolicy(issuer_name="Self", subject="CN=b"))
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)


def test_the_list_and_the_renewals_have_it(olga: Client, world: World) -> None:
    assert Vault.objects.get(pk=world.vault.pk).has_contacts is False
    assert FINDING in text_of(olga.get(LIST))
    assert "kv-shop-prod , 1 certificate" in text_of(olga.get("/renewals/"))
    assert "/contacts/edit/" in olga.get(LIST).content.decode()
    reader = signed_in(world.members[Role.READER])
    assert "/contacts/edit/" not in reader.get(LIST).content.decode()
    assert "A manager of your team can add contacts." in text_of(reader.get(LIST))


def test_contacts_that_are_set_here_end_it_at_once(olga: Client, azure: VaultClient) -> None:
    page = fill_in(olga, f"{CONTACTS}edit/", contacts="ops@example.com")
    assert page.status_code == 302
    assert FINDING not in text_of(olga.get(LIST))
    azure.contacts.delete()
    olga.get(CONTACTS)
    assert FINDING in text_of(olga.get(LIST))


def test_contacts_that_are_set_elsewhere_are_seen_by_the_next_scan(
    olga: Client, world: World, azure: VaultClient
) -> None:
    azure.contacts.set([Contact("ops@example.com")])
    assert FINDING in text_of(olga.get(LIST))
    scan_vault(System(), Vault.objects.get(pk=world.vault.pk))
    assert FINDING not in text_of(olga.get(LIST))


def test_who_may_not_know_says_nothing_and_the_scan_goes_well(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("certificates/managecontacts")
    vault = Vault.objects.get(pk=world.vault.pk)
    scan_vault(System(), vault)
    vault.refresh_from_db()
    assert (vault.has_contacts, vault.scan_problem) == (None, "")
    assert FINDING not in text_of(olga.get(LIST))


def test_a_failure_keeps_what_was_known(world: World, emulator: Emulator) -> None:
    vault = Vault.objects.get(pk=world.vault.pk)
    emulator.fail(9, 500, path="/certificates/contacts")
    scan_vault(System(), vault)
    vault.refresh_from_db()
    assert (vault.has_contacts, vault.scan_problem) == (False, "")


def test_a_vault_that_mails_nobody_is_not_asked(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.delete("tls")
    scan_vault(System(), Vault.objects.get(pk=world.vault.pk))
    emulator.requests.clear()
    scan_vault(System(), Vault.objects.get(pk=world.vault.pk))
    assert "/certificates/contacts" not in [each.path for each in emulator.requests]
