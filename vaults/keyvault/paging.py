"""Lists come in pages. Of a nextLink we take the `$skiptoken` and nothing else; one that can't be followed spoils no row.

A page may be empty and still have a next one; the order is not promised. Key Vault REST: Get Secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit

from vaults.keyvault import answers
from vaults.keyvault.errors import BrokenLink, HostileLink, MalformedAnswer

T = TypeVar("T")

MAX_PAGES = 2_000
"""50,000 objects: far more than a vault that people look after."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list. `next_token` asks for the next page; None on the last one.

    `nameless`: how many more items there were that no identifier tells apart, so that nothing can be done with them.
    `broken_off`: why more may follow that can't be asked for.
    """

    items: tuple[T, ...]
    next_token: str | None
    nameless: int = 0
    broken_off: MalformedAnswer | None = None


class ListIncomplete(BrokenLink):
    """The list goes round in circles or has no end; what was read before is all there is to have."""


def page_of(data: answers.Json, list_url: str, read: Callable[[answers.Json], T]) -> Page[T]:
    """The page in an answer to a request for `list_url`.

    Raises MalformedAnswer where none of the items is one of Key Vault's, and the link's error where there are none.
    """
    sent = answers.member(data, "value", list) or []
    items, strange = [], []
    for item in sent:
        try:
            items.append(read(answers.as_object(item)))
        except MalformedAnswer as error:
            strange.append(error)
    if strange and not items:
        raise strange[0]
    try:
        token, broken_off = _next_token(data.get("nextLink"), list_url), None
    except MalformedAnswer as error:
        token, broken_off = None, error
    if broken_off and not items:
        raise broken_off
    return Page(tuple(items), token, len(strange), broken_off)


def _next_token(link: Any, list_url: str) -> str | None:
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise BrokenLink("The list's next page is named by something that is no address.")
    return skip_token(link, list_url)


def skip_token(link: str, list_url: str) -> str:
    """The decoded $skiptoken of a nextLink that leads to the same list of the same vault."""
    try:
        parts = urlsplit(link)
        same_host = parts.netloc.lower().removesuffix(":443") == urlsplit(list_url).netloc
    except ValueError:
        raise HostileLink("The list's next page is at no valid address.") from None
    if parts.scheme != "https" or not same_host or parts.path.lower() != urlsplit(list_url).path.lower():
        raise HostileLink("The list's next page would be somewhere else; it was not fetched.")
    for parameter in parts.query.split("&"):
        name, _, value = parameter.partition("=")
        if unquote(name) == "$skiptoken" and value:
            return unquote(value)  # a "+" in it is a plus sign
    raise HostileLink("The list's next page has no address.")


def walk(fetch: Callable[[str | None], Page[T]], token: str | None = None) -> Iterator[T]:
    """All items, page after page, beginning at a token. Raises ListIncomplete, or why a page names no next one."""
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        page = fetch(token)
        yield from page.items
        if page.broken_off:
            raise page.broken_off
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise ListIncomplete("The list leads back to a page that was there before.")
        seen.add(token)
    raise ListIncomplete(f"The list has more than {MAX_PAGES} pages.")
