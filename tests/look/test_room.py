"""What is shown can be read whole where there is room for it; what is longer gives way without making its row high."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import SECRET
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, LifetimeAction

V, VAULT = "/vaults/kv-shop-prod", "kv-shop-prod"
BEYOND = 253402303861


def cut(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent.trim())""",
        selector,
    )
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("place", ["new-version/", ""])
def test_what_a_new_version_keeps_is_shown_whole(
    portal_page: Page, azure: VaultClient, emulator: Emulator, place: str, width: int
) -> None:
    actions = (
        LifetimeAction("EmailContacts", days_before_expiry=45),
        LifetimeAction("AutoRenew", lifetime_percentage=80),
    )
    names = ("a-rather-long-host-name-of-the-shop.in-a-region.example.com", "b.example.com")
    policy = CertificatePolicy(issuer_name="Self", subject="CN=shop", lifetime_actions=actions, dns_names=names)
    azure.certificates.create("tls", policy)
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.goto(f"{V}/certificates/tls/{place}")
    portal_page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert portal_page.locator(".part .tag").count() > 2
    assert cut(portal_page, ".part .tag") == []


@pytest.mark.sweep
@pytest.mark.parametrize("width", [1440, 960, 390])
def test_an_odd_number_is_whole_in_its_row(
    portal_page: Page, azure: VaultClient, emulator: Emulator, width: int
) -> None:
    for name, enabled in (("on", True), ("off", False)):
        azure.secrets.set(name, "v", enabled=enabled)
        emulator.hold(VAULT, SECRET, name, "attributes.exp", BEYOND)
    azure.secrets.set("whole", "v")
    emulator.hold(VAULT, SECRET, "whole", "attributes", [])
    azure.secrets.set("state", "v", expires_on=datetime.now(UTC) + timedelta(days=400))
    emulator.hold(VAULT, SECRET, "state", "attributes.enabled", "yes")
    portal_page.set_viewport_size({"width": width, "height": 900})
    portal_page.goto(f"{V}/secrets/")
    assert portal_page.get_by_text(str(BEYOND)).count() == 2
    assert cut(portal_page, ":is(.expires, .changed) :is(bdi, .odd, .badge, .ends, time)") == []
    outside = portal_page.evaluate(
        """() => [...document.querySelectorAll('.expires :is(.badge, time, bdi)')].filter((one) =>
  one.getBoundingClientRect().right > one.closest('td').getBoundingClientRect().right + 1).map((one) => one.textContent)"""
    )
    assert outside == []


def test_a_long_content_type_makes_no_high_row(portal_page: Page, azure: VaultClient, emulator: Emulator) -> None:
    content_type = "application/vnd.example." + "long-" * 21 + "x"
    azure.secrets.set("long", "v", content_type=content_type)
    azure.secrets.set("odd", "v")
    emulator.hold(VAULT, SECRET, "odd", "contentType", {"a": "b" * 120})
    azure.secrets.set("short", "v", content_type="application/x-pkcs12")
    portal_page.goto(f"{V}/secrets/")
    heights = portal_page.evaluate(
        "() => [...document.querySelectorAll('tbody tr')].map((row) => Math.round(row.getBoundingClientRect().height))"
    )
    assert max(heights) <= 48, heights
    assert portal_page.locator("tr", has_text="long-").locator("td.content-type").get_attribute("title") == content_type
    portal_page.goto(f"{V}/secrets/long/")
    assert portal_page.locator("dd", has_text=content_type).count() == 1
