"""The operations common to secrets, keys and certificates: list, delete, recover, purge, backup, restore.

Key Vault REST has the same operations for each kind, with corresponding names. Delete and recover return at once, but
complete some seconds later: until then the object is in neither list, and its name can't be used.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from vaults.azure.json_values import Json, ignore_body, required
from vaults.keyvault.backup_blobs import blob_of, text_of
from vaults.keyvault.bundles import Requested
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.paging import Page, page_of, walk
from vaults.keyvault.paths import path_of
from vaults.keyvault.session import VaultSession
from vaults.keyvault.types import Deleted, Properties

P = TypeVar("P", bound=Properties)
D = TypeVar("D", bound=Deleted)
T = TypeVar("T")


def newest_first(versions: Iterable[P]) -> Sequence[P]:
    return sorted(versions, key=_created, reverse=True)


def _created(version: Properties) -> float:
    """Seconds since 1970, also if they are not a valid date; a version without a readable time counts as the oldest."""
    if version.created_on:
        return version.created_on.timestamp()
    try:
        return float(version.odd["created_on"])
    except (KeyError, ValueError):
        return -math.inf


@dataclass(frozen=True, slots=True)
class CommonOperations:
    """Names in the catalogue of the operations common to all kinds, for one kind."""

    list: str
    versions: str
    delete: str
    list_deleted: str
    get_deleted: str
    recover: str
    purge: str
    backup: str
    restore: str


class ObjectClient(ABC, Generic[P, D]):
    """The client for one kind of object in one vault. P is its properties, D its deleted form."""

    operations: ClassVar[CommonOperations]
    """The catalogue names of this kind's common operations."""
    collection: ClassVar[str]
    """The kind as in identifiers, such as "secrets"."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    @abstractmethod
    def _properties(self, data: Json, requested: Requested) -> P:
        """The properties in a list item or a bundle."""

    @abstractmethod
    def _deleted(self, data: Json, requested: Requested) -> D:
        """The deleted object in a list item or a bundle."""

    def list_page(self, token: str | None = None) -> Page[P]:
        """One page of the list: at most 25 items; it may be empty although more pages follow. Permission: list."""
        return self._page(self.operations.list, token, self._properties)

    def list(self) -> Iterator[P]:
        """The newest version of each object, page by page. Permission: list."""
        return walk(self.list_page)

    def versions(self, name: str) -> Sequence[P]:
        """All versions of an object, newest first. Permission: list."""
        return newest_first(walk(partial(self.versions_page, name)))

    def versions_page(self, name: str, token: str | None = None) -> Page[P]:
        """One page of the versions, in no particular order. Permission: list."""
        return self._page(self.operations.versions, token, self._properties, name=name)

    def delete(self, name: str) -> D:
        """Soft-delete all versions of an object. Permission: delete."""
        return self._call(self.operations.delete, self._deleted, name)

    def deleted_page(self, token: str | None = None) -> Page[D]:
        """One page of the soft-deleted objects. Permission: list."""
        return self._page(self.operations.list_deleted, token, self._deleted)

    def list_deleted(self) -> Iterator[D]:
        """All soft-deleted objects, page by page. Permission: list."""
        return walk(self.deleted_page)

    def get_deleted(self, name: str) -> D:
        """A soft-deleted object; raises NotFound until its deletion is complete. Permission: get."""
        return self._call(self.operations.get_deleted, self._deleted, name)

    def recover(self, name: str) -> P:
        """Recover a soft-deleted object with all its versions. Permission: recover.

        Requests for the object may raise NotFound for up to two minutes afterwards.
        """
        return self._call(self.operations.recover, self._properties, name)

    def purge(self, name: str) -> None:
        """Permanently delete a soft-deleted object. Permission: purge."""
        self._call(self.operations.purge, lambda data, _requested: ignore_body(data), name)

    def backup(self, name: str) -> bytes:
        """All versions of an object as one blob that only Key Vault can read. Permission: backup.

        Key Vault refuses it for managed secrets and keys, and for objects with more than 500 versions.
        """
        return self._call(self.operations.backup, lambda data, _requested: blob_of(required(data, "value", str)), name)

    def restore(self, blob: bytes) -> P:
        """Bring an object back with all its versions, under the name that the blob has. Permission: restore.

        Raises Conflict if the name is in use, held by a deleted object, or was purged seconds ago; BadRequest if the blob is
        damaged, of another kind, or of another subscription or geography.
        """
        return self._call(self.operations.restore, self._properties, "", value=text_of(blob))

    def _page(
        self,
        operation: str,
        token: str | None,
        read: Callable[[Json, Requested], T],
        *,
        name: str = "",
        query: Mapping[str, str] | None = None,
    ) -> Page[T]:
        list_of = OPERATIONS[operation]
        list_url = self._session.vault_url + path_of(list_of, name)
        parameters = {**(query or {}), **({"$skiptoken": token} if token else {})}
        requested = Requested(self._session.vault_url, self.collection, name, listed=True)
        return self._session.send(
            list_of,
            lambda data: page_of(data, list_url, lambda item: read(item, requested)),
            name=name,
            query=parameters,
        )

    def _call(
        self, operation: str, read: Callable[[Json, Requested], T], name: str, version: str = "", **body: Any
    ) -> T:
        """Send an operation on one object, with `body` as the members of the request, and parse the response with `read`."""
        return self._send(operation, read, name, version, body or None)

    def _send(
        self,
        operation: str,
        read: Callable[[Json, Requested], T],
        name: str,
        version: str = "",
        body: Mapping[str, Any] | None = None,
    ) -> T:
        requested = Requested(self._session.vault_url, self.collection, name, version)
        return self._session.send(
            OPERATIONS[operation], lambda data: read(data, requested), name=name, version=version, json=body
        )
