"""What all changes share: nobody overwrites what he has not seen, and a lost answer is looked up before it is judged.

Key Vault has no compare-and-set, and every set or create makes a version, so neither may be tried twice blindly.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, Forbidden, NotFound, TransportError
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.parts import Part
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.permissions import Action

Found = TypeVar("Found", bound=Properties)


#: A change of an item waits this long for the one before it.
LOCK_SECONDS = 5.0
_locks: WeakValueDictionary[tuple[str, ...], threading.Lock] = WeakValueDictionary()
_locks_lock = threading.Lock()


class ChangedMeanwhile(Exception):
    """Somebody else changed the item after the form was opened. `current` is what stands there now, `stamp` marks it."""

    def __init__(self, current: Properties, stamp: str = "") -> None:
        self.current = current
        self.stamp = stamp or stamp_of(current)
        super().__init__("changed meanwhile")


class CurrentUnread(Exception):
    """What stands there now may not be read any more, so nobody can tell whether it changed after the form was opened."""

    def __init__(self, error: AzureError) -> None:
        self.error = error
        super().__init__("current version not read")


class PartsUnread(Exception):
    """A new version would be made without parts of the current one that could not be read, and nobody said what instead.

    `parts`: their names, which are those of fields, where there is one.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self.parts = tuple(parts)
        super().__init__(f"not read: {', '.join(parts)}")


class NameTaken(Exception):
    """The name is in use already: creating would silently add a version to somebody's item."""


@contextmanager
def changing(
    actor: Actor, action: Action, vault: Vault, name: str, *, version: str = "", **detail: Any
) -> Iterator[Doing]:
    """The act of changing one item. Changes of the same item follow each other, so that the second sees the first's.

    That holds within a process; between processes the time from reading to writing, one round trip, remains.
    """
    with act(actor, action, vault, name=name, version=version, **detail) as doing, _lock(vault, action, name):
        yield doing


@contextmanager
def _lock(vault: Vault, action: Action, name: str) -> Iterator[None]:
    key = (vault.connection.cloud, vault.name.lower(), action.partition(".")[0], name.lower())
    with _locks_lock:
        lock = _locks.setdefault(key, threading.Lock())
    if not lock.acquire(timeout=LOCK_SECONDS):
        raise TransportError("Another change of this item is under way.", reason="busy")
    try:
        yield
    finally:
        lock.release()


def stamp_of(properties: Properties) -> str:
    """What an edit form carries of the state it was opened on: version, time of the last update, and a digest.

    That time has whole seconds; the digest of what can be edited tells two changes within one apart.
    """
    updated = int(properties.updated_on.timestamp()) if properties.updated_on else 0
    names = ("enabled", "not_before", "expires_on", "content_type")
    editable = [properties.odd.get(name) or getattr(properties, name, None) for name in names]
    tags = properties.odd.get("tags") or sorted(properties.tags.items())
    digest = hashlib.blake2b(repr([*editable, tags]).encode(), digest_size=8)
    return f"{properties.version}.{updated}.{digest.hexdigest()}"


#: Stands in a form for a new version in place of the stamp where the current version may not be read: nothing was carried
#: over from it, and nobody can tell whether it changed meanwhile. The form's page says both.
UNREAD = "unread"


def refuse_if_changed(current: Properties, opened_on: str) -> None:
    """Raises ChangedMeanwhile unless the form was opened on this very state, or on none."""
    if opened_on not in (stamp_of(current), UNREAD):
        raise ChangedMeanwhile(current)


def refuse_if_unread(current: Part[Any], opened_on: str) -> None:
    """Raises CurrentUnread unless the form was opened without reading either; other errors than a refusal as they are."""
    if current.error and not isinstance(current.error, Forbidden):
        raise current.error
    if current.error and opened_on != UNREAD:
        raise CurrentUnread(current.error)


def version_opened_on(versions: Sequence[Found], opened_on: str) -> Found:
    """The version that an edit form was opened on, unchanged since. Raises NotFound, ChangedMeanwhile."""
    wanted = opened_on.partition(".")[0]
    current = next((version for version in versions if version.version == wanted), None)
    if current is None:
        raise NotFound(f"There is no version {wanted[:40]}.", status=404)
    refuse_if_changed(current, opened_on)
    return current


def differences(current: Properties, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the wanted attributes that differ from what stands there: what an update has to send.

    What could not be read differs from whatever is wanted in its place, also from nothing.
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
    """After a lost answer: the version that our request made, if it did. Raises the error again where that can't be told.

    `before` are the versions that were there when we asked, None where they may not be listed: clocks that differ decide
    nothing.
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


def is_taken(items: ObjectClient[Any, Any], name: str) -> bool:
    """Whether an item has the name. Best effort: a service principal that may not list is not kept from creating."""
    try:
        return bool(items.versions(name))
    except (Forbidden, NotFound):
        return False
