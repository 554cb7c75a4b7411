"""A revealed value: nothing in it that is not seen goes unsaid, and what HTML can't hold is not lost."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.browsing import text_of
from vaults.keyvault.client import VaultClient
from vaults.web.secret_values import hints

ITEM = "/vaults/kv-shop-prod/secrets/odd/"


def reveal(olga: Client, azure: VaultClient, value: str) -> Any:
    azure.secrets.set("odd", value)
    page = olga.post(f"{ITEM}reveal/")
    assert page.status_code == 200
    return page


def exact(page: Any) -> str:
    """The value as scripts take it from the page."""
    found = re.search(r'<pre data-value data-exact="([^"]*)"', page.content.decode())
    assert found
    value = json.loads(unescape(found[1]))
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a\0b\0", ["2 NUL characters, shown as ⟨NUL⟩; a copy may end there"]),
        ("\0", ["1 NUL character, shown as ⟨NUL⟩; a copy may end there"]),
        ("\ufeffkey", ["starts with a byte order mark (BOM)"]),
        ("a\r\nb", ["line ends are CRLF"]),
        ("a\r\nb\nc\rd", ["line ends are CRLF and LF and CR"]),
        ("pass\n", ["ends in a line end"]),
        ("pass\r\n", ["line ends are CRLF", "ends in a line end"]),
        ("pass ", ["ends in blank space"]),
        ("\tpass", ["starts with blank space"]),
        ("pa\u200bss\u202e", ["unseen characters: U+200B, U+202E"]),
        ("pa\xa0ss", ["unseen characters: U+00A0"]),
        ("\x1b[31m\x07\x02\x03\x04", ["unseen characters: U+001B, U+0007, U+0002, U+0003, …"]),
        ("a\ufeffb", ["unseen characters: U+FEFF"]),
        ("", ["empty"]),
        ("one\ntwo", []),
        ("plain – Köln 🔑", []),
    ],
)
def test_hints(value: str, said: list[str]) -> None:
    assert hints(value) == said


@pytest.mark.parametrize("value", ["\ufeff{}\r\n", "pass\n", "a\0b", " x"])
def test_every_hint_stands_on_the_page(value: str, olga: Client, azure: VaultClient) -> None:
    words = text_of(reveal(olga, azure, value))
    for hint in hints(value):
        assert hint in words


def test_a_nul_is_seen_and_still_in_what_is_copied(olga: Client, azure: VaultClient) -> None:
    value = 'a\0b"<i>\r\n'
    page = reveal(olga, azure, value)
    assert 'a<b class="tone-soon">⟨NUL⟩</b>b' in page.content.decode()
    assert "\0" not in page.content.decode()
    assert exact(page) == value


def test_an_ordinary_value_stands_on_the_page_once(olga: Client, azure: VaultClient) -> None:
    page = reveal(olga, azure, "correct-horse").content.decode()
    assert page.count("correct-horse") == 1
    assert "data-exact" not in page


def test_the_word_in_another_value_is_left_alone(olga: Client, azure: VaultClient) -> None:
    assert "data-exact" not in reveal(olga, azure, "a⟨NUL⟩b").content.decode()
