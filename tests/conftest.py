"""The same three people everywhere, their team, its vaults, and the local Key Vault that answers for Azure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from vaults import clients
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.adapter import EmulatorAdapter
from vaults.keyvault.client import VaultClient
from vaults.keyvault.clouds import Cloud
from vaults.models import Connection, Membership, Team, User, Vault
from vaults.permissions import Role


def local_cloud(emulator: Emulator) -> Cloud:
    """A cloud whose bytes reach the emulator without a socket."""
    adapter = EmulatorAdapter(emulator)

    def mount(session: requests.Session) -> None:
        session.mount("https://", adapter)

    return Cloud(
        name="local",
        label="Local Key Vault",
        authority="https://login.test",
        scope="https://vault.azure.net/.default",
        vault_suffixes=("vault.test",),
        arm_endpoint="https://management.test",
        arm_scope="https://management.azure.com/.default",
        mount=mount,
    )


@pytest.fixture
def emulator(settings: Settings) -> Iterator[Emulator]:
    emulator = Emulator.for_tests()
    settings.CLOUDS = {"local": local_cloud(emulator)}
    yield emulator
    clients.forget_tokens()


@dataclass
class World:
    """Olga owns the shop team, Rafi may reveal but not write, Otto is of another team."""

    team: Team
    olga: User
    rafi: User
    otto: User
    connection: Connection
    vault: Vault
    members: dict[Role, User] = field(default_factory=dict)


def make_connection(team: Team, name: str, client_id: str, client_secret: str, api_version: str = "7.0") -> Connection:
    connection = Connection(
        team=team, name=name, cloud="local", tenant_id=TENANT_ID, client_id=client_id, api_version=api_version
    )
    connection.set_client_secret(client_secret)
    connection.save()
    return connection


@pytest.fixture
def world(db: None, emulator: Emulator) -> World:
    team, others = Team.objects.create(name="Shop"), Team.objects.create(name="Others")
    members = {role: User.objects.create_user(f"{role}@example.com", "a long password") for role in Role}
    for role, user in members.items():
        Membership.objects.create(team=team, user=user, role=role)
    olga, rafi = members[Role.OWNER], members[Role.READER]
    User.objects.filter(pk=olga.pk).update(name="Olga Brandt")
    User.objects.filter(pk=rafi.pk).update(name="Rafi Haddad")
    otto = User.objects.create_user("otto@example.com", "a long password", name="Otto Lenz")
    Membership.objects.create(team=others, user=otto, role=Role.OWNER)
    connection = make_connection(team, "sp-shop-admin", ADMIN.client_id, ADMIN.client_secret)
    vault = Vault.objects.create(connection=connection, name="kv-shop-prod", slug="kv-shop-prod")
    return World(team, User.objects.get(pk=olga.pk), User.objects.get(pk=rafi.pk), otto, connection, vault, members)


@pytest.fixture
def azure(world: World) -> VaultClient:
    """The vault itself, past the portal: to put things into it and to look at what is there."""
    cloud = clients.cloud_of(world.connection)
    return VaultClient(clients.vault_url(world.vault), cloud, clients.token_source(world.connection))


@pytest.fixture
def narrow_vault(world: World) -> Vault:
    """The same kind of vault, reached by the service principal that may only get and list."""
    connection = make_connection(world.team, "sp-shop-deploy", DEPLOY.client_id, DEPLOY.client_secret)
    return Vault.objects.create(connection=connection, name="kv-shop-prod", slug="kv-shop-prod-2")


@pytest.fixture
def olga(world: World) -> Client:
    """A browser in which Olga has just signed in."""
    return signed_in(world.olga)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
