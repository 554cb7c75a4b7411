"""Importing a certificate in a real browser: the contents are swapped in, and the browser keeps what was chosen and pasted."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.conftest import World
from tests.views.import_files import MIDDLE, SITE, bundle
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

PAGE = "/vaults/kv-shop-prod/import/certificate/"
CONTENT = SITE.key_pem() + bundle(SITE, MIDDLE)


@pytest.mark.parametrize("by", ["file", "text"])
def test_what_is_inside_is_shown_in_place_and_then_imported(
    by: str, portal_page: Page, world: World, azure: VaultClient
) -> None:
    portal_page.goto(PAGE)
    look = portal_page.get_by_role("button", name="Show what is inside")
    look.click()
    expect(portal_page.locator("#inside .summary")).to_contain_text("Choose the file or files")
    expect(portal_page.get_by_role("button", name="Import this certificate")).to_have_count(0)
    if by == "file":
        chosen = FilePayload(name="site.pem", mimeType="text/plain", buffer=CONTENT)
        portal_page.get_by_label("Files").set_input_files(chosen)
    else:
        portal_page.get_by_label("Or pasted PEM text").fill(CONTENT.decode())
    portal_page.locator("#id_name").fill("tls")
    look.click()
    contents = portal_page.locator(".import-contents")
    expect(contents).to_contain_text("CN=www.contoso.example", timeout=20_000)
    expect(contents).to_contain_text("fits the certificate")
    assert "PRIVATE KEY" not in portal_page.content()
    portal_page.get_by_role("button", name="Import this certificate").click()
    portal_page.wait_for_url("**/certificates/tls/")
    assert azure.certificates.get("tls").cer
