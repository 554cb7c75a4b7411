"""Vaults of the portal: added by name, changed, removed; nothing of it touches Azure."""

import pytest
from django.test import Client

from tests.actions.acts import entries
from tests.browsing import fill_in, main_form, text_of
from tests.conftest import World, last_detail, make_connection, make_vault, signed_in, vault_calls
from vaults.access import NotReached
from vaults.actions import vaults
from vaults.actors import Person, System
from vaults.azure.errors import HostNotAllowed, InvalidInput, InvalidVaultName
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.models import AuditEntry, Connection, Vault
from vaults.permissions import Action, Role, RoleMissing


def test_added_changed_removed_and_recorded(olga: Client, world: World, emulator: Emulator) -> None:
    answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name="kv-shop-stage", production="on")
    assert answer["Location"] == "/vaults/kv-shop-stage/"
    assert last_detail(Action.VAULT_ADD) == {"production": True}
    fill_in(olga, "/vaults/kv-shop-stage/edit/", production=None)
    assert Vault.objects.get(slug="kv-shop-stage").production is False
    fill_in(olga, "/vaults/kv-shop-stage/remove/")
    assert not Vault.objects.filter(slug="kv-shop-stage").exists()
    kept = AuditEntry.objects.filter(vault_name="kv-shop-stage", state="succeeded")
    assert {entry.action for entry in kept} == {"vault.update", "vault.remove"}
    assert vault_calls(emulator) == []


def test_only_owners(world: World) -> None:
    manager = world.members[Role.MANAGER]
    for act in (
        lambda: vaults.add_vault(Person(manager), world.connection, "kv-shop-stage"),
        lambda: vaults.update_vault(Person(manager), world.vault, production=True),
        lambda: vaults.remove_vault(Person(manager), world.vault),
    ):
        with pytest.raises(RoleMissing):
            act()
        assert [entry.state for entry in entries()] == ["started", "denied"]


#: What a person, or somebody who sits between, might write where a vault's name is asked for.
HOSTILE = [
    "https://evil.example/",
    "evil.example",
    "kv-shop-prod.vault.test.evil.example",
    "evilvault.test",
    "https://kv-shop-prod.vault.test@evil.example/",
    "https://kv-shop-prod.vault.test:8443/",
    "https://kv-shop-prod.vault.test:04430/",
    "https://kv-shop-prod.vault.test../",
    "https://user@kv-shop-prod.vault.test/",
    '"kv-shop-prod" "kv-shop-stage"',
    "https://kv-shop-prod.vault.test\\@evil.example/",
    "//evil.example/",
    "evil.example.",
    "http://kv-shop-prod.vault.test/",
    "169.254.169.254",
    "[::1]",
    "127.0.0.1:8443",
    "kv_shop",
    "-kv",
    "a",
    "kv--shop",
    "../../etc",
    "kv-shop-prod\r\nHost: evil.example",
    "kv-shop-prod%2eevil.example",
    "kv-shop-prod#@evil.example",
    "кv-shop-prod",
]


@pytest.mark.slow
def test_no_name_leads_to_another_host(world: World, emulator: Emulator, olga: Client) -> None:
    for name in HOSTILE:
        with pytest.raises((InvalidVaultName, HostNotAllowed, InvalidInput)):
            vaults.add_vault(Person(world.olga), world.connection, name)
        answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name=name)
        assert answer.status_code == 422, name
        assert main_form(answer).fields["name"] == [name.replace("\r\n", "")]  # as a browser fills a field of one line
    assert Vault.objects.count() == 1
    assert vault_calls(emulator) == []


def test_twice_is_said(olga: Client, world: World) -> None:
    answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name="KV-shop-prod")
    assert "This connection has this vault already." in text_of(answer)


SPELLINGS = [
    "kv-shop-stage",
    "KV-Shop-Stage",
    " kv-shop-stage/ ",
    "kv-shop-stage.vault.test",
    "KV-SHOP-STAGE.VAULT.TEST:443",
    "https://kv-shop-stage.vault.test",
    "https://kv-shop-stage.vault.test/",
    "HTTPS://kv-shop-stage.vault.test:443/",
    "kv-shop-stage.vault.test.",
    "https://kv-shop-stage.vault.test./",
    "https://kv-shop-stage.vault.test.:443",
    "https://kv-shop-stage.vault.test:0443/",
    "https://kv-shop-stage.vault.test:/",
    "//kv-shop-stage.vault.test/",
    '"kv-shop-stage"',
    "'kv-shop-stage',",
    "“kv-shop-stage”",
    "<kv-shop-stage>",
    "<https://kv-shop-stage.vault.test/>",
    "`kv-shop-stage`.",
    "(kv-shop-stage.vault.test)",
    '"https://kv-shop-stage.vault.test/";',
    "\ufeffkv-shop-stage",
    "kv-shop-stage\u200b",
    "\u200e\u202akv-shop-stage\u202c",
    "kv-\u200bshop-\u00adstage",
    "kv\u2011shop\u2010stage",
    "\u00a0kv-shop-stage\u3000",
    "\u2068https://kv-shop-stage.vault.test/\u2069",
]


@pytest.mark.sweep
@pytest.mark.parametrize("typed", SPELLINGS)
def test_however_it_is_typed_it_is_one_vault(typed: str, olga: Client, world: World) -> None:
    assert fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name=typed).status_code == 302
    assert Vault.objects.get(slug="kv-shop-stage").name == "kv-shop-stage"
    assert olga.get("/go/", {"q": typed})["Location"] == "/vaults/kv-shop-stage/"
    for again in SPELLINGS[:8]:
        answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name=again)
        assert answer.status_code == 422, again
        assert "This connection has this vault already." in text_of(answer), again
    assert Vault.objects.count() == 2


@pytest.mark.sweep
@pytest.mark.parametrize("typed", SPELLINGS)
def test_every_spelling_is_known_again(typed: str, world: World) -> None:
    vaults.add_vault(Person(world.olga), world.connection, "kv-shop-stage")
    with pytest.raises(vaults.VaultKnown):
        vaults.add_vault(Person(world.olga), world.connection, typed)


def test_a_vault_kept_under_another_spelling_is_the_same(olga: Client, world: World) -> None:
    """As earlier versions of the portal stored them."""
    make_vault(connection=world.connection, name="HTTPS://KV-old.vault.test", slug="kv-old")
    with pytest.raises(vaults.VaultKnown):
        vaults.add_vault(Person(world.olga), world.connection, "kv-old")
    assert olga.get("/go/", {"q": "kv-old"})["Location"] == "/vaults/kv-old/"


def test_two_teams_may_have_the_same_vault(world: World) -> None:
    team = world.otto.memberships.get().team
    theirs = make_connection(team, "theirs", ADMIN.client_id, ADMIN.client_secret)
    second = vaults.add_vault(System(), theirs, "kv-shop-prod").vault
    assert second.slug.startswith("kv-shop-prod-")
    assert signed_in(world.otto).get(f"/vaults/{second.slug}/").status_code == 200
    assert signed_in(world.olga).get(f"/vaults/{second.slug}/").status_code == 404


@pytest.mark.parametrize("meanwhile", ["deleted", "of another cloud"])
def test_a_connection_that_is_gone_meanwhile_reaches_no_vault(meanwhile: str, world: World) -> None:
    connection = make_connection(world.team, "second", DEPLOY.client_id, DEPLOY.client_secret)
    if meanwhile == "deleted":
        Connection.objects.filter(pk=connection.pk).delete()
    else:
        Connection.objects.filter(pk=connection.pk).update(cloud="another")
    with pytest.raises(NotReached):
        vaults.add_vault(Person(world.olga), connection, "kv-shop-stage")
    assert Vault.objects.count() == 1
