"""Recording: no act without a record, no value before its record.

`recording` commits a "started" entry before the act and its outcome after it. Entries form one chain: each hash is an HMAC,
with the key from `KVPORTAL_AUDIT_KEY`, over the previous hash and the entry's own fields. The fields are a fixed list. They
never contain a vault's response, a form's content or an exception's text.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from vaults.actors import Actor
from vaults.audit import chain, stored
from vaults.audit.links import HASHED_FIELDS, is_ours, link
from vaults.azure.errors import AuthenticationError, AzureError, Forbidden
from vaults.keyvault.session import Exchange
from vaults.models import AuditChain, AuditEntry, Connection, Team, Vault
from vaults.models.audit import AuditState
from vaults.permissions import CHANGES, Action, RevealsSpent, RoleMissing

log = structlog.get_logger("vaults.audit")


#: Keys that `detail` may contain: facts about the act, never a value that was read or written.
DETAIL_KEYS = frozenset(
    {
        "actor_email", "actor_role", "after", "attributes", "before", "broken", "browser", "cause", "cloud", "count", "email",
        "facts", "first_seq", "issuer", "kind", "last_seq", "members", "not_read", "production", "reason", "request_id",
        "result", "role", "sentence", "source", "tag_names", "through", "unconfirmed", "verdicts",
    }
)  # fmt: skip


class AuditUnavailable(Exception):
    """The record can't be written, so the act does not happen, or its result is not returned."""


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


@dataclass(frozen=True, slots=True)
class Subject:
    """The object of an act, as the record names it."""

    team: Team
    connection: Connection | None = None
    vault: Vault | None = None
    name: str = ""
    version: str = ""


@contextmanager
def recording(actor: Actor, action: Action, subject: Subject, **detail: Any) -> Iterator[Event]:
    """Record the act in the body.

    Raises AuditUnavailable before the act if it can't be recorded. Raises it after the act if its outcome can't be recorded
    and the act returns something. A completed change stays done, and exceptions of the body pass through; without an
    outcome, the record says "started" until it is reconciled.
    """
    detail = {**actor.facts(subject.team), **detail}
    entry = _started(actor, action, subject, detail)
    append(entry)
    event = Event(entry.event, version=subject.version, detail=detail)
    try:
        yield event
    except BaseException as error:
        _is_recorded(outcome(entry, event, error))
        raise
    else:
        if not _is_recorded(outcome(entry, event, None)) and action not in CHANGES:
            raise AuditUnavailable


def _started(actor: Actor, action: Action, subject: Subject, detail: dict[str, Any]) -> AuditEntry:
    team, connection, vault = subject.team, subject.connection, subject.vault
    return AuditEntry(
        event=uuid.uuid4(),
        state=AuditState.STARTED,
        team_id=team.pk,
        team_name=team.name,
        actor_id=actor.account_id,
        actor_label=actor.label[:254],
        action=action,
        connection_name=connection.name if connection else "",
        client_id=connection.client_id if connection else "",
        vault_id=vault.pk if vault else None,
        vault_name=vault.name if vault else "",
        vault_slug=vault.slug if vault else "",
        name=subject.name[:254],
        version=subject.version[:64],
        detail=dict(detail),
    )


def _is_recorded(ended: AuditEntry) -> bool:
    """Commit an act's outcome. False if that fails."""
    try:
        append(ended)
    except AuditUnavailable:
        log.exception("an outcome could not be recorded", action=ended.action, event_id=str(ended.event))
        return False
    return True


def outcome(started: AuditEntry, event: Event, error: BaseException | None) -> AuditEntry:
    """The second entry of an act: the fields of the first, and the outcome."""
    copied = {name: getattr(started, name) for name in HASHED_FIELDS if name not in {"seq", "at", "detail", "version"}}
    entry = AuditEntry(**copied)
    entry.version = event.version[:64]
    entry.detail = event.detail
    entry.azure_request_ids = [sent.azure_request_id for sent in event.exchanges[-20:] if sent.azure_request_id]
    entry.state = state_of(error) if error else event.state
    if isinstance(error, AzureError):
        entry.status = error.status
        entry.code = _storable(error.code or type(error).__name__)
        entry.inner_code = _storable(error.inner_code or "")
    elif error is not None:
        entry.code = type(error).__name__[:80]
    return entry


def _storable(code: str) -> str:
    """An error code from a response, without lone surrogates, which no database stores."""
    return code.encode(errors="replace").decode()[:80]


def state_of(error: BaseException) -> AuditState:
    match error:
        case RoleMissing() | RevealsSpent() | WrongPassword() | Forbidden() | AuthenticationError(refused=True):
            return AuditState.DENIED
        case AzureError(maybe_done=True):
            return AuditState.UNKNOWN
        case _:
            return AuditState.FAILED


def append(entry: AuditEntry) -> None:
    """Commit an entry as the chain's next link. Raises AuditUnavailable."""
    if not DETAIL_KEYS.issuperset(entry.detail):
        raise ValueError(f"an audit entry's detail has no room for {sorted(set(entry.detail) - DETAIL_KEYS)}")
    try:
        with transaction.atomic(durable=True):
            head = AuditChain.objects.select_for_update().get_or_create(id=1)[0]
            is_ours = chain.is_sealed(head) if head.seq else chain.may_begin()
            entry.seq = head.seq + 1
            entry.at = timezone.now()
            entry.previous_hash = head.hash
            entry.hash = link(entry)
            entry.save(force_insert=True)
            # Never re-seal a tampered head: entries added after it must not make it valid.
            head.seq, head.hash = entry.seq, entry.hash
            head.seal = chain.seal_of(head) if is_ours else ""
            AuditChain.objects.filter(id=1).update(seq=head.seq, hash=head.hash, seal=head.seal)
            if not _is_there(entry):
                raise IntegrityError("a trigger in the database kept the entry out")
    except Error as error:
        raise AuditUnavailable from error
    if entry.seq == 1 or entry.seq % chain.EVERY == 0:
        chain.note(begin=entry.seq == 1)


def _is_there(entry: AuditEntry) -> bool:
    """True if this is now the newest entry, stored as written. A trigger in the database could change or drop it."""
    found = stored.as_head(entry.seq)
    return found is not None and found.hash == entry.hash and is_ours(found)


def reconcile(started: AuditEntry, state: AuditState, version: str) -> None:
    """Record the outcome of an act that was cut off, as found later."""
    event = Event(started.event, version=version or started.version, detail={**started.detail, "unconfirmed": True})
    event.state = state
    append(outcome(started, event, None))
