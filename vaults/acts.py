"""One act: decided, recorded, and done with a client whose calls carry the record's id.

    with act(actor, Action.SECRET_DELETE, vault, name=name) as doing:
        deleted = doing.client.secrets.delete(name)

The intent is committed before anything happens, the outcome after it; a refusal is recorded like any other outcome.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from vaults import access, clients
from vaults.access import Item, Target
from vaults.actors import Actor
from vaults.audit import recording
from vaults.audit.recording import AuditUnavailable, Subject
from vaults.azure.sign_in import TokenSource
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part
from vaults.kinds import Kind
from vaults.models import Connection, Vault
from vaults.models.audit import AuditState
from vaults.permissions import ONCE_A_FORM, Action


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


class Doing:
    """An act under way: what it knows goes into `detail`, `version` and `state` of its record."""

    def __init__(self, actor: Actor, action: Action, target: Target, event: recording.Event) -> None:
        self._actor = actor
        self._action = action
        self._target = target
        self.event = event

    @property
    def detail(self) -> dict[str, Any]:
        return self.event.detail

    def decide(self) -> None:
        """Raises RoleMissing where the actor may not do the act, or not any more."""
        access.require(self._actor, self._action, self._target)

    def writing(self) -> AbstractContextManager[None]:
        """A transaction for rows of ours, with the right to write them decided inside it. Raises RoleMissing."""
        return access.writing(self._actor, self._action, self._target)

    @cached_property
    def client(self) -> VaultClient:
        """The client of the vault that the act is about. Raises SealBroken, UnknownCloud, InvalidInput."""
        vault = _vault_of(self._target)
        return self.client_with(clients.azure.shared_token_source(vault.connection), vault)

    def client_with(self, tokens: TokenSource, vault: Vault) -> VaultClient:
        """A client of any vault, with tokens of its own. Ahead of each change it decides again: Azure may take its time."""
        client = clients.azure.client(vault, tokens, request_id=str(self.event.id))
        client.exchanges = self.event.exchanges
        client.before_change = self.decide
        return client

    def client_of(self, kind: Kind) -> Any:
        """The client of one kind of items in the vault."""
        return kind.client(self.client)

    def record_unread(self, *parts: Part[Any]) -> None:
        """Name the permissions of the calls that failed in the record of the act, which goes on without them."""
        errors = [each.error for each in parts if each.error]
        if errors:
            self.detail["not_read"] = sorted({error.permission or type(error).__name__ for error in errors})

    def happened_after_all(self, *, version: str = "") -> None:
        """The response was lost, and what was found since shows that the act is done."""
        self.detail["unconfirmed"] = True
        self.event.state = AuditState.SUCCEEDED
        self.event.version = version or self.event.version


def _vault_of(target: Target) -> Vault:
    match target:
        case Vault():
            return target
        case Item():
            return target.vault
    raise TypeError("the act is about no vault")


@contextmanager
def act(
    actor: Actor, action: Action, target: Target, *, name: str = "", version: str = "", **detail: Any
) -> Iterator[Doing]:
    """Decide and record an act around its doing. `name`: of the item, or of what else the act is about.

    Raises FormNotNoted for a change within `no_changes`, RoleMissing where the actor may not, AuditUnavailable before the act
    where it can't be recorded, and after it where its outcome can't and it hands something out. Whatever is raised within
    passes through.
    """
    if _changes_refused.get() and action in ONCE_A_FORM:
        raise FormNotNoted
    subject = _subject_of(target, name, version)
    with recording.recording(actor, action, subject, **detail) as event:
        doing = Doing(actor, action, target, event)
        try:
            doing.decide()
            yield doing
        finally:
            actor.exchanges.extend(event.exchanges)


def _subject_of(target: Target, name: str, version: str) -> Subject:
    team = access.team_of(target)
    match target:
        case Item():
            return Subject(team, target.vault.connection, target.vault, name or target.name, version)
        case Vault():
            return Subject(team, target.connection, target, name, version)
        case Connection():
            return Subject(team, target, None, name, version)
        case _:
            return Subject(team, None, None, name, version)
