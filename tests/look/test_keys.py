"""The forms of keys in a real browser: what is shown follows the type, and an import keeps what was chosen and pasted."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.conftest import World
from tests.views.key_files import P256, jwk, written
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize("by", ["file", "text"])
def test_what_is_inside_is_shown_in_place_and_then_imported(
    by: str, portal_page: Page, world: World, azure: VaultClient
) -> None:
    portal_page.goto(f"{V}/import/key/")
    look = portal_page.get_by_role("button", name="Show what is inside")
    look.click()
    expect(portal_page.locator("#inside .summary")).to_contain_text("Choose a file, or paste the key below.")
    if by == "file":
        chosen = FilePayload(name="key.pem", mimeType="text/plain", buffer=written(P256))
        portal_page.locator("#id_upload").set_input_files(chosen)
    else:
        portal_page.get_by_label("Or pasted text").fill(jwk(P256).decode())
    portal_page.locator("#id_name").fill("signing")
    look.click()
    contents = portal_page.locator(".import-contents")
    expect(contents).to_contain_text("EC P-256", timeout=20_000)
    assert Axe().run(portal_page).response["violations"] == []
    portal_page.get_by_role("button", name="Import this key").click()
    portal_page.wait_for_url("**/keys/signing/")
    assert azure.keys.get("signing").jwk["crv"] == "P-256"


def test_size_and_curve_follow_the_type(portal_page: Page, world: World) -> None:
    portal_page.goto(f"{V}/new/key/")
    size, curve = portal_page.locator("#id_key_size"), portal_page.locator("#id_crv")
    expect(size).to_have_value("2048")
    expect(curve).to_be_hidden()
    portal_page.locator("#id_kty").select_option("oct-HSM")
    expect(size).to_have_value("256")
    expect(curve).to_be_hidden()
    portal_page.locator("#id_kty").select_option("EC")
    expect(size).to_be_hidden()
    expect(curve).to_be_visible()
    portal_page.locator("#id_kty").select_option("RSA")
    expect(size).to_have_value("2048")


def test_iv_tag_and_additional_data_follow_the_algorithm(portal_page: Page, azure: VaultClient, world: World) -> None:
    azure.keys.create("signing", kty="oct-HSM", key_size=256)
    portal_page.goto(f"{V}/keys/signing/try/decrypt/")
    iv, tag, aad = (portal_page.locator(f"#id_{name}") for name in ("iv", "tag", "aad"))
    for algorithm, parts in (("A256GCM", True), ("A256CBC", False), ("A256CBCPAD", False), ("A256GCM", True)):
        portal_page.locator("#id_algorithm").select_option(algorithm)
        expect(iv).to_be_visible()
        for field in (tag, aad):
            expect(field).to_be_visible(visible=parts)
    assert Axe().run(portal_page).response["violations"] == []


def test_a_release_policy_is_asked_for_when_the_key_may_be_exported(portal_page: Page, world: World) -> None:
    portal_page.goto(f"{V}/new/key/")
    policy, immutable = portal_page.locator("#id_release_policy"), portal_page.locator("#id_immutable")
    expect(policy).to_be_hidden()
    expect(immutable).to_be_hidden()
    portal_page.get_by_label("The key may be exported").check()
    expect(policy).to_be_visible()
    policy.fill("{}")
    portal_page.get_by_label("The key may be exported").uncheck()
    expect(policy).to_be_visible()
