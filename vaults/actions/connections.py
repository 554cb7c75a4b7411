"""Connections: store, change, test, delete. A stored credential is never returned to a browser."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog
from django.db import Error, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults import clients, names
from vaults.actions.vaults import LastConnection
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.audit import recording
from vaults.azure.errors import AzureError
from vaults.azure.parallel import gather
from vaults.keyvault.session import Exchange
from vaults.models import Connection, Team, Vault, VaultConnection
from vaults.models.audit import AuditState
from vaults.permissions import Action
from vaults.problems import EXPECTED, Problem, explain
from vaults.problems.titles import Facts

log = structlog.get_logger("vaults.connections")

#: A test lists at most this many vaults, in parallel; its result states how many were left out.
MOST_TESTED = 48


class ConnectionGone(Exception):
    """Someone else deleted the connection meanwhile."""


class ReachesVaults(Exception):
    """The connection can't have another cloud while it reaches vaults: they are in its cloud."""


class ConnectionChanged(Exception):
    """Another person changed the connection after the form was opened."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The entered credential: a client secret, or a private key with its certificate (PEM). Both empty: keep the stored one."""

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
    """Result of a connection test: a code with its facts, one problem for each failure, and the requests that were sent.

    `signed_in`: a token was issued, so the problems are those of vaults.
    """

    passed: bool
    code: str
    facts: Facts = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    exchanges: Sequence[Exchange] = ()
    signed_in: bool = False


@sensitive_variables("credential")
def create_connection(actor: Actor, team: Team, connection: Connection, credential: Credential) -> None:
    """Store a new connection; `connection` is filled in but not yet saved. Raises UnfitName."""
    connection.team, connection.name = team, names.fit_for_object(connection.name)
    with act(
        actor,
        Action.CONNECTION_CREATE,
        connection,
        name=connection.name,
        cloud=connection.cloud,
    ) as doing:
        _put_credential(connection, credential)
        with doing.writing():
            connection.save(force_insert=True)


@sensitive_variables("credential")
def update_connection(actor: Actor, connection: Connection, credential: Credential) -> None:
    """Store changes to the revision that the form was opened on. Tokens of the earlier credential are dropped.

    Raises ConnectionChanged if the stored revision is a different one, ReachesVaults, and UnfitName.
    """
    connection.name = names.fit_for_object(connection.name)
    # The record names the connection as it is stored: the change may be refused.
    recorded = Connection.objects.select_related("team").filter(pk=connection.pk).first() or connection
    with act(actor, Action.CONNECTION_UPDATE, recorded, name=recorded.name) as doing:
        _put_credential(connection, credential)
        opened_on, connection.revision = connection.revision, connection.revision + 1
        connection.tested_at = connection.test_passed = None
        connection.test_result, connection.test_facts = "", {}
        with doing.writing():
            opened = Connection.objects.filter(pk=connection.pk, revision=opened_on)
            stored = opened.first()
            if stored is None or not opened.update(revision=connection.revision):
                raise ConnectionChanged
            doing.detail.update(_differences(stored, connection, credential))
            if stored.cloud != connection.cloud and stored.reaches.exists():
                raise ReachesVaults
            connection.save()


#: Facts that the record of a change contains. Of a credential, it contains only the kind.
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


def reached_only_through(connection: Connection) -> QuerySet[Vault]:
    """The vaults that no other connection reaches."""
    others = VaultConnection.objects.filter(vault=OuterRef("pk")).exclude(connection=connection)
    return connection.vaults.filter(~Exists(others))


def delete_connection(actor: Actor, connection: Connection) -> None:
    """Vaults that other connections reach, too, remain. Raises LastConnection if a vault has no other, and ConnectionGone."""
    with (
        act(actor, Action.CONNECTION_DELETE, connection, name=connection.name) as doing,
        doing.writing(),
    ):
        if reached_only_through(connection).exists():
            raise LastConnection
        connection.reaches.all().delete()
        if not connection.delete()[0]:
            raise ConnectionGone


def test_connection(actor: Actor, connection: Connection) -> TestResult:
    """Request a token with a new token source (an earlier token can't make a wrong secret look right), then list each vault."""
    with act(actor, Action.CONNECTION_TEST, connection, name=connection.name) as doing:
        result = replace(_test(connection, doing), exchanges=doing.event.exchanges)
        doing.detail.update(result=result.code, facts=dict(result.facts))
    _keep(connection, result)
    return result


def _keep(connection: Connection, result: TestResult) -> None:
    """Store the result for the connection's page. A database error is only logged, because the result is shown anyway."""
    connection.tested_at = timezone.now()
    connection.test_passed = result.passed
    connection.test_result, connection.test_facts = result.code, dict(result.facts)
    try:
        with transaction.atomic():
            connection.save(update_fields=["tested_at", "test_passed", "test_result", "test_facts"])
    except Error:
        log.exception("the result of a test could not be kept", connection=str(connection.pk))


def _test(connection: Connection, doing: Doing) -> TestResult:
    cloud = clients.azure.cloud_of(connection)
    tokens = clients.azure.token_source(connection)
    try:
        tokens.token(cloud.scope)
    except AzureError as error:
        problem = explain(error, connection=connection)
        doing.event.state = recording.state_of(error)
        return TestResult(False, problem.code, problem.facts, [problem])
    count = connection.vaults.count()
    vaults = [vault.through(connection) for vault in connection.vaults.select_related("team")[:MOST_TESTED]]
    if not vaults:
        return TestResult(True, "connection.token_issued", signed_in=True)

    def listed(vault: Vault) -> Problem | None:
        try:
            doing.client_with(tokens, vault).secrets.list_page()
        except EXPECTED as error:
            problem = explain(error, vault=vault)
            return replace(problem, about=vault.name)
        return None

    found = [problem for problem in gather(*(lambda v=vault: listed(v) for vault in vaults)) if problem]
    if found:
        doing.event.state = AuditState.FAILED
    answered = len(vaults) - len(found)
    facts = {"answered": answered, "tried": len(vaults), "untried": count - len(vaults)}
    return TestResult(not found, "connection.vaults_listed", facts, found, signed_in=True)


def _put_credential(connection: Connection, credential: Credential) -> None:
    if credential.private_key:
        connection.set_certificate(credential.private_key, credential.certificate, credential.certificate_subject)
    elif credential.client_secret:
        connection.set_client_secret(credential.client_secret)
    else:
        return
    connection.credential_changed_at = timezone.now()
