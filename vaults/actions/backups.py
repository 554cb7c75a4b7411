"""Back up one item as a blob, and bring it back from one. The blob passes through: it is neither kept nor recorded."""

from enum import StrEnum
from typing import Any

from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import changing
from vaults.actions.names import NameState, NameUse, look_up_name
from vaults.actions.reveals import keep_within_limit
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError
from vaults.inventory import observe
from vaults.keyvault import age_files
from vaults.keyvault.types import Properties
from vaults.kinds import Kind
from vaults.models import Vault


class Form(StrEnum):
    """What the file of a backup holds. The values are kept in the audit trail."""

    AGE = "age"
    BLOB = "backup-blob"


class NameHeld(Exception):
    """The name is in use, or a deleted item keeps it until it is purged: Key Vault would refuse the restore."""

    def __init__(self, use: NameUse) -> None:
        self.use = use
        super().__init__(use.state.value)


@sensitive_variables("password", "blob", "file")
def back_up(actor: Actor, vault: Vault, kind: Kind, name: str, password: str = "") -> bytes:
    """The file: the blob, encrypted with the password if there is one. Raises RevealsSpent, AgeBusy.

    It is returned only after the record of this backup is committed. It counts as a revealed value: whoever has it and a
    vault of the same subscription can read the item there.
    """
    form = Form.AGE if password else Form.BLOB
    with act(actor, kind.actions.backup, vault, name=name, format=form.value) as doing:
        keep_within_limit(actor, vault)
        blob: bytes = doing.client_of(kind).backup(name)
        file = age_files.encrypt(blob, password) if password else blob
        doing.decide()  # the right may have ended while Azure was slow
    return file


def who_holds(actor: Actor, vault: Vault, kind: Kind, name: str) -> NameUse:
    """That nobody has the name, or that it is not known. Raises NameHeld, AmbiguousPath."""
    use = look_up_name(actor, vault, kind, name)
    if use.state not in (NameState.FREE, NameState.UNHELD, NameState.UNKNOWN):
        raise NameHeld(use)
    return use


@sensitive_variables("blob")
def restore(actor: Actor, vault: Vault, kind: Kind, name: str, blob: bytes, name_was: NameState) -> Properties:
    """The restored item's newest version. `name`: the one that the blob is said to have; the blob itself can't be read.

    `name_was`: what `who_holds` told just before. It is recorded, so that an act that was cut off can be reconciled.
    Raises Conflict and BadRequest if Key Vault refuses.
    """
    with changing(actor, kind.actions.restore, vault, name, name_was=name_was.value) as doing:
        restored = _restore(doing, kind, name, blob, was_free=name_was is NameState.FREE)
        doing.event.version = restored.version
        if restored.name.lower() not in ("", name.lower()):
            doing.detail["restored_as"] = restored.name
    if restored.name:  # else the answer named another vault's item, or none: a scan finds what came back
        observe.remember(vault, restored)  # type: ignore[arg-type]  # one of the three kinds' properties
    return restored


@sensitive_variables("blob")
def _restore(doing: Doing, kind: Kind, name: str, blob: bytes, *, was_free: bool) -> Properties:
    """After a lost response: the name was free and is in use now, so the restore was done."""
    items: Any = doing.client_of(kind)
    try:
        restored: Properties = items.restore(blob)
    except AzureError as lost:
        if not (lost.maybe_done and was_free):
            raise
        try:
            restored = items.versions(name)[0]
        except (AzureError, IndexError):
            raise lost from None
        doing.happened_after_all()
    return restored
