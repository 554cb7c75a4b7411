"""Results of several calls to Azure for one page: if one call fails, the results of the others can still be shown."""

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
    """The result of one call, or its error; both for a list whose reading failed after some items.

    `nameless`: the number of further items in the list whose identifier can't be read.
    """

    value: T | None = None
    error: AzureError | None = None
    nameless: int = 0

    def needed(self) -> T:
        """The value, for callers that can't continue without it. Raises the call's error."""
        if self.error:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error it is None only if the call returned None


def part(call: Callable[[], T]) -> Part[T]:
    try:
        return Part(call())
    except AzureError as error:
        return Part(error=error)


def read_through(read: Iterable[Page[T]]) -> Part[list[T]]:
    """The items of a list, read page by page to its end or to the first error."""
    got: list[Page[T]] = []
    ended = part(lambda: got.extend(read))  # what came before a failure stays in it
    found = [item for page in got for item in page.items]
    return Part(None if ended.error and not found else found, ended.error, sum(page.nameless for page in got))


def versions_read(items: ObjectClient[Found, Any], name: str) -> Part[Sequence[Found]]:
    """The versions of an object, newest first, for display: if some are missing, the newest one is not known."""
    read = read_through(pages(partial(items.versions_page, name)))
    return Part(read.value and newest_first(read.value), read.error, read.nameless)


def no_version(name: str, versions: Part[Any]) -> AzureError:
    """The error to raise if no version could be read."""
    if versions.nameless:
        return OnlyNameless(f"The vault lists {name} without an identifier that can be read.")
    return NotFound(f"The vault lists no version of {name}.", status=404)


def require_some(*parts: Part[Any]) -> None:
    """Raise the first error, with the others in its `others`, if no call returned a value."""
    errors = [each.error for each in parts if each.error and each.value is None]
    if len(errors) == len(parts):
        first, *others = errors
        first.others = tuple(others)
        raise first
