"""The team's page and the forms that ask who is there, in a real browser: what stays on the screen, and where the focus is."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD, World
from tests.look.asking import ASKED
from vaults.actions import teams
from vaults.actors import Person
from vaults.models import User
from vaults.permissions import Role

pytestmark = pytest.mark.sweep

WIDTHS = pytest.mark.parametrize("width", [1440, 900, 390])
LONG = "Maximiliane Wilhelmine von Hohenstein-Schwarzenberg zu Lauenstein-Altenburg Jr."


@pytest.fixture(params=["Rafi Haddad", LONG])
def name(request: pytest.FixtureRequest, world: World) -> str:
    User.objects.filter(pk=world.rafi.pk).update(name=request.param)
    return str(request.param)


def nothing_sideways(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


@WIDTHS
@pytest.mark.parametrize("late", [False, True])
def test_the_question_before_a_removal_stays_on_the_screen(
    late: bool,
    width: int,
    portal_page: Page,
    name: str,
    request: pytest.FixtureRequest,
) -> None:
    page = request.getfixturevalue("late_page") if late else portal_page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/team/")
    row = page.locator("tr", has_text=name)
    row.get_by_text("Remove…").click()
    if late:
        row.get_by_role("button", name="Remove").click()
        expect(row.locator(ASKED)).to_be_focused()
    box = row.locator(".menu-items").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert nothing_sideways(page)
    button = row.get_by_role("button", name="Remove")
    assert button.evaluate("button => button.scrollWidth <= button.clientWidth")


@WIDTHS
def test_a_row_that_asks_has_the_focus_and_leaves_the_address_whole(width: int, late_page: Page) -> None:
    page = late_page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/team/")
    row = page.locator("tr", has_text="Rafi Haddad")
    row.locator("select").select_option("manager")
    row.get_by_role("button", name="Set").click()
    expect(row.locator(ASKED)).to_be_focused()
    expect(row.get_by_text("Type your password to confirm that it is you")).to_be_visible()
    expect(page.locator(".errorlist")).to_have_count(0)
    email = row.get_by_text("reader@example.com", exact=True)
    assert email.evaluate("email => email.getClientRects().length") == 1
    assert nothing_sideways(page)
    page.keyboard.type("a wrong guess")
    page.keyboard.press("Enter")
    expect(row.locator(".errorlist")).to_contain_text("This is not your password")
    expect(row.locator(ASKED)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is now a manager")


def test_a_form_page_that_asks_has_the_focus_in_the_password(late_page: Page) -> None:
    page = late_page
    page.goto("/vaults/kv-shop-prod/")  # somewhere to come from
    page.goto("/new/vault/")
    page.locator("[name=name]").fill("kv-shop-stage")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(ASKED)).to_be_focused()
    expect(page.locator(".summary")).to_have_count(0)
    page.keyboard.type("a wrong guess")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()


def test_a_page_opens_at_its_top_whoever_is_asked_at_its_end(late_page: Page, world: World) -> None:
    page = late_page
    page.set_viewport_size({"width": 1000, "height": 500})
    page.goto(f"/connections/{world.connection.pk}/edit/")
    expect(page.locator(ASKED)).not_to_be_focused()
    assert page.evaluate("() => scrollY") == 0
    page.goto("/new/connection/")
    expect(page.locator("[name=name]")).to_be_focused()
    assert page.evaluate("() => scrollY") == 0


def test_who_joins_begins_with_the_name(portal_page: Page, world: World, olga: Client) -> None:
    token = teams.invite_member(Person(world.olga), world.team, "new@example.com", Role.VIEWER)
    portal_page.goto(f"/join/{token}/")
    expect(portal_page.locator("[name=name]")).to_be_focused()
