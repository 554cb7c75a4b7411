"""The password asked for in place, in a real browser: Reveal and Copy in the value's box, members in their row."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD, World
from tests.look.asking import ASKED
from tests.look.copying import COPIED, SECRETS
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Invitation, Membership


def test_a_reveal_asks_in_its_box(late_page: Page, azure: VaultClient) -> None:
    page = late_page
    azure.secrets.set("late", "the-hidden-value")
    page.goto(f"{SECRETS}late/")
    expect(page.locator(ASKED)).to_have_count(0)
    page.keyboard.press("r")
    expect(page.locator(f"#value {ASKED}")).to_be_focused()
    page.keyboard.type("a wrong guess")
    page.keyboard.press("Enter")
    expect(page.locator("#value")).to_contain_text("This is not your password")
    expect(page.locator(f"#value {ASKED}")).to_have_value("")
    page.locator(ASKED).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[data-value]")).to_have_text("the-hidden-value")
    expect(page.locator(ASKED)).to_have_count(0)
    assert page.url.endswith(f"{SECRETS}late/")


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_copy_asks_in_the_box_and_leaves_no_password_there(how: str, late_page: Page, azure: VaultClient) -> None:
    page = late_page
    azure.secrets.set("late", "the-hidden-value")
    page.add_init_script(COPIED)
    page.goto(f"{SECRETS}late/")
    page.click("[data-copy-value]")
    expect(page.locator(f"#value {ASKED}")).to_be_focused()
    page.keyboard.type("a wrong guess")
    page.keyboard.press("Enter")
    expect(page.locator("#value")).to_contain_text("password")
    expect(page.locator(f"#value {ASKED}")).to_have_value("")
    page.locator(ASKED).fill(PASSWORD)
    if how == "click":
        page.click("[data-copy-value]")
    else:
        page.keyboard.press("Enter")
    page.wait_for_function("() => copied.length === 1")
    assert page.evaluate("() => copied") == ["the-hidden-value"]
    expect(page.locator(ASKED)).to_have_count(0)
    expect(page.locator("[data-value]")).to_have_count(0)


def test_what_was_typed_outlives_the_session(portal_page: Page, azure: VaultClient, emulator: Emulator) -> None:
    page = portal_page
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    emulator.clock.advance(60)
    page.goto(f"{SECRETS}../deleted/secrets/gone/purge/")
    page.fill("[name=confirm_name]", "gone")
    Session.objects.all().delete()
    page.get_by_role("button", name="Purge").click()
    expect(page.locator(".session-ended")).to_be_focused()
    expect(page.locator("[name=confirm_name]")).to_have_value("gone")
    assert azure.secrets.get_deleted("gone")


def test_an_invitation_outlives_the_session_too(portal_page: Page) -> None:
    page = portal_page
    page.goto("/team/")
    page.fill("[name=email]", "new@example.com")
    Session.objects.all().delete()
    page.get_by_role("button", name="Make a one-time link").click()
    expect(page.locator(".session-ended")).to_be_focused()
    expect(page.locator("[name=email]")).to_have_value("new@example.com")
    assert not Invitation.objects.exists()


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_members_are_asked_about_in_their_row(width: int, late_page: Page, world: World) -> None:
    page = late_page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/team/")
    row = page.locator("tr", has_text="Rafi Haddad")
    row.locator("select").select_option("manager")
    row.get_by_role("button", name="Set").click()
    expect(row.locator("select")).to_have_value("manager")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    row.locator(ASKED).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Rafi Haddad (reader@example.com) is now a manager")
    assert Membership.objects.get(user=world.rafi).role == "manager"


def test_a_removal_is_asked_about_in_its_menu(late_page: Page, world: World) -> None:
    page = late_page
    page.goto("/team/")
    row = page.locator("tr", has_text="Rafi Haddad")
    row.get_by_text("Remove…").click()
    row.get_by_role("button", name="Remove Rafi Haddad").click()
    row.locator(ASKED).fill(PASSWORD)
    row.get_by_role("button", name="Remove Rafi Haddad").click()
    expect(page.locator("#toasts")).to_contain_text("Rafi Haddad (reader@example.com) is no longer in the team")
    assert not Membership.objects.filter(user=world.rafi).exists()


def test_an_invitation_asks_in_its_form(late_page: Page) -> None:
    page = late_page
    page.goto("/team/")
    page.fill("[name=email]", "new@example.com")
    page.fill(ASKED, "a wrong guess")
    page.get_by_role("button", name="Make a one-time link").click()
    expect(page.locator(".summary")).to_contain_text("This is not your password")
    expect(page.locator("[name=email]")).to_have_value("new@example.com")
    page.fill(ASKED, PASSWORD)
    page.get_by_role("button", name="Make a one-time link").click()
    expect(page.get_by_role("heading", name="The invitation for new@example.com is ready")).to_be_visible()
    assert Invitation.objects.count() == 1
