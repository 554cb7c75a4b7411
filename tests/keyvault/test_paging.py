"""Only the $skiptoken of a nextLink is used, and only if the link is to the same list."""

from __future__ import annotations

import pytest

from vaults.azure.errors import HostileLink, ListIncomplete, ListTooLong, MalformedResponse, OnlyNameless
from vaults.azure.json_values import Json
from vaults.azure.members import Members
from vaults.keyvault.bundles import Requested, identity
from vaults.keyvault.paging import MAX_PAGES, Page, page_of, skip_token, walk

LIST = "https://kv-one.vault.test/secrets"


@pytest.mark.parametrize(
    ("link", "token"),
    [
        (f"{LIST}?api-version=7.0&$skiptoken=abc&maxresults=25", "abc"),
        ("https://kv-one.vault.test:443/secrets?api-version=7.0&%24skiptoken=abc", "abc"),
        ("https://KV-ONE.vault.test/Secrets?$skiptoken=abc", "abc"),
        (f"{LIST}?$skiptoken=a%2Bb+c%3D%3D", "a+b+c=="),
        (f"{LIST}?$skiptoken=a&$skiptoken=b", "a"),
    ],
)
def test_the_token_is_taken(link: str, token: str) -> None:
    assert skip_token(link, LIST) == token


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/secrets?$skiptoken=x",
        "https://kv-two.vault.test/secrets?$skiptoken=x",
        "https://kv-one.vault.test.evil.test/secrets?$skiptoken=x",
        "https://kv-one.vault.test@evil.test/secrets?$skiptoken=x",
        "https://user@kv-one.vault.test/secrets?$skiptoken=x",
        "https://kv-one.vault.test:8443/secrets?$skiptoken=x",
        "http://kv-one.vault.test/secrets?$skiptoken=x",
        "//kv-one.vault.test/secrets?$skiptoken=x",
        "/secrets?$skiptoken=x",
        "secrets?$skiptoken=x",
        "https://kv-one.vault.test/secrets/one?$skiptoken=x",
        "https://kv-one.vault.test/keys?$skiptoken=x",
        "https://kv-one.vault.test/secrets/../keys?$skiptoken=x",
        "https://kv-one.vault.test//secrets?$skiptoken=x",
        "https://kv-one.vault.test\\secrets?$skiptoken=x",
        "https://[::1/secrets?$skiptoken=x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        LIST,
        f"{LIST}?$skiptoken=",
        f"{LIST}?skiptoken=x",
        f"{LIST}#$skiptoken=x",
    ],
)
def test_a_link_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(HostileLink):
        skip_token(link, LIST)


@pytest.mark.parametrize("data", [{"nextLink": 7}, {"nextLink": ["x"]}, {"value": {}}, {"value": ["x"]}])
def test_a_page_has_items_and_a_link(data: dict[str, object]) -> None:
    with pytest.raises(MalformedResponse):
        page_of(data, LIST, dict)


@pytest.mark.parametrize("data", [{}, {"value": None, "nextLink": None}, {"value": [], "nextLink": ""}])
def test_a_page_may_be_empty_and_the_last(data: dict[str, object]) -> None:
    assert page_of(data, LIST, dict) == Page((), None)


def test_empty_pages_are_walked_over() -> None:
    pages = {None: Page((1,), "a"), "a": Page((), "b"), "b": Page((), "c"), "c": Page((2, 3), None)}
    assert list(walk(lambda token: pages[token])) == [1, 2, 3]


def test_a_circle_is_noticed() -> None:
    pages = {None: Page((1,), "a"), "a": Page((2,), "b"), "b": Page((3,), "a")}
    items = walk(lambda token: pages[token])
    assert [next(items), next(items), next(items)] == [1, 2, 3]
    with pytest.raises(ListIncomplete):
        next(items)


def test_an_endless_list_comes_to_an_end() -> None:
    asked: list[str | None] = []

    def fetch(token: str | None) -> Page[int]:
        asked.append(token)
        return Page((), str(len(asked)))

    with pytest.raises(ListTooLong):
        list(walk(fetch))
    assert len(asked) == MAX_PAGES


def test_a_list_of_nothing_that_has_a_name_is_not_empty() -> None:
    """Otherwise a name that is in use would look free."""
    data = {"value": [{"id": None, "attributes": {"enabled": True}}, "x"]}

    def named(item: Json) -> str:
        return identity(Members(item), "id", Requested("https://kv-one.vault.test", "secrets", listed=True))["name"]

    page = page_of(data, LIST, named)
    assert (page.items, page.nameless) == ((), 2)
    with pytest.raises(OnlyNameless):
        list(walk(lambda _: page))
