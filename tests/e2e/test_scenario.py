"""The main job, in a browser: what a team does today in Postman, from the connection to the certificate.

Each test is a journey of its own, in the vault and with the names that it chooses: they can be run in any order.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Portal

Picture = Callable[[str], None]
STAGE, ADMIN, DEPLOY = "kv-shop-stage", "sp-shop-admin", "sp-shop-deploy"


def test_a_connection_is_tested_until_its_secret_is_right(olga: Page, portal: Portal, picture: Picture) -> None:
    known = portal.emulator_env()
    store_connection(olga, portal, known, "postman", "not the secret")
    olga.get_by_role("button", name="Test").click()
    expect(olga.get_by_text("The client secret is wrong").first).to_be_visible()
    olga.get_by_role("link", name="Edit").click()
    expect(olga.get_by_label("Client secret")).to_have_value("")
    olga.get_by_label("Client secret").fill(known["CLIENT_SECRET"])
    olga.get_by_role("button", name="Save").click()
    olga.get_by_role("button", name="Test").click()
    expect(olga.get_by_text("A token was issued").first).to_be_visible()
    assert known["CLIENT_SECRET"] not in olga.content()
    picture("connection")


def test_a_vault_is_added_through_a_connection(olga: Page, portal: Portal, picture: Picture) -> None:
    expect(olga.get_by_role("heading", name="Needs attention")).to_be_visible()
    picture("overview")
    known = portal.emulator_env()
    store_connection(olga, portal, known, "second way", known["CLIENT_SECRET"])
    olga.goto(f"{portal.url}/new/vault/")
    olga.get_by_label("Connection").select_option(label="second way")
    olga.get_by_label("Vault", exact=True).fill(STAGE)
    olga.get_by_role("button", name="Add").click()
    expect(olga.get_by_text("It is now reached through second way, too.")).to_be_visible()
    olga.goto(f"{address_of(olga, portal, STAGE, 'second way')}/secrets/")
    expect(olga.get_by_role("row").nth(10)).to_be_visible()
    picture("secrets")


def test_a_secret_from_its_first_value_to_its_purge(olga: Page, portal: Portal, picture: Picture) -> None:
    olga.goto(f"{address_of(olga, portal, STAGE, ADMIN)}/secrets/")
    olga.get_by_role("link", name="New secret").first.click()
    olga.get_by_label("Name", exact=True).fill("crpsecret")
    olga.get_by_label("Value", exact=True).fill("packtsecretvalue")
    olga.get_by_role("button", name="Create the secret").click()
    olga.wait_for_url(re.compile(r"/secrets/crpsecret/$"))
    assert "packtsecretvalue" not in olga.content()
    olga.get_by_role("button", name="Reveal").click()
    expect(olga.locator("[data-value]")).to_have_text("packtsecretvalue")
    picture("secret")
    olga.get_by_role("link", name="Edit").click()
    olga.get_by_label("Content type").fill("text/plain")
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_text("text/plain").first).to_be_visible()
    olga.get_by_role("link", name="New version").click()
    olga.get_by_label("Value", exact=True).fill("another value")
    olga.get_by_role("button", name="Create the version").click()
    olga.wait_for_url(re.compile(r"/secrets/crpsecret/$"))
    delete(olga, "secret")
    expect(olga.get_by_role("link", name="Recover")).to_be_visible(timeout=15_000)
    picture("deleted")
    olga.get_by_role("link", name="Recover").click()
    olga.get_by_role("button", name="Recover").click()
    olga.wait_for_url(re.compile(r"/secrets/crpsecret/$"), timeout=20_000)
    delete(olga, "secret")
    purge(olga, "crpsecret")
    olga.goto(f"{portal.url}/audit/")
    expect(olga.get_by_role("row").filter(has_text="Purge a secret").first).to_be_visible()
    picture("audit")


def test_a_key_from_its_creation_to_its_purge(olga: Page, portal: Portal, picture: Picture) -> None:
    olga.goto(f"{address_of(olga, portal, STAGE, ADMIN)}/new/key/")
    olga.get_by_label("Name", exact=True).fill("CreateSoftKeyTest")
    olga.get_by_role("button", name="Edit as text").click()
    olga.get_by_label("Tags").fill("purpose=unit test\ntest name =CreateGetDeleteKeyTest")
    olga.get_by_role("button", name="Create the key").click()
    olga.wait_for_url(re.compile(r"/keys/CreateSoftKeyTest/$"))
    expect(olga.get_by_text("AQAB").first).to_be_visible()
    picture("key")
    olga.locator("summary", has_text="Download").click()
    with olga.expect_download() as download:
        olga.get_by_role("link", name="PEM").first.click()
    assert "BEGIN PUBLIC KEY" in download.value.path().read_text()
    delete(olga, "key")
    purge(olga, "CreateSoftKeyTest")


def test_a_certificate_is_requested_and_issued(olga: Page, portal: Portal, picture: Picture) -> None:
    request_certificate(olga, address_of(olga, portal, STAGE, ADMIN), "selfSignedCert01")
    olga.wait_for_url(re.compile(r"/operation/$"))
    expect(olga.get_by_text("BEGIN CERTIFICATE REQUEST").first).to_be_visible()
    picture("certificate-operation")
    olga.wait_for_url(re.compile(r"/certificates/selfSignedCert01/$"), timeout=20_000)
    expect(olga.get_by_text("onedrive.microsoft.com").first).to_be_visible()
    picture("certificate")
    olga.goto(f"{portal.url}/inventory/?state=30")
    expect(olga.get_by_role("row").nth(2)).to_be_visible()
    picture("inventory")


def test_what_azure_refuses_a_narrow_principal_can_be_granted(olga: Page, portal: Portal, picture: Picture) -> None:
    """Azure refuses, and the page says what is missing."""
    vault = address_of(olga, portal, "kv-shop-prod", ADMIN)
    olga.goto(f"{vault}/secrets/")
    olga.get_by_role("banner").locator("summary", has_text=ADMIN).click()
    olga.get_by_role("link", name=DEPLOY).click()
    request_certificate(olga, vault, "narrowCert01")
    expect(olga.get_by_text("certificates/create is missing").first).to_be_visible()
    expect(olga.get_by_label("Subject")).to_have_value("CN=*.microsoft.com")
    picture("refused")
    portal.manage("emulator", "grant", DEPLOY, "certificates/create", "--vault", "kv-shop-prod")
    olga.get_by_role("button", name="Request").click()
    olga.wait_for_url(re.compile(r"/operation/$"))
    delete_operation(olga)
    olga.goto(f"{vault}/access/")
    expect(olga.get_by_text("missing for sp-shop-deploy")).to_be_visible()
    picture("access")


def store_connection(page: Page, portal: Portal, known: dict[str, str], name: str, secret: str) -> None:
    page.goto(f"{portal.url}/new/connection/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Cloud").select_option(label="Local Key Vault")
    page.get_by_label("Tenant ID").fill(known["TENANT_ID"])
    page.get_by_label("Application (client) ID").fill(known["CLIENT_ID"])
    page.get_by_label("Client secret").fill(secret)
    page.get_by_label("API version").select_option("7.0")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("button", name="Test")).to_be_visible()


def address_of(page: Page, portal: Portal, vault: str, connection: str) -> str:
    """The address of a vault that this connection reaches."""
    page.goto(f"{portal.url}/vaults/")
    row = page.get_by_role("row").filter(has_text=vault).filter(has_text=connection)
    link = row.get_by_role("link", name=vault, exact=True).get_attribute("href")
    return f"{portal.url}{link}".removesuffix("/secrets/")


def request_certificate(page: Page, vault: str, name: str) -> None:
    page.goto(f"{vault}/new/certificate/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Subject").fill("CN=*.microsoft.com")
    page.get_by_label("DNS names").fill("onedrive.microsoft.com\nxbox.microsoft.com")
    page.get_by_role("button", name="Request").click()


def delete_operation(page: Page) -> None:
    """The narrow principal may not update certificates, so it may not end its own operation either."""
    page.goto(f"{page.url}delete/")
    page.get_by_role("button", name="Delete the operation").click()
    expect(page.get_by_text("certificates/update is missing").first).to_be_visible()


def delete(page: Page, kind: str) -> None:
    page.get_by_label("More actions").click()
    page.get_by_role("link", name=f"Delete the {kind}").click()
    page.get_by_role("button", name=f"Delete the {kind}").click()
    page.wait_for_url(re.compile(r"/deleted/"))


def purge(page: Page, name: str) -> None:
    page.get_by_role("link", name="Purge").click(timeout=15_000)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Purge").click()
    expect(page.get_by_text(f"{name} was purged")).to_be_visible()
