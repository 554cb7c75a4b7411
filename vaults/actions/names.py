"""Who has a name that a new item is to get."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import NotFound
from vaults.azure.parallel import gather
from vaults.inventory.operations import is_open
from vaults.inventory.rows import AnyDeleted
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part, part
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import CertificateOperation, Properties
from vaults.kinds import CERTIFICATE, KINDS, Kind
from vaults.models import Vault


class NameState(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    MANAGED = "managed"
    """It belongs to the certificate of this name."""
    PENDING = "pending"
    """A certificate of this name is being issued for the first time. Its key and secret will have the name."""
    HELD = "held"
    """A key or secret of its own has the name, which a certificate needs for its key and secret."""
    DELETED = "deleted"
    UNHELD = "unheld"
    """No item of this kind has it. It could not be read whether a certificate of this name is being issued; of a certificate's
    name, whether a key or secret has it."""
    UNKNOWN = "unknown"
    """Not everything could be read."""


@dataclass(frozen=True, slots=True)
class NameUse:
    """`deleted`: the deleted item that holds the name; `holder`: the kind of the item of its own that does. `unread`: what could
    not be read, with its error."""

    state: NameState
    deleted: AnyDeleted | None = None
    holder: Kind | None = None
    unread: tuple[Part[Any], ...] = ()


def look_up_name(actor: Actor, vault: Vault, kind: Kind, name: str) -> NameUse:
    """Ask the vault side by side for live items, deleted ones, and the pending operation of a certificate of this name; for a
    certificate's name also for keys and secrets.

    Recorded as a look at the list: while somebody types, it is one look and not one for each name. Raises AmbiguousPath.
    """
    check_new_name(kind.collection, name)
    with act(actor, kind.actions.list, vault) as doing:
        client = doing.client
        besides = [each for each in KINDS if kind == CERTIFICATE != each]
        live, deleted, operation, *others = gather(
            partial(_versions, kind, client, name),
            lambda: _if_there(lambda: kind.client(client).get_deleted(name)),
            lambda: _if_there(lambda: client.certificates.operation(name)),
            *[partial(_versions, each, client, name) for each in besides],
            meanwhile=doing.meanwhile,
        )
        unread = tuple(each for each in (live, deleted, operation, *others) if each.error)
        doing.record_unread(*unread)
        state = _state(kind, live.value or (), deleted.value, operation.value)
        holder = next((each for each, read in zip(besides, others, strict=True) if _is_of_its_own(read.value)), None)
        if holder and state in (NameState.FREE, NameState.DELETED):
            return NameUse(NameState.HELD, holder=holder)
        if state == NameState.FREE and unread:
            beside = others if kind == CERTIFICATE else [operation]
            state = _unread_state(vault, name, only_beside=all(each in beside for each in unread))
        return NameUse(state, deleted.value, unread=unread)


def _versions(kind: Kind, client: VaultClient, name: str) -> Part[tuple[Properties, ...]]:
    return _if_there(lambda: kind.client(client).versions_page(name).items)


def _is_of_its_own(versions: tuple[Properties, ...] | None) -> bool:
    return any(not getattr(version, "managed", False) for version in versions or ())


def _if_there(read: Callable[[], Any]) -> Part[Any]:
    """An item that does not exist is None, not an error."""
    found = part(read)
    return Part() if isinstance(found.error, NotFound) else found


def _state(
    kind: Kind, live: tuple[Properties, ...], deleted: AnyDeleted | None, operation: CertificateOperation | None
) -> NameState:
    """The state by what could be read."""
    if any(getattr(version, "managed", False) for version in live):
        return NameState.MANAGED
    if any(version.issued for version in live):
        return NameState.TAKEN
    if operation is not None and operation.is_pending:
        return NameState.PENDING
    if live or operation is not None:
        return NameState.TAKEN if kind == CERTIFICATE else NameState.MANAGED
    return NameState.DELETED if deleted is not None else NameState.FREE


def _unread_state(vault: Vault, name: str, *, only_beside: bool) -> NameState:
    """The state of a name of which nothing was found, but not all could be read: the portal may know of an operation."""
    if is_open(vault, name):
        return NameState.PENDING
    return NameState.UNHELD if only_beside else NameState.UNKNOWN
