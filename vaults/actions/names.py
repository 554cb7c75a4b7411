"""Who has a name that a new item is to get."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import NotFound
from vaults.azure.parallel import gather
from vaults.inventory.operations import is_open
from vaults.inventory.rows import AnyDeleted
from vaults.keyvault.parts import Part, part
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import CertificateOperation, Properties
from vaults.kinds import CERTIFICATE, Kind
from vaults.models import Vault


class NameState(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    MANAGED = "managed"
    """It belongs to the certificate of this name."""
    PENDING = "pending"
    """A certificate of this name is being issued for the first time. Its key and secret will have the name."""
    DELETED = "deleted"
    UNHELD = "unheld"
    """No item of this kind has it. Whether a certificate of this name is being issued could not be read."""
    UNKNOWN = "unknown"
    """Not everything could be read."""


@dataclass(frozen=True, slots=True)
class NameUse:
    """`deleted`: the deleted item that holds the name. `unread`: what could not be read, with its error."""

    state: NameState
    deleted: AnyDeleted | None = None
    unread: tuple[Part[Any], ...] = ()


def look_up_name(actor: Actor, vault: Vault, kind: Kind, name: str) -> NameUse:
    """Ask the vault side by side for live items, deleted ones, and the pending operation of a certificate of this name.

    Recorded as a look at the list: while somebody types, it is one look and not one for each name. Raises AmbiguousPath.
    """
    check_new_name(kind.collection, name)
    with act(actor, kind.actions.list, vault) as doing:
        client = doing.client
        live, deleted, operation = gather(
            lambda: _if_there(lambda: kind.client(client).versions_page(name).items),
            lambda: _if_there(lambda: kind.client(client).get_deleted(name)),
            lambda: _if_there(lambda: client.certificates.operation(name)),
            meanwhile=doing.meanwhile,
        )
        unread = tuple(each for each in (live, deleted, operation) if each.error)
        doing.record_unread(*unread)
        state = _state(kind, live.value or (), deleted.value, operation.value)
        if state == NameState.FREE and unread:
            state = _unread_state(vault, kind, name, only_operation=unread == (operation,))
        return NameUse(state, deleted.value, unread)


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


def _unread_state(vault: Vault, kind: Kind, name: str, *, only_operation: bool) -> NameState:
    """The state of a name of which nothing was found, but not all could be read: the portal may know of an operation."""
    if is_open(vault, name):
        return NameState.PENDING
    return NameState.UNHELD if only_operation and kind != CERTIFICATE else NameState.UNKNOWN
