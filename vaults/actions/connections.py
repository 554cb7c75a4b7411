"""Connections: store, change, test, delete. A credential goes in and never comes out again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from django.db import Error, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults import access, clients, names
from vaults.audit import recording
from vaults.azure.errors import KeyVaultError
from vaults.azure.parallel import gather
from vaults.keyvault.session import Exchange
from vaults.models import Connection, Team, User, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action
from vaults.problems import EXPECTED, Problem, explain

log = structlog.get_logger("vaults.connections")

#: A test lists this many vaults at most, side by side; its sentence says where there are more.
MOST_TESTED = 48


class ConnectionChanged(Exception):
    """Somebody else changed the connection after the form was opened."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a person entered: a client secret, or a private key with its certificate (PEM). Both empty: keep what is stored."""

    client_secret: str = ""
    private_key: str = ""
    certificate: str = ""
    certificate_subject: str = ""

    def __repr__(self) -> str:
        return "Credential(…)"

    @property
    def is_given(self) -> bool:
        return bool(self.client_secret or self.private_key)


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a test of a connection showed: one sentence, a problem for each thing that did not work, and what was sent.

    `signed_in`: a token was issued, so that the problems are those of vaults.
    """

    passed: bool
    sentence: str
    problems: Sequence[Problem] = ()
    exchanges: Sequence[Exchange] = ()
    signed_in: bool = False


@sensitive_variables("credential")
def create_connection(actor: User | None, team: Team, connection: Connection, credential: Credential) -> None:
    """Store a new connection; `connection` is filled in and not saved yet. Raises UnfitName."""
    connection.team, connection.name = team, names.fit_for_object(connection.name)
    with recording.recording(
        actor,
        Action.CONNECTION_CREATE,
        team,
        connection=connection,
        name=connection.name,
        cloud=connection.cloud,
    ):
        _put_credential(connection, credential)
        with access.writing(actor, Action.CONNECTION_CREATE, team):
            connection.save(force_insert=True)


@sensitive_variables("credential")
def update_connection(actor: User, connection: Connection, credential: Credential) -> None:
    """Store changes to the revision that the form was opened on; tokens got with what was stored before are dropped.

    Raises ConnectionChanged where it is another one by now, and UnfitName.
    """
    connection.name = names.fit_for_object(connection.name)
    with recording.recording(
        actor, Action.CONNECTION_UPDATE, connection.team, connection=connection, name=connection.name
    ) as event:
        _put_credential(connection, credential)
        opened_on, connection.revision = connection.revision, connection.revision + 1
        connection.tested_at = connection.test_passed = None
        connection.test_sentence = ""
        with access.writing(actor, Action.CONNECTION_UPDATE, connection.team):
            opened = Connection.objects.filter(pk=connection.pk, revision=opened_on)
            stored = opened.first()
            if stored is None or not opened.update(revision=connection.revision):
                raise ConnectionChanged
            event.detail |= _differences(stored, connection, credential)
            connection.save()


#: Facts of a connection that the record of a change tells; of a credential it tells the kind alone.
RECORDED = ("name", "cloud", "tenant_id", "client_id", "api_version", "credential_expires_on")


@sensitive_variables("credential")
def _differences(stored: Connection, wanted: Connection, credential: Credential) -> dict[str, dict[str, str | None]]:
    before, after = _recorded(stored), _recorded(wanted)
    changed = [name for name in before if before[name] != after[name] or (name == "credential" and credential.is_given)]
    if "credential" in changed:
        after["credential"] = f"a new {after['credential']}"
    return {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}


def _recorded(connection: Connection) -> dict[str, str | None]:
    found = {name: getattr(connection, name) for name in RECORDED}
    kind = "certificate" if connection.certificate_sealed else "client secret"
    return {name: None if value is None else str(value) for name, value in found.items()} | {"credential": kind}


def delete_connection(actor: User, connection: Connection) -> None:
    """Raises django.db.models.ProtectedError while it still has vaults."""
    with (
        recording.recording(
            actor, Action.CONNECTION_DELETE, connection.team, connection=connection, name=connection.name
        ),
        access.writing(actor, Action.CONNECTION_DELETE, connection.team),
    ):
        connection.delete()


def test_connection(actor: User, connection: Connection) -> TestResult:
    """Ask for a token with a fresh application (no token of before can make a wrong secret look right), then list each vault."""
    with recording.recording(
        actor, Action.CONNECTION_TEST, connection.team, connection=connection, name=connection.name
    ) as event:
        access.require(actor, Action.CONNECTION_TEST, connection.team)
        result = replace(_test(connection, event), exchanges=event.exchanges)
        event.detail["sentence"] = result.sentence
    _keep(connection, result)
    return result


def _keep(connection: Connection, result: TestResult) -> None:
    """Keep a test's result for the connection's page; the person who asked for it is told in any case."""
    connection.tested_at = timezone.now()
    connection.test_passed = result.passed
    connection.test_sentence = result.sentence
    try:
        with transaction.atomic():
            connection.save(update_fields=["tested_at", "test_passed", "test_sentence"])
    except Error:
        log.exception("the result of a test could not be kept", connection=str(connection.pk))


def _test(connection: Connection, event: recording.Event) -> TestResult:
    cloud = clients.cloud_of(connection)
    tokens = clients.token_source(connection)
    try:
        tokens.token(cloud.scope)
    except KeyVaultError as error:
        problem = explain(error, connection=connection)
        event.state = recording.state_of(error)
        return TestResult(False, f"{problem.title}.", [problem])
    count = connection.vaults.count()
    vaults = list(connection.vaults.select_related("connection__team")[:MOST_TESTED])
    if not vaults:
        return TestResult(True, "A token was issued. Add a vault to see whether it answers.", signed_in=True)

    def listed(vault: Vault) -> Problem | None:
        try:
            clients.client_with(tokens, vault, event).secrets.list_page()
        except EXPECTED as error:
            problem = explain(error, vault=vault)
            return replace(problem, title=f"{vault.name}: {problem.title}")
        return None

    found = [problem for problem in gather(*(lambda v=vault: listed(v) for vault in vaults)) if problem]
    if found:
        event.state = AuditState.FAILED
    answered = len(vaults) - len(found)
    sentence = f"A token was issued; {answered} of {len(vaults)} vaults could be listed."
    if count > len(vaults):
        sentence += f" The other {count - len(vaults)} were not tried."
    return TestResult(not found, sentence, found, signed_in=True)


def _put_credential(connection: Connection, credential: Credential) -> None:
    if credential.private_key:
        connection.set_certificate(credential.private_key, credential.certificate, credential.certificate_subject)
    elif credential.client_secret:
        connection.set_client_secret(credential.client_secret)
    else:
        return
    connection.credential_changed_at = timezone.now()
