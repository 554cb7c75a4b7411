"""Forms of certificate policies in a real browser: the dates follow what is typed, and lists are counted."""

from playwright.sync_api import Page, expect

from tests.conftest import World
from tests.emulator.caller import Caller, issued
from vaults.emulator import Emulator

NEW = "/vaults/kv-shop-prod/new/certificate/"
EDIT = "/vaults/kv-shop-prod/certificates/tls/policy/edit/"


def test_a_new_certificates_dates_follow_what_is_typed(portal_page: Page, world: World, emulator: Emulator) -> None:
    portal_page.goto(NEW)
    effect = portal_page.locator(".live-effect")
    expect(effect).to_contain_text("at 80 % of its life.")
    portal_page.locator("[name=lifetime_action]").select_option("EmailContacts")
    portal_page.locator("[name=lifetime_amount]").fill("45")
    expect(effect).to_contain_text("The vault will e-mail its contacts on")
    expect(effect).to_contain_text("45 days before the end.")
    portal_page.locator("summary", has_text="from its parts").click()
    portal_page.locator("[name=subject_o]").fill("Example, Ltd.")
    expect(effect).to_contain_text('Subject: O="Example, Ltd."')


def test_names_are_counted(portal_page: Page, world: World, emulator: Emulator) -> None:
    portal_page.goto(NEW)
    names = portal_page.locator("[name=dns_names]")
    names.fill("a.example\nb.example, c.example a.example")
    names.focus()
    counter = portal_page.locator(".field", has=names).locator(".counter")
    expect(counter).to_have_text("3 of 1,000")
    names.fill(" ".join(f"n{each}.example" for each in range(1001)))
    expect(counter).to_have_class("counter over")


def test_an_edited_policys_dates_follow_what_is_typed(portal_page: Page, world: World, emulator: Emulator) -> None:
    issued(Caller(emulator), "tls", {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=shop"}}})
    portal_page.goto(EDIT)
    portal_page.locator("[data-part='Before the end'] summary").click()
    portal_page.locator("[name=lifetime_amount]").fill("90")
    expect(portal_page.locator(".live-effect")).to_contain_text("at 90 % of its life.")
    expect(portal_page.locator(".tally")).to_contain_text("Changed: Before the end.")
    portal_page.locator("[name=lifetime_amount]").fill("100")
    expect(portal_page.locator(".live-effect")).to_contain_text("At most 99 percent of its life.")
    portal_page.locator("[name=lifetime_amount]").fill("90")
    portal_page.get_by_role("button", name="Save the policy").click()
    expect(portal_page.locator("body")).to_contain_text("The policy of tls was changed. No new version was made.")
