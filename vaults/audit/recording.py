"""Recording: no act without a record, no value before its record.

`recording` commits a "started" entry before an act and its outcome after it. A look, which only reads, has one entry, committed
while its calls are in progress and before its page is handed out (vaults.audit.looks). The fields of an entry are a fixed
list. They never contain a vault's response, a form's content or an exception's text.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from vaults.actors import Actor
from vaults.audit.appending import AuditUnavailable, append, storable
from vaults.audit.looks import Look
from vaults.azure.errors import AuthenticationError, AzureError, Forbidden
from vaults.keyvault.identifiers import fold
from vaults.keyvault.session import Exchange
from vaults.models import AuditEntry, Connection, Team, Vault
from vaults.models.audit import AuditState
from vaults.permissions import CHANGES, LOOKS, Action, RevealsSpent, RoleMissing

log = structlog.get_logger("vaults.audit")


class WrongPassword(Exception):
    """A wrong password was entered."""


@dataclass(slots=True)
class Event:
    """One act in progress. `id` is x-ms-client-request-id in Azure's own log."""

    id: uuid.UUID
    version: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    state: AuditState = AuditState.SUCCEEDED
    #: What has to be committed while the calls of a look are in progress.
    beside: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The object of an act, as the record names it."""

    team: Team | None = None
    connection: Connection | None = None
    vault: Vault | None = None
    name: str = ""
    version: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Why an act was allowed or refused, and the job and the approval that it belongs to."""

    because: str = ""
    parent: uuid.UUID | None = None
    request: uuid.UUID | None = None


@contextmanager
def recording(
    actor: Actor, action: Action, subject: Subject, ground: Ground | None = None, **detail: Any
) -> Iterator[Event]:
    """Record the act in the body.

    Raises AuditUnavailable before an act if it can't be recorded. Raises it after the act if its outcome can't be recorded
    and the act returns something. A completed change stays done, and exceptions of the body pass through; without an
    outcome, the record says "started" until it is reconciled. A look raises it after its calls.
    """
    detail = {**actor.facts(subject.team), **detail}
    entry = _begun(actor, action, subject, ground or Ground(), detail)
    around = _looking if action in LOOKS else _acting
    with around(actor, entry, Event(entry.event, version=subject.version, detail=detail)) as event:
        yield event


@contextmanager
def _acting(_actor: Actor, entry: AuditEntry, event: Event) -> Iterator[Event]:
    append(entry)
    try:
        yield event
    except BaseException as error:
        _is_recorded(outcome(entry, event, error))
        raise
    if not _is_recorded(outcome(entry, event, None)) and entry.action not in CHANGES:
        raise AuditUnavailable


@contextmanager
def _looking(actor: Actor, entry: AuditEntry, event: Event) -> Iterator[Event]:
    entry.look, entry.state = True, AuditState.LOOKED
    look = Look(entry, actor.polled)
    event.id, event.beside = entry.event, look.commit
    actor.looked = entry.event
    try:
        yield event
    except AuditUnavailable:
        raise
    except BaseException as error:
        try:
            look.end(outcome(entry, event, error))
        except AuditUnavailable:
            _log_lost(entry)
        raise
    if event.state is AuditState.SUCCEEDED and not event.detail.get("not_read"):
        event.state = AuditState.LOOKED
    look.end(outcome(entry, event, None))


def _begun(actor: Actor, action: Action, subject: Subject, ground: Ground, detail: dict[str, Any]) -> AuditEntry:
    """The first entry of an act: "started"."""
    team, connection, vault = subject.team, subject.connection, subject.vault
    return AuditEntry(
        event=uuid.uuid4(),
        state=AuditState.STARTED,
        team_id=team.pk if team else None,
        team_name=team.name if team else "",
        actor_id=actor.account_id,
        actor_label=actor.label[:254],
        source=actor.source,
        action=action,
        because=ground.because,
        parent=ground.parent,
        request=ground.request,
        connection_id=connection.pk if connection else None,
        connection_name=connection.name if connection else "",
        client_id=connection.client_id if connection else "",
        vault_id=vault.pk if vault else None,
        vault_cloud=vault.cloud if vault else "",
        vault_host=vault.host if vault else "",
        vault_name=vault.name if vault else "",
        vault_slug=vault.slug if vault else "",
        kind=subject.kind,
        name=subject.name[:254],
        folded_name=fold(subject.name[:254]) if subject.kind else "",
        version=subject.version[:64],
        detail=dict(detail),
    )


def _log_lost(entry: AuditEntry) -> None:
    log.error("an outcome could not be recorded", action=entry.action, event_id=str(entry.event))


def _is_recorded(ended: AuditEntry) -> bool:
    """Commit an act's outcome. False if that fails."""
    try:
        append(ended)
    except AuditUnavailable:
        _log_lost(ended)
        return False
    return True


#: What the entries of an act don't share.
_OWN = frozenset({"id", "seq", "at", "previous_hash", "hash", "detail", "version", "schema", "chain", "news"})
_SHARED = [each.attname for each in AuditEntry._meta.concrete_fields if each.attname not in _OWN]


def outcome(started: AuditEntry, event: Event, error: BaseException | None) -> AuditEntry:
    """The second entry of an act: the fields of the first, and the outcome."""
    entry = AuditEntry(**{name: getattr(started, name) for name in _SHARED})
    entry.version = event.version[:64]
    entry.detail = event.detail
    entry.azure_request_ids = [sent.azure_request_id for sent in event.exchanges[-20:] if sent.azure_request_id]
    entry.state = state_of(error) if error else event.state
    if isinstance(error, AzureError):
        entry.status = error.status
        entry.code = storable(error.code or type(error).__name__)
        entry.inner_code = storable(error.inner_code or "")
    elif error is not None:
        entry.code = type(error).__name__[:80]
    return entry


def state_of(error: BaseException) -> AuditState:
    match error:
        case RoleMissing() | RevealsSpent() | WrongPassword() | Forbidden() | AuthenticationError(refused=True):
            return AuditState.DENIED
        case AzureError(maybe_done=True):
            return AuditState.UNKNOWN
        case _:
            return AuditState.FAILED


def reconcile(started: AuditEntry, state: AuditState, version: str) -> None:
    """Record the outcome of an act that was cut off, as found later."""
    event = Event(started.event, version=version or started.version, detail={**started.detail, "unconfirmed": True})
    event.state = state
    append(outcome(started, event, None))
