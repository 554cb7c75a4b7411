"""A job in a real browser: it goes on while one looks, and ends without a reload."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import World, make_vault
from tests.working import make_job
from vaults.models import ItemState, JobItem


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_a_job_goes_on_while_one_looks(portal_page: Page, world: World, width: int) -> None:
    page = portal_page
    job = make_job(world, world.olga, succeeded=1, waiting=3)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/jobs/{job.pk}/")
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuetext", "1 of 4")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    JobItem.objects.filter(position__lt=3).update(state=ItemState.SUCCEEDED)
    expect(bar).to_have_attribute("aria-valuetext", "3 of 4")
    page.get_by_role("button", name="Cancel the rest").press("Enter")
    expect(page.get_by_text("1 item cancelled")).to_be_visible()
    expect(page.locator("#job .job-head .badge")).to_have_text("Cancelled")
    expect(page.locator("#job[hx-trigger]")).to_have_count(0)


def test_the_end_is_announced_and_stops_the_polls(portal_page: Page, world: World) -> None:
    page = portal_page
    job = make_job(world, world.olga, succeeded=1, running=1)
    page.goto(f"/jobs/{job.pk}/")
    JobItem.objects.update(state=ItemState.FAILED, problem="refused.firewall")
    expect(page.get_by_role("button", name="Retry 2 failed")).to_be_visible()
    expect(page.locator("[role=status]", has_text="The job has ended: 2 of 2, 2 failed").first).to_be_attached()
    expect(page.locator("#job[hx-trigger]")).to_have_count(0)


def test_from_scan_all_to_the_job(portal_page: Page, world: World) -> None:
    page = portal_page
    make_vault(connection=world.connection, name="kv-shop-stage", slug="stage")
    page.goto("/vaults/")
    page.get_by_role("button", name="Scan all").click()
    expect(page.get_by_text("2 vaults will be scanned")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="Scan 2 vaults").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scan 2 vaults")
