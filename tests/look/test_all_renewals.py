"""The page of all renewals in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import World
from tests.views.test_all_renewals import FRESH, automatic, foresee, known

pytestmark = pytest.mark.sweep


@pytest.fixture
def filled(world: World) -> None:
    automatic(world.vault, "breaks", renews_at_percent=None, renews_days_before=120, **FRESH)
    automatic(world.vault, "trapped", policy_issuer="Self", provider="")
    known(world.vault, "by-hand")
    known(world.vault, "odd", has_policy=False)
    foresee(world.vault)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(portal_page: Page, filled: None, theme: str, width: int) -> None:
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    portal_page.goto("/renewals/?rules=2027")
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(portal_page).response["violations"]]
    assert found == []


def test_a_filter_keeps_the_calendar_and_changes_the_rows(portal_page: Page, filled: None) -> None:
    portal_page.goto("/renewals/?rules=2027")
    expect(portal_page.locator(".renewals tbody tr")).to_have_count(3)
    portal_page.get_by_label("Verdict").select_option("by_hand")
    expect(portal_page.locator(".renewals tbody tr")).to_have_count(1)
    expect(portal_page.locator(".calendar-card[aria-current]")).to_contain_text("15 March 2027")
    assert "rules=2027" in portal_page.url


def test_the_team_says_what_a_ca_is(portal_page: Page, filled: None) -> None:
    portal_page.goto("/renewals/?rules=2029")
    portal_page.get_by_role("button", name="Not public").click()
    expect(portal_page.locator("#authorities .badge")).to_have_text("not public")
    expect(portal_page.get_by_text("Nobody in the team has said")).to_have_count(0)
