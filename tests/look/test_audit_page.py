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
    portal_page.get_by_label("Show", exact=True).select_option("Everything")
    expect(rows).to_have_count(2)
    portal_page.wait_for_function("() => location.search.includes('show=all')")
    portal_page.goto("/audit/")
    portal_page.get_by_role("link", name="show everything").click()
    expect(rows).to_have_count(2)
    expect(portal_page.get_by_label("Show", exact=True)).to_have_value("all")


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_audit_pages_fit_and_no_line_begins_with_a_dot(width: int, portal_page: Page, broken: str) -> None:
    portal_page.set_viewport_size({"width": width, "height": 800})
    for address in ("/audit/", "/audit/?show=all", broken, "/account/password/change/"):
        portal_page.goto(address)
        assert portal_page.evaluate("() => document.documentElement.scrollWidth") == width, address
        begun = portal_page.locator(".page-head .under > *").evaluate_all(
            "all => all.filter((one) => getComputedStyle(one, '::before').content.includes('·')).length"
        )
        assert begun == 0, address
    portal_page.goto("/audit/")
    expect(portal_page.get_by_role("heading", name="The audit trail was tampered with")).to_be_visible()
