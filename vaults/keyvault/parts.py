"""A page that needs several calls to Azure: what one of them was refused hides nothing of what the others brought."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from vaults.azure.errors import AzureError, NotFound, OnlyNameless
from vaults.keyvault.objects import ObjectClient, newest_first
from vaults.keyvault.paging import Page, pages
from vaults.keyvault.types import Properties

T = TypeVar("T")
Found = TypeVar("Found", bound=Properties)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What one call brought, or the error it ended with; of a list both, where it gave some and then failed.

    `nameless`: how many more items the list has whose identifier can't be read.
    """

    value: T | None = None
    error: AzureError | None = None
    nameless: int = 0

    def needed(self) -> T:
        """The value, where there is nothing to show or do without it. Raises the call's error."""
        if self.error:
            raise self.error
        return self.value  # type: ignore[return-value]  # None only where the call itself may bring it


def part(call: Callable[[], T]) -> Part[T]:
    try:
        return Part(call())
    except AzureError as error:
        return Part(error=error)


def read_through(read: Iterable[Page[T]]) -> Part[list[T]]:
    """What a list gives, page after page, until it ends one way or the other."""
    got: list[Page[T]] = []
    ended = part(lambda: got.extend(read))  # what came before a failure stays in it
    found = [item for page in got for item in page.items]
    return Part(None if ended.error and not found else found, ended.error, sum(page.nameless for page in got))


def versions_read(items: ObjectClient[Found, Any], name: str) -> Part[Sequence[Found]]:
    """To be shown: where some are missing nobody knows which is the newest."""
    read = read_through(pages(partial(items.versions_page, name)))
    return Part(read.value and newest_first(read.value), read.error, read.nameless)


def no_version(name: str, versions: Part[Any]) -> AzureError:
    """What to raise where nothing is known of any version."""
    if versions.nameless:
        return OnlyNameless(f"The vault lists {name} without an identifier that can be read.")
    return NotFound(f"The vault lists no version of {name}.", status=404)


def require_some(*parts: Part[Any]) -> None:
    """Raises the first error, with the others, where no call brought anything."""
    errors = [each.error for each in parts if each.error and each.value is None]
    if len(errors) == len(parts):
        first, *others = errors
        first.others = tuple(others)
        raise first
