"""Shared by all changes: optimistic locking, and recovery after a lost response.

Key Vault has no compare-and-set, and every set or create makes a new version. So a change must not overwrite a state that the
user has not seen, and must not be repeated blindly.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from vaults.actions.item_locks import item_lock
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, Forbidden, NotFound
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.parts import Part
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.permissions import Action

Found = TypeVar("Found", bound=Properties)


class ChangedMeanwhile(Exception):
    """Another person changed the item after the form was opened.

    `current`: its present state. `edit_token`: the edit token of that state.
    """

    def __init__(self, current: Properties, edit_token: str = "") -> None:
        self.current = current
        self.edit_token = edit_token or edit_token_of(current)
        super().__init__("changed meanwhile")


class CurrentUnread(Exception):
    """The current version may no longer be read, so nobody can tell whether it changed after the form was opened."""

    def __init__(self, error: AzureError) -> None:
        self.error = error
        super().__init__("current version not read")


class PartsUnread(Exception):
    """A new version would lack parts of the current one that could not be read, and the user gave no values for them.

    `parts`: their names; these are form field names where a field exists.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self.parts = tuple(parts)
        super().__init__(f"not read: {', '.join(parts)}")


class NameTaken(Exception):
    """The name is in use. Creating would silently add a version to an existing item."""


class NothingToAddTo(Exception):
    """An import was to add a version to an item, and the vault has none of this name."""


@contextmanager
def changing(
    actor: Actor, action: Action, vault: Vault, name: str, *, version: str = "", **detail: Any
) -> Iterator[Doing]:
    """The act of changing one item. Changes of the same item run one after the other, so that the second sees the first.

    This holds between processes too (`item_locks.py`).
    """
    with act(actor, action, vault, name=name, version=version, **detail) as doing, _lock(vault, action, name):
        yield doing


def _lock(vault: Vault, action: Action, name: str) -> AbstractContextManager[None]:
    return item_lock(vault.cloud, vault.host, action.partition(".")[0], name)


def edit_token_of(properties: Properties) -> str:
    """The edit token: the state that an edit form was opened on, as version, time of the last update, and a digest.

    The update time has whole seconds; the digest of the editable attributes distinguishes two changes within one second.
    """
    updated = int(properties.updated_on.timestamp()) if properties.updated_on else 0
    names = ("enabled", "not_before", "expires_on", "content_type")
    editable = [properties.odd.get(name) or getattr(properties, name, None) for name in names]
    tags = properties.odd.get("tags") or sorted(properties.tags.items())
    digest = hashlib.blake2b(repr([*editable, tags]).encode(), digest_size=8)
    return f"{properties.version}.{updated}.{digest.hexdigest()}"


#: Used instead of an edit token in a form for a new version if the current version may not be read. Then the form carries
#: nothing over from it, and nobody can tell whether it has changed. The page says both.
UNREAD = "unread"


def refuse_if_changed(current: Properties, opened_on: str) -> None:
    """Raises ChangedMeanwhile unless the form was opened on this exact state, or with UNREAD."""
    if opened_on not in (edit_token_of(current), UNREAD):
        raise ChangedMeanwhile(current)


def refuse_if_unread(current: Part[Any], opened_on: str) -> None:
    """Raises CurrentUnread unless the form was opened with UNREAD too. Raises errors other than Forbidden unchanged."""
    if current.error and not isinstance(current.error, Forbidden):
        raise current.error
    if current.error and opened_on != UNREAD:
        raise CurrentUnread(current.error)


def version_opened_on(versions: Sequence[Found], opened_on: str) -> Found:
    """The version that an edit form was opened on, if it is unchanged. Raises NotFound, ChangedMeanwhile."""
    wanted = opened_on.partition(".")[0]
    current = next((version for version in versions if version.version == wanted), None)
    if current is None:
        raise NotFound(f"There is no version {wanted[:40]}.", status=404)
    refuse_if_changed(current, opened_on)
    return current


def differences(current: Properties, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted attributes that differ from the current ones: these an update must send.

    An attribute that could not be read differs from every wanted value, including an empty one.
    """
    return {
        name: value
        for name, value in wanted.items()
        if name in current.odd or (getattr(current, name) or None) != (value or None)
    }


def look_up_lost(
    error: AzureError,
    doing: Doing,
    versions: Callable[[], Sequence[Found]],
    before: Sequence[Found] | None,
    is_ours: Callable[[Found], bool],
) -> Found:
    """After a lost response: the version that our request made. Raises `error` again if that can't be determined.

    `before`: the versions before the request, or None if they may not be listed. Times are not compared: clocks differ.
    """
    if not error.maybe_done or before is None:
        raise error
    try:
        found = versions()
    except AzureError:
        raise error from None
    known = {version.version for version in before}
    made = [version for version in found if version.version not in known and is_ours(version)]
    if len(made) != 1:
        raise error
    doing.happened_after_all(version=made[0].version)
    return made[0]


def settle_lost(error: AzureError, doing: Doing, is_done: Callable[[], bool]) -> None:
    """After a lost response: mark the change as done if the vault shows it. Raises `error` again if that can't be determined."""
    if not error.maybe_done:
        raise error
    try:
        done = is_done()
    except AzureError:
        raise error from None
    if not done:
        raise error
    doing.happened_after_all()


def versions_before_import(items: ObjectClient[Found, Any], name: str, *, as_version: bool) -> Sequence[Found] | None:
    """The versions before an import; none for a new name. None if they may not be listed: it is imported all the same.

    Raises NameTaken and NothingToAddTo if the import is not what was meant, a new item or with `as_version` a new version.
    """
    before: Sequence[Found]
    try:
        before = items.versions(name)
    except NotFound:
        before = ()
    except Forbidden:
        return None
    if before and not as_version:
        raise NameTaken
    if as_version and not before:
        raise NothingToAddTo
    return before


def is_taken(items: ObjectClient[Any, Any], name: str) -> bool:
    """True if an item has the name. Best effort: False if the service principal may not list, so that it can still create."""
    try:
        return bool(items.versions(name))
    except (Forbidden, NotFound):
        return False
