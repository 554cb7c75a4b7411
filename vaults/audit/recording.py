"""Recording: no act without a record, no value before its record.

`recording` commits a "started" entry before the act and its outcome after it. Entries form one chain: each one's hash is an
HMAC, with the key from `KVPORTAL_AUDIT_KEY`, over the hash before it and its own fields. The fields are a fixed list; what a
vault answered, what a form held and what an exception says are never among them.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from vaults import access
from vaults.audit import chain, stored
from vaults.audit.links import HASHED_FIELDS, is_ours, link
from vaults.audit.who import facts_of
from vaults.azure.errors import AuthenticationError, Forbidden, KeyVaultError
from vaults.keyvault.session import Exchange
from vaults.models import AuditChain, AuditEntry, Connection, Team, User, Vault
from vaults.models.audit import AuditState
from vaults.permissions import CHANGES, ONCE_A_FORM, Action, RevealsSpent, RoleMissing

log = structlog.get_logger("vaults.audit")


#: What `detail` may hold: facts about the act, never a value that was read or written.
DETAIL_KEYS = frozenset(
    {
        "actor_email", "actor_role", "after", "attributes", "before", "broken", "browser", "cause", "cloud", "count", "email",
        "first_seq", "issuer", "kind", "last_seq", "members", "not_read", "production", "reason", "request_id", "role",
        "sentence", "source", "tag_names", "unconfirmed", "verdicts",
    }
)  # fmt: skip


class AuditUnavailable(Exception):
    """The record can't be written, so the act does not happen, or what it would hand out is kept back."""


class WrongPassword(Exception):
    """Somebody is not who they say they are."""


class FormNotNoted(AuditUnavailable):
    """A form can't be noted as sent, so it could have its effect twice: no change begins."""


_changes_refused: ContextVar[bool] = ContextVar("changes_refused", default=False)


@contextmanager
def no_changes() -> Iterator[None]:
    """Let every change that is begun within raise FormNotNoted; what only reads goes on."""
    before = _changes_refused.set(True)
    try:
        yield
    finally:
        _changes_refused.reset(before)


@dataclass(slots=True)
class Event:
    """One act under way. `id` is what Azure's own log shows as x-ms-client-request-id.

    `decide` raises RoleMissing where the actor's right to the act has gone since it began.
    """

    id: uuid.UUID
    version: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    state: AuditState = AuditState.SUCCEEDED
    decide: Callable[[], None] = lambda: None


@contextmanager
def recording(
    actor: User | None,
    action: Action,
    team: Team,
    *,
    vault: Vault | None = None,
    connection: Connection | None = None,
    name: str = "",
    version: str = "",
    label: str = "kvportal",
    **detail: Any,
) -> Iterator[Event]:
    """Record an act around its doing. `actor` None is the portal itself (a scheduled scan), or whoever `label` and the
    facts of `who` in the detail name.

    Raises FormNotNoted for a change within `no_changes`.
    Raises AuditUnavailable before the act when it can't be recorded, and after it when its outcome can't and it hands
    something out. A change that is done stays done, and whatever an act raises passes through: without its outcome the
    record says "started" until that is settled.
    """
    if _changes_refused.get() and action in ONCE_A_FORM:
        raise FormNotNoted
    connection = vault.connection if vault else connection
    detail = {**facts_of(actor, team), **detail}
    entry = AuditEntry(
        event=uuid.uuid4(),
        state=AuditState.STARTED,
        team_id=team.pk,
        team_name=team.name,
        actor_id=actor.pk if actor else None,
        actor_label=(str(actor) if actor else label)[:254],
        action=action,
        connection_name=connection.name if connection else "",
        client_id=connection.client_id if connection else "",
        vault_id=vault.pk if vault else None,
        vault_name=vault.name if vault else "",
        vault_slug=vault.slug if vault else "",
        name=name[:254],
        version=version[:64],
        detail=dict(detail),
    )
    append(entry)
    event = Event(entry.event, version=version, detail=detail, decide=partial(access.require, actor, action, team))
    try:
        yield event
    except BaseException as error:
        recorded = _is_recorded(outcome(entry, event, error))
        if isinstance(error, RoleMissing):
            error.recorded = recorded
        raise
    else:
        if not _is_recorded(outcome(entry, event, None)) and action not in CHANGES:
            raise AuditUnavailable
    finally:
        if vault:
            vault.exchanges.extend(event.exchanges)


def _is_recorded(ended: AuditEntry) -> bool:
    """Commit an act's outcome, if that can be done."""
    try:
        append(ended)
    except AuditUnavailable:
        log.exception("an outcome could not be recorded", action=ended.action, event_id=str(ended.event))
        return False
    return True


def record_refusal(actor: User, refusal: RoleMissing, team: Team, vault: Vault | None, name: str) -> None:
    """Record that somebody tried what his role does not hold, where the page refused before the act began."""
    if not refusal.recorded:
        with suppress(RoleMissing), recording(actor, refusal.action, team, vault=vault, name=name):
            raise refusal


def outcome(started: AuditEntry, event: Event, error: BaseException | None) -> AuditEntry:
    """The second entry of an act: the first one's words, and how it ended."""
    copied = {name: getattr(started, name) for name in HASHED_FIELDS if name not in {"seq", "at", "detail", "version"}}
    entry = AuditEntry(**copied)
    entry.version = event.version[:64]
    entry.detail = event.detail
    entry.azure_request_ids = [sent.azure_request_id for sent in event.exchanges[-20:] if sent.azure_request_id]
    entry.state = state_of(error) if error else event.state
    if isinstance(error, KeyVaultError):
        entry.status = error.status
        entry.code = _storable(error.code or type(error).__name__)
        entry.inner_code = _storable(error.inner_code or "")
    elif error is not None:
        entry.code = type(error).__name__[:80]
    return entry


def _storable(code: str) -> str:
    """What somebody has answered, without halves of characters, which no database takes."""
    return code.encode(errors="replace").decode()[:80]


def state_of(error: BaseException) -> AuditState:
    match error:
        case RoleMissing() | RevealsSpent() | WrongPassword() | Forbidden() | AuthenticationError(refused=True):
            return AuditState.DENIED
        case KeyVaultError(maybe_done=True):
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
            is_ours = chain.is_sealed(head)
            entry.seq = head.seq + 1
            entry.at = timezone.now()
            entry.previous_hash = head.hash
            entry.hash = link(entry)
            entry.save(force_insert=True)
            # A head that somebody else has set stays recognisable: what is added behind it doesn't make it good.
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
    """Is it the newest entry now, as it was written? A database can be told to do something else with it, or nothing."""
    found = stored.as_head(entry.seq)
    return found is not None and found.hash == entry.hash and is_ours(found)


def settle(started: AuditEntry, state: AuditState, version: str) -> None:
    """Give an act that was cut off the outcome that was found afterwards."""
    event = Event(started.event, version=version or started.version, detail={**started.detail, "unconfirmed": True})
    event.state = state
    append(outcome(started, event, None))
