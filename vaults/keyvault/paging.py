"""Paged lists. Only the `$skiptoken` of a nextLink is used. If a nextLink can't be followed, the items before it are kept.

A page may be empty and still have a next one; the order of items is not guaranteed. Key Vault REST: Get Secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit

from vaults.azure import json_values
from vaults.azure.errors import (
    BrokenLink,
    HostileLink,
    ListIncomplete,
    ListTooLong,
    MalformedResponse,
    OnlyNameless,
    TransportError,
)
from vaults.azure.time_limit import time_left

T = TypeVar("T")

MAX_PAGES = 2_000
"""Limit for one list: 50,000 objects, far more than a vault that people manage has."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next_token` is the $skiptoken of the next page; None on the last one.

    `nameless`: the number of further items without a readable identifier, which no operation can be called for.
    `broken_off`: the error of the nextLink, if it can't be followed; more items may follow then.
    """

    items: tuple[T, ...]
    next_token: str | None
    nameless: int = 0
    broken_off: MalformedResponse | None = None


def page_of(data: json_values.Json, list_url: str, read: Callable[[json_values.Json], T]) -> Page[T]:
    """The page in a response to a request for `list_url`.

    Raises MalformedResponse if none of the items looks like Key Vault's, and the nextLink's error if the page has no items.
    """
    sent = json_values.member(data, "value", list) or []
    items, unreadable = [], []
    for item in sent:
        try:
            items.append(read(json_values.as_object(item)))
        except MalformedResponse as error:
            unreadable.append(error)
    if unreadable and not items and not any(_has_attributes(item) for item in sent):
        raise unreadable[0]
    try:
        token, broken_off = _next_token(data.get("nextLink"), list_url), None
    except MalformedResponse as error:
        token, broken_off = None, error
    if broken_off and not sent:
        raise broken_off
    return Page(tuple(items), token, len(unreadable), broken_off)


def _has_attributes(item: Any) -> bool:
    """True if the item has `attributes`: every item of Key Vault has them, and few other APIs do."""
    return isinstance(item, dict) and isinstance(item.get("attributes"), dict)


def _next_token(link: Any, list_url: str) -> str | None:
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise BrokenLink("The list's next page is named by something that is no address.")
    return skip_token(link, list_url)


def skip_token(link: str, list_url: str) -> str:
    """The decoded $skiptoken of a nextLink to the same list of the same vault. Raises HostileLink for any other link."""
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


def pages(fetch: Callable[[str | None], Page[T]]) -> Iterator[Page[T]]:
    """A list, page by page. Raises ListIncomplete, or the error in a page's `broken_off`, after the pages before it."""
    seen: set[str] = set()
    token = None
    for count in range(MAX_PAGES):
        try:
            page = fetch(token)
        except TransportError as error:
            if count and error.reason == "timeout" and time_left(1.0) < 1.0:
                raise ListTooLong(f"Of its pages {count} could be read in the time there is.") from error
            raise
        yield page
        if page.broken_off:
            raise page.broken_off
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise ListIncomplete("The list leads back to a page that was there before.")
        seen.add(token)
    raise ListTooLong(f"The list has more than {MAX_PAGES} pages.")


def walk(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """All items of a list that have an identifier. Raises as `pages` does, and OnlyNameless."""
    found = nameless = 0
    for page in pages(fetch):
        found, nameless = found + len(page.items), nameless + page.nameless
        yield from page.items
    if nameless and not found:
        raise OnlyNameless("Nothing in the list has an identifier that can be read.")
