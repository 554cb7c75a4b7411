"""Forms over tags and types that a browser can't hold or show: what nobody touched goes back as it was."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import World
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import SECRET
from vaults.keyvault.client import VaultClient

VAULT = "kv-shop-prod"
EDIT = f"/vaults/{VAULT}/secrets/old/edit/"


def sent(emulator: Emulator) -> Any:
    return [each.body for each in emulator.requests if each.method == "PATCH"][-1]


@pytest.mark.sweep
@pytest.mark.parametrize("odd", ["a\0b", "a\u202eb", "one\ntwo", "one\rtwo", "a\u200bb"], ids=ascii)
def test_a_tag_beside_an_odd_one_leaves_it_as_it_is(
    odd: str, portal_page: Page, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("old", "x", content_type="text/plain")
    emulator.hold(VAULT, SECRET, "old", "tags", {"odd": odd, "plain": "x"})
    emulator.hold(VAULT, SECRET, "old", "contentType", f"text/{odd}")
    portal_page.goto(EDIT)
    area = portal_page.locator("textarea[name=tags]")
    assert area.is_visible()  # rows could not hold it
    area.fill(area.input_value().replace('"x"', '"y"'))
    portal_page.click("main form button[type=submit]")
    portal_page.wait_for_url(lambda url: "edit" not in url)
    assert sent(emulator) == {"tags": {"odd": odd, "plain": "y"}}


def test_ordinary_tags_have_rows(portal_page: Page, world: World, azure: VaultClient) -> None:
    azure.secrets.set("old", "x", tags={"a=b": " blanks ", "{": "ändert nichts\t"})
    portal_page.goto(EDIT)
    assert portal_page.locator(".tag-row").count() == 2
