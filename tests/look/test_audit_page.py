"""The audit pages in a real browser: the filter's address, and nothing that sticks out or begins a line with a dot."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.conftest import World, last_entry
from vaults.actors import Person
from vaults.acts import act
from vaults.models import AuditEntry
from vaults.permissions import Action


@pytest.fixture
def broken(olga: Client, world: World) -> str:
    """The address of a verification that found a broken trail; its page has long names and a long reason."""
    with act(Person(world.olga), Action.TEAM_READ, world.team):
        pass
    assert AuditEntry.objects.filter(seq=1).update(name="other") == 1
    olga.post("/audit/verify/")
    return f"/audit/{last_entry(Action.AUDIT_VERIFY).event}/"


def test_everything_is_one_press_away_and_stands_in_the_address(portal_page: Page, broken: str) -> None:
    portal_page.goto("/audit/")
    rows = portal_page.locator("tr[data-row]")
    expect(rows).to_have_count(1)
    changes_only = portal_page.get_by_role("link", name="Changes only")
    expect(changes_only).to_have_attribute("aria-current", "true")
    changes_only.click()
    expect(rows).to_have_count(2)
    assert "show=all" in portal_page.url
    expect(changes_only).not_to_have_attribute("aria-current", "true")
    portal_page.goto("/audit/")
    portal_page.get_by_role("link", name="show everything").click()
    expect(rows).to_have_count(2)
    portal_page.get_by_label("Person, vault or item").fill("nobody")
    expect(rows).to_have_count(0)
    portal_page.get_by_label("Person, vault or item").fill("owner")  # what is typed keeps "everything"
    expect(rows).to_have_count(2)


def test_a_row_unfolds_and_folds_with_the_keyboard(portal_page: Page, broken: str) -> None:
    portal_page.goto("/audit/")
    act_of_row = portal_page.get_by_role("link", name="Verify the audit trail")
    act_of_row.focus()
    for expanded, count in (("true", 1), ("false", 0)):
        portal_page.keyboard.press("Enter")
        expect(act_of_row).to_have_attribute("aria-expanded", expanded)
        expect(act_of_row).to_be_focused()
        expect(portal_page.get_by_role("link", name="Page of this act")).to_have_count(count)
        assert ("event=" in portal_page.url) == bool(count)


def test_the_offered_filters_follow_the_form(portal_page: Page, broken: str) -> None:
    portal_page.goto("/audit/?q=owner")
    portal_page.get_by_label("Act", exact=True).select_option("Deletes and purges")
    offered = portal_page.get_by_role("link", name="Deletes and purges")
    expect(offered).to_have_attribute("aria-current", "true")
    offered.click()
    expect(portal_page.get_by_label("Person, vault or item")).to_have_value("owner")
    expect(portal_page.get_by_label("Act", exact=True)).to_have_value("")


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_audit_pages_fit_and_no_line_begins_with_a_dot(width: int, portal_page: Page, broken: str) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    unfolded = f"/audit/?event={broken.split('/')[2]}"
    for address in ("/audit/", "/audit/?show=all", unfolded, broken, "/account/password/change/"):
        portal_page.goto(address)
        assert portal_page.evaluate("() => document.documentElement.scrollWidth") == width, address
        begun = portal_page.locator(".page-head .under > *").evaluate_all(
            "all => all.filter((one) => getComputedStyle(one, '::before').content.includes('·')).length"
        )
        assert begun == 0, address
    portal_page.goto("/audit/")
    expect(portal_page.get_by_role("heading", name="The audit trail was tampered with")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 1081, 900])
def test_the_filters_stand_in_one_line(portal_page: Page, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.goto("/audit/?show=all")
    bottoms: set[int] = set(
        portal_page.evaluate(
            """() => [...document.querySelectorAll('.filters :is(input, select, a)')].filter((one) => one.offsetParent)
  .map((one) => Math.round(one.getBoundingClientRect().bottom))"""
        )
    )
    assert len(bottoms) == 1
