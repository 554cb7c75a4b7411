"""What loads by itself, in a real browser: a part that fails is neither waited for in silence nor given up for good."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from vaults.emulator import Emulator
from vaults.emulator.web import Request, Response, json_response
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

TROUBLE = {"error": {"code": "InternalServerError", "message": "The service could not process the request."}}
WAITING = "/vaults/kv-shop-prod/certificates/browser-waiting/operation/"


def without_the_second_page(request: Request, proceed: Callable[[], Response]) -> Response:
    return json_response(503, TROUBLE) if "$skiptoken" in request.query else proceed()


def test_a_list_whose_rest_fails_says_so(portal_page: Page, azure: VaultClient, emulator: Emulator) -> None:
    page = portal_page
    for number in range(30):
        azure.secrets.set(f"many-{number:02}", "v")
    emulator.interfere(without_the_second_page, path="^/secrets$")
    page.goto("/vaults/kv-shop-prod/secrets/")
    expect(page.locator("[data-loaded]")).to_contain_text("25 loaded, the rest could not be read")
    expect(page.locator("[data-loaded] .bar")).to_be_hidden()
    emulator.lift()
    page.click("tr.more a")
    expect(page.locator("tr[data-row]")).to_have_count(30)
    expect(page.locator("[data-loaded]")).to_contain_text("30 loaded")
    expect(page.locator("#refusals .problem")).to_have_count(0)


def test_an_operation_is_looked_at_again_after_a_failure(
    portal_page: Page, azure: VaultClient, emulator: Emulator
) -> None:
    page = portal_page
    azure.certificates.create("browser-waiting", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    page.clock.install()
    page.goto(WAITING)
    emulator.fail(9, 503, retry_after="60", path="/pending$")
    page.clock.run_for(11_000)
    expect(page.locator("#refusals .problem")).to_be_visible()
    expect(page.locator("#operation")).to_contain_text("the last look failed; next in 10 s")
    emulator.lift()
    page.clock.run_for(10_500)
    expect(page.locator("#refusals .problem")).to_have_count(0)
    expect(page.locator("#operation")).not_to_contain_text("failed")
    emulator.clock.advance(60)
    page.clock.run_for(11_000)
    page.wait_for_url("**/certificates/browser-waiting/")
