"""The connection of a page, in a real browser: the menu that chooses another, and what htmx sends along."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import World, make_connection
from vaults.emulator import DEPLOY
from vaults.keyvault.client import VaultClient
from vaults.models import Connection

pytestmark = pytest.mark.slow

SECRETS = "/vaults/kv-shop-prod/secrets/"


@pytest.fixture
def deploy(world: World) -> Connection:
    connection = make_connection(world.team, "sp-shop-deploy", DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=connection, position=1)
    return connection


def test_another_connection_is_chosen_in_the_head(portal_page: Page, deploy: Connection) -> None:
    portal_page.goto(SECRETS)
    chip = portal_page.locator(".chip-where")
    expect(chip.locator("summary")).to_contain_text("sp-shop-admin")
    chip.locator("summary").click()
    chip.get_by_role("link", name="sp-shop-deploy").click()
    expect(portal_page).to_have_url(re.compile(rf"through={deploy.pk}$"))
    expect(chip.locator("summary")).to_contain_text("sp-shop-deploy")
    portal_page.goto("/vaults/kv-shop-prod/keys/")
    expect(chip.locator("summary")).to_contain_text("sp-shop-deploy")


def test_what_a_page_loads_later_comes_through_its_connection(
    portal_page: Page, world: World, azure: VaultClient, deploy: Connection
) -> None:
    for number in range(30):
        azure.secrets.set(f"secret-{number}", "v")
    with portal_page.expect_request(re.compile(r"\?page=")) as later:
        portal_page.goto(SECRETS)
    assert later.value.headers["x-through"] == str(world.connection.pk)
    assert "through" not in later.value.url


def test_names_that_begin_alike_differ_on_a_phone(portal_page: Page, deploy: Connection) -> None:
    portal_page.set_viewport_size({"width": 390, "height": 800})
    for connection in ("", f"?through={deploy.pk}"):
        portal_page.goto(f"{SECRETS}{connection}")
        chip, end = portal_page.locator(".chip-where"), portal_page.locator(".chip-where .cut > :last-child")
        expect(end).to_have_text("deploy" if connection else "-admin")
        inner, outer = end.bounding_box(), chip.bounding_box()
        assert inner
        assert outer
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        assert end.evaluate("(end) => end.scrollWidth <= end.clientWidth || end.clientWidth === 0")
