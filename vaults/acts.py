"""One act: check the permission, record it, and do it with a client whose calls carry the record's id.

    with act(actor, Action.SECRET_DELETE, vault, name=name) as doing:
        deleted = doing.client.secrets.delete(name)

The intent is committed before the act, the outcome after it. A refusal is an outcome too. An act that only reads, a look, has
one entry, which is committed while its calls are in progress.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

from vaults import access, clients
from vaults.access import Installation, Item, Target
from vaults.actors import Actor
from vaults.audit import recording
from vaults.audit.appending import AuditUnavailable
from vaults.audit.recording import Ground, Subject
from vaults.azure.limits import Caller
from vaults.azure.sign_in import TokenSource
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part
from vaults.keyvault.paths import is_version
from vaults.kinds import OF_ACTION, Kind
from vaults.models import Connection, Job, Vault
from vaults.models.audit import ACCOUNT, AuditState
from vaults.permissions import Action, RoleMissing


class FormNotNoted(AuditUnavailable):
    """A form can't be stored as submitted, so it could take effect twice: no change begins."""


_refused: ContextVar[Mapping[Action, Exception]] = ContextVar("refused", default=MappingProxyType({}))


@contextmanager
def refused(actions: Iterable[Action], error: Exception) -> Iterator[None]:
    """Each of these acts raises the error if it begins inside, and nothing of it is done or recorded."""
    before = _refused.set({**_refused.get(), **dict.fromkeys(actions, error)})
    try:
        yield
    finally:
        _refused.reset(before)


class Doing:
    """An act in progress: it adds to `detail`, `version` and `state` of its record."""

    def __init__(self, actor: Actor, action: Action, target: Target, event: recording.Event) -> None:
        self._actor = actor
        self._action = action
        self._target = target
        self.event = event

    @property
    def detail(self) -> dict[str, Any]:
        return self.event.detail

    def decide(self) -> None:
        """Raises RoleMissing if the actor may not, or no longer, do the act."""
        access.require(self._actor, self._action, self._target)

    def writing(self) -> AbstractContextManager[None]:
        """A transaction for the portal's own rows; the permission is checked inside it. Raises RoleMissing."""
        return access.writing(self._actor, self._action, self._target)

    @cached_property
    def client(self) -> VaultClient:
        """The client of the act's vault. Raises SealBroken, UnknownCloud, InvalidInput."""
        return self.client_through(_vault_of(self._target).connection)

    def client_through(self, connection: Connection) -> VaultClient:
        """A client of the act's vault, reached through this connection. Raises SealBroken, UnknownCloud, InvalidInput."""
        tokens = clients.azure.shared_token_source(connection)
        return self.client_with(tokens, _vault_of(self._target).through(connection))

    def client_with(self, tokens: TokenSource, vault: Vault) -> VaultClient:
        """A client of any vault. It checks the permission again before each change, because Azure may be slow."""
        client = clients.azure.client(vault, tokens, self._caller, request_id=str(self.event.id))
        client.exchanges = self.event.exchanges
        client.before_change = self.decide
        return client

    @property
    def _caller(self) -> Caller:
        return Caller.SCAN if self._action == Action.VAULT_SCAN else self._actor.caller

    def client_of(self, kind: Kind) -> Any:
        """The client of one kind of items in the vault."""
        return kind.client(self.client)

    @property
    def meanwhile(self) -> Callable[[], None] | None:
        """For `gather`: what this thread has to do while the calls to Azure are in progress.

        A look commits its entry, and the actor's page does what it can already do.
        """
        works = [work for work in (self.event.beside, self._actor.preparation) if work]
        return partial(_each, works) if works else None

    def record_unread(self, *parts: Part[Any]) -> None:
        """Record the permissions of the calls that failed; the act continues without their data."""
        errors = [each.error for each in parts if each.error]
        if errors:
            self.detail["not_read"] = sorted({error.permission or type(error).__name__ for error in errors})

    def happened_after_all(self, *, version: str = "") -> None:
        """Mark the act as succeeded but unconfirmed: its response was lost, and a later look-up shows that it was done."""
        self.detail["unconfirmed"] = True
        self.event.state = AuditState.SUCCEEDED
        self.event.version = version or self.event.version


def _each(works: list[Callable[[], None]]) -> None:
    for work in works:
        work()


def _vault_of(target: Target) -> Vault:
    match target:
        case Vault():
            return target
        case Item():
            return target.vault
    raise TypeError("the act is about no vault")


@contextmanager
def act(
    actor: Actor,
    action: Action,
    target: Target,
    *,
    name: str = "",
    version: str = "",
    parent: uuid.UUID | None = None,
    approval: uuid.UUID | None = None,
    **detail: Any,
) -> Iterator[Doing]:
    """Check the permission and record the act in the body. `name`: the name of the item, or of another object of the act.

    `parent`: the id of the job that it is part of; `approval`: the id of the request that was approved for it.
    Raises the error of `refused`, RoleMissing if the actor may not, and AuditUnavailable: before the act if it can't be
    recorded, and after it if its outcome can't be recorded and it returns something. Exceptions of the body pass through.
    """
    if error := _refused.get().get(action):
        raise error
    target = access.target_of(action, target, name)
    access.refresh(actor, action, target)
    decision = access.decide(actor, action, target)
    subject = _subject_of(action, target, name, version)
    with recording.recording(actor, action, subject, Ground(decision.because, parent, approval), **detail) as event:
        doing = Doing(actor, action, target, event)
        try:
            if not decision.allowed:
                raise RoleMissing(action)
            yield doing
        finally:
            actor.exchanges.extend(event.exchanges)


def _subject_of(action: Action, target: Target, name: str, version: str) -> Subject:
    version = version if is_version(version) else ""  # in an address or a form it may be any typed text
    kind = OF_ACTION.get(action)
    match target:
        case Installation():
            return Subject(None, None, None, name, version, ACCOUNT)
        case Item(vault=vault):
            return Subject(vault.team, vault.connection, vault, name or target.name, version, target.kind.name)
        case Vault():
            return Subject(target.team, target.connection, target, name, version, kind.name if kind else "")
        case Connection():
            return Subject(target.team, target, None, name, version)
        case Job():
            return Subject(target.team, None, None, name or str(target.pk), version)
        case _:
            return Subject(target, None, None, name, version)
