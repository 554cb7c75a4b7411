"""Addresses that are none: what stands below the static files, what only takes forms, and where a sign-in leads."""

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kvportal.addresses import has_page, page_at_or_above
from tests.browsing import text_of
from tests.conftest import PASSWORD, World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

LOGIN = "/account/login/"
V = "/vaults/kv-shop-prod"
SAMPLE = {
    "slug": "kv-shop-prod",
    "name": "kept",
    "version": "0" * 32,
    "kind": "secrets",
    "token": "none",
    "member_id": "1",
    "event_id": "00000000-0000-0000-0000-000000000000",
    "connection_id": "00000000-0000-0000-0000-000000000000",
    "job_id": "00000000-0000-0000-0000-000000000000",
    "invitation_id": "00000000-0000-0000-0000-000000000000",
}


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, f"{before}{pattern.pattern}")
        elif isinstance(pattern, URLPattern):
            yield f"/{before}{pattern.pattern}"


def paths() -> list[str]:
    """An address for each route of the product."""
    found = []
    for route in routes(get_resolver().url_patterns):
        for name, value in SAMPLE.items():
            for converter in ("slug", "str", "int", "uuid", "kind"):
                route = route.replace(f"<{converter}:{name}>", value)
        found.append(route)
    return found


#: What only takes forms, hands out data or parts, or is there for signing in and out: nobody is led there.
LED_NOWHERE = [path for path in paths() if not has_page(path)]
PARTS = [f"{V}/certificates/kept/operation/status/", f"{V}/new/certificate/effect/"]
NO_FORM = [
    "/csr/",
    "/status/",
    "/effect/",
    "/csv/",
    "/public-key/",
    "/download/",
    "/postman/",
    "/healthz",
    "/readyz",
    "/session/",
]
SIGNING = [f"/account/{page}/" for page in ("inactive", "login", "logout", "reauthenticate")]
FORM_ONLY = [path for path in LED_NOWHERE if not path.endswith((*NO_FORM, *SIGNING))]


def test_the_table_is_what_the_routes_do(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("kept", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    assert len(FORM_ONLY) >= 8
    said = {path: olga.get(path) for path in paths()}
    assert [path for path, answer in said.items() if answer.status_code == 405] == FORM_ONLY
    data = [path for path, answer in said.items() if not answer["Content-Type"].startswith("text/html")]
    assert len(data) == len(NO_FORM) - len(PARTS)
    assert set(data) | set(PARTS) | set(FORM_ONLY) | set(SIGNING) == set(LED_NOWHERE)


@pytest.mark.parametrize("path", FORM_ONLY)
def test_a_sign_in_after_a_form_leads_to_its_page(path: str, world: World) -> None:
    browser = Client()
    sent = browser.post(path, {"anything": "1"})
    assert sent.status_code == 302
    back = browser.post(LOGIN, {"login": world.olga.email, "password": PASSWORD, "next": path_of_next(sent)})
    assert back.status_code == 302
    assert back["Location"] == page_at_or_above(path)
    assert browser.get(back["Location"]).status_code in (200, 302, 404)
    assert len(path) > len(back["Location"])


@pytest.mark.parametrize("path", LED_NOWHERE)
def test_next_typed_by_hand_leads_to_none_of_them_either(path: str, world: World) -> None:
    answer = Client().post(LOGIN, {"login": world.olga.email, "password": PASSWORD, "next": path})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/inventory/csv/?q=a", "/inventory/"),
        (f"{V}/certificates/kept/operation/csr/", f"{V}/certificates/kept/operation/"),
        (f"{V}/keys/kept/public-key/", f"{V}/keys/kept/"),
    ],
)
def test_what_is_no_page_leads_to_the_one_above(path: str, above: str, world: World) -> None:
    assert path_of_next(Client().get(path)) == above


def test_a_part_of_a_page_that_was_asked_for_leads_back_to_the_page(world: World) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{V}/secrets/kept/reveal/"}
    answer = Client().post(f"{V}/secrets/kept/reveal/", headers=headers)
    assert unquote(answer["HX-Redirect"]) == f"{LOGIN}?next={V}/secrets/kept/&notice=not-done"


def test_an_address_without_an_end_costs_nothing() -> None:
    """As `HX-Current-URL`, of anybody."""
    started = time.monotonic()
    assert page_at_or_above("/" + "a/" * 30_000) == "/"
    assert time.monotonic() - started < 0.1


def path_of_next(answer: Any) -> str:
    found: str = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    return found


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://testserver/audit/",
        "http://localhost/audit/",
        "https://testserver/",
        "//localhost/audit/",
        "no/such/page",
        "/no/such/page/",
    ],
)
def test_next_stays_within_this_origin(elsewhere: str, world: World) -> None:
    """Also not to another host of the same deployment, or to this one without TLS."""
    answer = Client().post(LOGIN, {"login": world.olga.email, "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("path", FORM_ONLY)
def test_an_address_of_a_form_says_so(path: str, olga: Client) -> None:
    answer = olga.get(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is no page at this address" in text_of(answer)
    assert f'href="{page_at_or_above(path)}"' in answer.content.decode()


def test_a_form_that_was_sent_before_leads_to_a_page(olga: Client) -> None:
    key = {"form_key": str(uuid.uuid4())}
    olga.post(f"{V}/new/secret/", {"name": "kept", "value": "v", **key})
    answers = {path: olga.post(path, {"confirm_name": "x", **key}) for path in FORM_ONLY}
    sent_before = {path: page for path, page in answers.items() if "This form was sent before" in text_of(page)}
    assert len(sent_before) >= 4
    for path, page in sent_before.items():
        assert f'href="{page_at_or_above(path)}"' in page.content.decode(), path


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
@pytest.mark.parametrize("path", ["/", f"{V}/secrets/", "/account/password/change/", "/healthz"])
def test_no_answer_is_bare(path: str, method: str, olga: Client) -> None:
    answer = getattr(olga, method)(path)
    assert answer.status_code in (200, 405)
    assert answer.status_code == 200 or b"There is no page at this address" in answer.content


@pytest.mark.parametrize(
    "path", ["/static/no.css", "/static/", "/static/../etc/passwd", "/static/kvportal/", "/static/a%00b"]
)
@pytest.mark.parametrize("signed_in_too", [True, False])
def test_what_is_no_file_is_nobodys_page(path: str, signed_in_too: bool, olga: Client) -> None:
    """A page with a person's vaults in its sidebar, at an address whose answers may be kept by caches."""
    answer = (olga if signed_in_too else Client()).get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert b"kv-shop" not in answer.content


@pytest.mark.parametrize(
    "path", ["/static/no.css", "/static/kvportal/css/base.css", "/healthz", "/readyz", "/session/", "/", "/nowhere/"]
)
def test_no_answer_can_be_framed(path: str, olga: Client, settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    assert olga.get(path)["X-Frame-Options"] == "DENY"
    assert olga.get(path, headers={"Host": "elsewhere.test"})["X-Frame-Options"] == "DENY"
