"""htmx: page and partial, sign-in in the middle of a swap, nothing stored anywhere."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

V = "/vaults/kv-shop-prod"
SWAP = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{V}/secrets/?page=x"}


@pytest.fixture
def stock(azure: VaultClient) -> None:
    azure.secrets.set("kept", "the-hidden-value")
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))


PARTS = [
    f"{V}/secrets/",
    f"{V}/keys/",
    f"{V}/certificates/",
    f"{V}/certificates/tls/operation/status/",
    f"{V}/deleted/secrets/gone/",
    "/inventory/",
    "/audit/",
]


@pytest.mark.sweep
@pytest.mark.parametrize("address", PARTS)
def test_a_swap_gets_the_part_and_a_visit_the_page(address: str, olga: Client, stock: None) -> None:
    page, part = olga.get(address), olga.get(address, headers=SWAP)
    assert page.content.lstrip().lower().startswith(b"<!doctype html")
    assert b"<html" not in part.content
    assert len(part.content) < len(page.content)
    for answer in (page, part):
        assert "HX-Request" in answer["Vary"]
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("more", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}])
def test_a_boosted_link_and_history_get_whole_pages(more: dict[str, str], olga: Client, stock: None) -> None:
    assert b"<html" in olga.get(f"{V}/secrets/", headers={**SWAP, **more}).content


def test_a_reveal_swaps_in_the_value_alone(olga: Client, stock: None) -> None:
    part = olga.post(f"{V}/secrets/kept/reveal/", {"version": ""}, headers=SWAP)
    assert b"the-hidden-value" in part.content
    assert b"<html" not in part.content
    page = olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    assert b"the-hidden-value" in page.content
    assert b"<html" in page.content
    assert page["Cache-Control"] == part["Cache-Control"] == "no-store"


def test_a_value_is_only_ever_in_the_answer_to_a_post(olga: Client, stock: None) -> None:
    assert olga.get(f"{V}/secrets/kept/reveal/").status_code == 405
    for address in [*PARTS, f"{V}/secrets/kept/", f"{V}/secrets/kept/edit/", f"{V}/secrets/kept/new-version/"]:
        assert b"the-hidden-value" not in olga.get(address).content


def test_a_swap_after_the_session_ended_moves_the_page_to_sign_in(world: World) -> None:
    answer = Client().get(f"{V}/secrets/", headers=SWAP)
    assert answer.status_code == 200
    target = urlsplit(answer["HX-Redirect"])
    assert target.path == "/account/login/"
    assert parse_qs(target.query)["next"][0].startswith(f"{V}/secrets/")


@pytest.mark.parametrize("elsewhere", ["https://evil.test/vaults/", "//evil.test/", "javascript:alert(1)", "http://["])
def test_a_made_up_current_url_leads_nowhere_else(elsewhere: str, world: World) -> None:
    answer = Client().get(f"{V}/secrets/", headers={"HX-Request": "true", "HX-Current-URL": elsewhere})
    assert answer.status_code == 200
    following = parse_qs(urlsplit(answer["HX-Redirect"]).query)["next"][0]
    assert following.startswith("/")
    assert not following.startswith("//")


def test_a_problem_in_a_swap_is_a_part(olga: Client, emulator: Emulator, stock: None) -> None:
    emulator.deny("secrets/list")
    answer = olga.get(f"{V}/secrets/", headers=SWAP)
    assert answer.status_code == 403
    assert b"secrets/list is missing" in answer.content
    assert b"<html" not in answer.content


def test_the_browser_keeps_no_history_of_pages(olga: Client) -> None:
    page = olga.get(f"{V}/secrets/").content.decode()
    config = re.search(r'name="htmx-config" content=[\'"](.*?)[\'"]>', page)
    assert config
    words = config[1].replace("&quot;", '"').replace(" ", "")
    for setting in ('"historyCacheSize":0', '"allowEval":false', '"allowScriptTags":false', '"selfRequestsOnly":true'):
        assert setting in words
    assert '"includeIndicatorStyles":false' in words
