"""The same three people everywhere, their team, its vaults, and the local Key Vault that answers for Azure."""

import io
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import connections
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from kvportal import sessions
from tests.triggers import refusing
from tests.undefined import undefined_names
from vaults import clients
from vaults.access import choose_connection, visible_to
from vaults.actors import Person, System
from vaults.audit.who import FACTS
from vaults.azure.clouds import Cloud
from vaults.azure.errors import InvalidInput
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.emulator.state.policies import EVERYTHING
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Connection, Membership, Team, User, Vault
from vaults.models.audit import AuditEntryQuerySet
from vaults.permissions import Action, Role

pytest_plugins = ["tests.sampling"]

PASSWORD = "a long password"
LONGEST_ID = 80


def pytest_make_parametrize_id(val: object) -> str | None:
    """A case is named by what it is, never by its number; None leaves it to pytest, which names plain values by themselves.

    What is made at random needs ids of its own: all workers must know a case by the same name.
    """
    is_long = isinstance(val, str | bytes) and not 0 < len(val) <= LONGEST_ID
    if is_long or isinstance(val, dict | list | tuple | Exception) or is_dataclass(val):
        words = ascii(val)
        return None if any(passing in words for passing in (" at 0x", "datetime.")) else words[:LONGEST_ID]
    return None


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


@pytest.fixture(autouse=True)
def checkpoint_file() -> Iterator[Path]:
    """Each test begins with an empty database, so with no checkpoint beside it. The installation's; each team has one too."""
    sink: Path = django_settings.AUDIT_SINK
    remove_checkpoints(sink)
    yield sink
    remove_checkpoints(sink)


def remove_checkpoints(sink: Path) -> None:
    for file in sink.parent.glob(f"{sink.stem}*"):
        file.unlink()


@pytest.fixture(autouse=True)
def undefined() -> Iterator[set[str]]:
    """What templates ask for and their pages do not have: nothing, whatever a test looks at."""
    with undefined_names() as found:
        yield found
    assert sorted(found) == []


@pytest.fixture
def emulator(settings: Settings) -> Iterator[Emulator]:
    emulator = Emulator.for_tests()
    settings.CLOUDS = {"local": local_cloud(emulator)}
    yield emulator
    clients.azure.forget_tokens()


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


def make_vault(connection: Connection, name: str, slug: str = "", **fields: Any) -> Vault:
    """A vault of the connection's team, stored as it is; also one that its cloud can't have."""
    try:
        vault = clients.vault_of(connection, name)
    except (clients.UnknownCloud, InvalidInput):
        vault = Vault(team=connection.team, cloud=connection.cloud, host=name, name=name)
    vault.slug = slug or name
    for attribute, value in fields.items():
        setattr(vault, attribute, value)
    vault.save(force_insert=True)
    vault.reached_through.create(connection=connection, position=0)
    return Vault.objects.get(pk=vault.pk)


def move_connections(**facts: str) -> None:
    """Change what connections lead to, their client secrets given again."""
    for connection in Connection.objects.all():
        secret = connection.client_secret()
        for name, value in facts.items():
            setattr(connection, name, value)
        connection.set_client_secret(secret)
        connection.save()
        connection.vaults.update(cloud=connection.cloud)


@pytest.fixture
def world(db: None, emulator: Emulator) -> World:
    return make_world()


def make_world() -> World:
    team, others = Team.objects.create(name="Shop"), Team.objects.create(name="Others")
    names = {Role.OWNER: "Olga Brandt", Role.READER: "Rafi Haddad"}
    members = {
        role: User.objects.create_user(f"{role}@example.com", PASSWORD, name=names.get(role, "")) for role in Role
    }
    Membership.objects.bulk_create(Membership(team=team, user=user, role=role) for role, user in members.items())
    otto = User.objects.create_user("otto@example.com", PASSWORD, name="Otto Lenz")
    Membership.objects.create(team=others, user=otto, role=Role.OWNER)
    connection = make_connection(team, "sp-shop-admin", ADMIN.client_id, ADMIN.client_secret)
    vault = make_vault(connection, "kv-shop-prod")
    return World(team, members[Role.OWNER], members[Role.READER], otto, connection, vault, members)


def entries_of(team: Team) -> AuditEntryQuerySet:
    """The audit entries of a team, as those see them who may."""
    return visible_to(System(), team).entries


@pytest.fixture
def azure(world: World) -> VaultClient:
    """The vault itself, past the portal: to put things into it and to look at what is there."""
    return client_of(world.vault)


def client_of(vault: Vault) -> VaultClient:
    connection = vault.connection
    return VaultClient(
        clients.vault_url(vault), clients.azure.cloud_of(connection), clients.azure.token_source(connection)
    )


@pytest.fixture
def narrow_vault(world: World) -> Vault:
    """The same vault, reached by the service principal that may only get and list: the choice of Olga."""
    connection = make_connection(world.team, "sp-shop-deploy", DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=connection, position=1)
    narrow = Vault.objects.get(pk=world.vault.pk).through(connection)
    choose_connection(Person(world.olga), narrow)
    return narrow


@pytest.fixture
def olga(world: World) -> Client:
    """A browser in which Olga has just signed in."""
    return confirmed(signed_in(world.olga))


def signed_in(user: User, *, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def session_contents() -> list[dict[str, Any]]:
    """What is in each session of the database."""
    return [
        signing.loads(row.session_data, salt=f"{sessions.SALT}.{row.session_key}", serializer=signing.JSONSerializer)
        for row in Session.objects.all()
    ]


def confirmed(client: Client) -> Client:
    """The same browser, as it is after the password was typed once more; in the record there is nothing of it."""
    request = HttpRequest()
    request.session = client.session
    request.user = get_user(request)
    reauthenticate_by_password(request)
    request.session.save()
    return client


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal's own log handler writes."""
    kind = structlog.stdlib.ProcessorFormatter
    [handler] = [each for each in logging.getLogger().handlers if isinstance(each.formatter, kind)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture
def sick_vault(world: World, emulator: Emulator) -> Vault:
    """A vault of its own for trouble: what the process learns of its health, no other test meets."""
    name = f"kv-sick-{uuid.uuid4().hex[:8]}"
    emulator.add_vault(name)
    emulator.set_permissions(name, ADMIN.object_id, EVERYTHING)
    return make_vault(world.connection, name)


@pytest.fixture
def file_database(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """A real SQLite file, set up as a deployment's is, in place of the one in memory: for threads and raw bytes."""
    connection = connections["default"]
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only: looks into the database's file")
    name = connection.settings_dict["NAME"]
    path = tmp_path / "kvportal.sqlite3"
    connection.ensure_connection()
    in_memory = connection.connection
    with closing(sqlite3.connect(path)) as copy:
        in_memory.backup(copy)
        # Threads that all find a file in the old mode refuse each other while they change it, without waiting.
        copy.execute("PRAGMA journal_mode=WAL")
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    yield path
    connections.close_all()
    connection.connection, connection.settings_dict["NAME"] = in_memory, name


@pytest.fixture
def shared_database(transactional_db: None, request: pytest.FixtureRequest) -> None:
    """A database that several threads reach, each with a connection of its own."""
    if connections["default"].vendor == "sqlite":
        request.getfixturevalue("file_database")


@pytest.fixture
def file_world(shared_database: None, emulator: Emulator) -> World:
    return make_world()


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at once, each in a thread with a database connection of its own; results or exceptions in order."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def unwritable(table: str, *changes: str) -> Iterator[None]:
    """The database itself refuses changes of a table: a full disk, a read-only replica, a lock held too long."""
    with ExitStack() as refused:
        for change in changes or ("INSERT", "UPDATE", "DELETE"):
            refused.enter_context(refusing(table, change))
        yield


@contextmanager
def unreadable(table: str) -> Iterator[None]:
    """The database can't read a table: a damaged page, a migration half done."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
    try:
        yield
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")


def last_entry(action: Action) -> AuditEntry:
    """The newest audit entry of an act."""
    return AuditEntry.objects.filter(action=action).order_by("-id")[0]


def last_detail(action: Action) -> dict[str, Any]:
    """What the newest entry of an act tells beside who did it."""
    return {name: value for name, value in last_entry(action).detail.items() if name not in FACTS}


def vault_calls(emulator: Emulator) -> list[tuple[str, str]]:
    """Method and path of what the vaults received since the last look, oldest first."""
    seen = [(sent.method, sent.path) for sent in emulator.requests if sent.host.endswith(".vault.test")]
    emulator.requests.clear()
    return seen


def say(figure: str) -> None:
    """Each promise prints its figure (pytest -s shows it)."""
    print(figure)  # noqa: T201
