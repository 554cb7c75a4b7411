"""A page of a vault keeps the vault's head, whatever Azure refuses: the refusal stands in the content."""

import re

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

V = "/vaults/kv-shop-prod/"
LISTS = ("secrets", "keys", "certificates")


@pytest.mark.parametrize("page", ["", "secrets/", "keys/", "certificates/", "deleted/", "access/"])
def test_a_refused_list_has_the_head_of_its_vault(page: str, olga: Client, world: World, emulator: Emulator) -> None:
    for kind in LISTS:
        emulator.deny(f"{kind}/list")
    answer = olga.get(f"{V}{page}")
    content = answer.content.decode()
    assert headings(content) == ["kv-shop-prod"]
    assert 'class="tabs"' in content
    assert "sp-shop-admin" in text_of(answer)


def test_a_refused_item_has_its_name_as_the_heading(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC")
    emulator.deny("keys/get")
    emulator.deny("keys/list")
    assert headings(olga.get(f"{V}keys/signing/").content.decode()) == ["signing"]


def headings(content: str) -> list[str]:
    return [text.strip() for text in re.findall(r"<h1[^>]*>(.*?)</h1>", content, re.DOTALL)]
