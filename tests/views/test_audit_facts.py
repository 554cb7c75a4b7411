"""One act's page: why it ended as it did, what it changed from and to, where it came from, all in words."""

import importlib
import pkgutil
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, signed_in
from tests.signing_in import confirm, sign_in
from vaults import actions
from vaults.actions import connections, teams
from vaults.actions.connections import Credential
from vaults.actors import Person, Source, System
from vaults.acts import act
from vaults.audit import verification
from vaults.audit.appending import DETAIL_KEYS
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Connection, Invitation
from vaults.permissions import Action, Role
from vaults.web.audit_facts import LABELS, SOURCES, WHY

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"


def page_of(client: Client, action: Action) -> str:
    return text_of(client.get(f"/audit/{last_entry(action).event}/"))


def test_every_fact_of_an_entry_has_a_label() -> None:
    assert set(LABELS) == DETAIL_KEYS
    assert set(SOURCES) == set(Source)
    assert not [label for label in LABELS.values() if "_" in label]


def test_every_refusal_of_the_portal_has_its_reason() -> None:
    modules = [
        importlib.import_module(f"vaults.actions.{found.name}") for found in pkgutil.iter_modules(actions.__path__)
    ]
    own = {
        name
        for module in modules
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Exception) and found.__module__ == module.__name__
    }
    assert own
    assert own - set(WHY) == set()


def test_a_reveal_past_the_limit_says_so(world: World, azure: VaultClient, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 1
    azure.secrets.set("kept", "hidden")
    rafi = confirmed(signed_in(world.rafi))
    for _ in range(2):
        rafi.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    page = page_of(signed_in(world.olga), Action.SECRET_REVEAL)
    assert "The limit of revealed values was reached." in page
    assert "Client request ID" not in page  # Azure was not asked


def test_a_role_that_was_missing_is_named(world: World) -> None:
    signed_in(world.members[Role.VIEWER]).post(f"{V}/secrets/kept/delete/", {})
    assert "it needs the role manager" in page_of(signed_in(world.olga), Action.SECRET_DELETE)


def test_a_change_of_role_tells_both(olga: Client, world: World) -> None:
    member = world.team.memberships.get(user=world.rafi)
    teams.update_member(Person(world.olga), member, Role.WRITER)
    teams.update_member(Person(world.olga), member, Role.MANAGER)
    assert "writer → manager" in page_of(olga, Action.MEMBER_UPDATE)
    owner = world.team.memberships.get(user=world.olga)
    with pytest.raises(teams.LastOwner):
        teams.update_member(Person(world.olga), owner, Role.VIEWER)
    page = page_of(olga, Action.MEMBER_UPDATE)
    assert "The team would have been left without an owner." in page
    assert "owner → viewer" in page
    teams.remove_member(Person(world.olga), member)
    assert last_detail(Action.MEMBER_REMOVE) == {"role": "manager"}


def test_a_withdrawal_that_came_too_late_says_so(olga: Client, world: World) -> None:
    invitation, _ = Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)
    teams.withdraw_invitation(Person(world.olga), invitation)
    with pytest.raises(teams.InvitationSpent):
        teams.withdraw_invitation(Person(world.olga), invitation)
    assert "had ended" in page_of(olga, Action.INVITATION_WITHDRAW)


def test_a_changed_connection_tells_what_of_it_was_changed_and_no_secret(olga: Client, world: World) -> None:
    connection = Connection.objects.get(pk=world.connection.pk)
    tenant = connection.tenant_id
    connection.name, connection.tenant_id = "sp-renamed", str(uuid.UUID(int=7))
    connections.update_connection(Person(world.olga), connection, Credential(client_secret="a-hidden-secret"))
    page = page_of(olga, Action.CONNECTION_UPDATE)
    assert "Name sp-shop-admin → sp-renamed" in page
    assert f"Tenant ID {tenant} → {uuid.UUID(int=7)}" in page
    assert "Credential client secret → a new client secret" in page
    assert "API version" not in page
    assert "hidden" not in str(list(AuditEntry.objects.values()))
    assert all(each.broken is None for each in verification.verify_all().values())


def test_a_connection_without_a_new_credential_does_not_tell_of_one(world: World) -> None:
    connection = Connection.objects.get(pk=world.connection.pk)
    connection.api_version = "7.4"
    connections.update_connection(Person(world.olga), connection, Credential())
    assert last_detail(Action.CONNECTION_UPDATE) == {"before": {"api_version": "7.0"}, "after": {"api_version": "7.4"}}


def test_a_changed_vault_tells_from_and_to(olga: Client) -> None:
    fill_in(olga, f"{V}/edit/", production="on")
    assert "Production no → yes" in page_of(olga, Action.VAULT_UPDATE)


def test_words_in_place_of_names_of_the_code(world: World) -> None:
    sign_in(Client(), world.olga.email, "guess")
    olga = signed_in(world.olga)
    page = page_of(olga, Action.ACCOUNT_SIGN_IN)
    for words in ("The password was wrong.", "Wrong passwords in an hour 1", "Source somebody not signed in"):
        assert words in page
    for words in ("account.sign_in", "Client request ID"):
        assert words not in page


def test_changed_attributes_stand_in_words(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "hidden")
    fill_in(olga, f"{V}/secrets/kept/edit/", content_type="text/plain")
    assert "Changed attributes content type" in page_of(olga, Action.SECRET_UPDATE)


def test_where_an_act_came_from_stands_in_words(olga: Client, world: World) -> None:
    confirm(olga)
    assert "Source a person, in the portal" in page_of(olga, Action.ACCOUNT_CONFIRM)
    with act(System(), Action.VAULT_SCAN, world.vault):
        pass
    assert "Source the portal itself" in page_of(olga, Action.VAULT_SCAN)


def test_times_have_seconds_and_the_act_its_duration(olga: Client, world: World) -> None:
    olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    page = page_of(olga, Action.SECRET_REVEAL)
    assert re.search(
        r"Started \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC Finished \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC Took \d+ ms", page
    )
    assert "Client request ID" in page
    entry = last_entry(Action.SECRET_REVEAL)
    AuditEntry.objects.filter(pk=entry.pk).update(at=entry.at + timedelta(seconds=90))
    assert "Took 1 min" in page_of(olga, Action.SECRET_REVEAL)
