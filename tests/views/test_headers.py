"""What every answer says, whatever its status: policy, framing, caching, sniffing; and what no page may hold."""

import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from tests.conftest import PASSWORD, World, say, signed_in
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

V = "/vaults/kv-shop-prod"
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.fixture
def answers(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> dict[str, Any]:
    """One answer of each status that there is."""
    azure.secrets.set("kept", "hidden")
    strict = Client(enforce_csrf_checks=True)
    found = {
        "200": olga.get("/"),
        "200 part": olga.get(f"{V}/secrets/", headers={"HX-Request": "true"}),
        "200 file": olga.get("/inventory/csv/"),
        "200 sign-in": Client().get("/account/login/"),
        "200 health": Client().get("/healthz"),
        "302": Client().get("/"),
        "302 scan": olga.post(f"{V}/scan/"),
        "400": olga.post(f"{V}/new/secret/", {f"a{n}": "1" for n in range(1500)}),
        "403": signed_in(world.rafi).get(f"{V}/new/secret/"),
        "403 csrf": strict.post("/account/login/", {"login": "a", "password": "b"}),
        "404": olga.get("/no/such/page/"),
        "404 signed out": Client().get("/no/such/page/"),
        "405": olga.get(f"{V}/secrets/kept/reveal/"),
        "422": olga.post(f"{V}/new/secret/", {"name": "a b"}),
    }
    guesses = [strangers_guess(world) for _ in range(40)]
    found["429"] = guesses[-1]
    emulator.fail(9, 503, retry_after="60")
    return found | {"502": olga.get(f"{V}/keys/")}


def strangers_guess(world: World) -> Any:
    return Client().post("/account/login/", {"login": world.olga.email, "password": "wrong"})


def test_what_is_served_from_disk_is_fenced_too(settings: Settings) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    answer = Client().get("/static/kvportal/css/base.css")
    assert answer.status_code == 200
    fenced = set(HEADERS) - {"Cache-Control"}  # a style sheet may be kept
    assert {header: answer.headers.get(header) for header in fenced} == {header: HEADERS[header] for header in fenced}
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.slow
def test_every_status_carries_every_header(answers: dict[str, Any]) -> None:
    wrong = [
        (name, header, answer.headers.get(header))
        for name, answer in answers.items()
        for header, value in HEADERS.items()
        if answer.headers.get(header) != value
    ]
    policies = {
        name: set(re.split(r";\s*", answer.headers.get("Content-Security-Policy", "")))
        for name, answer in answers.items()
    }
    say(f"answers: {len(answers)}, headers missing: {len(wrong)}")
    assert wrong == []
    assert {name: policy for name, policy in policies.items() if policy != POLICY} == {}


@pytest.mark.slow
def test_the_statuses_are_what_they_should_be(answers: dict[str, Any]) -> None:
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {name: int(name[:3]) if name != "404 signed out" else statuses[name] for name in statuses}


def test_a_defect_is_a_page_with_the_same_headers(olga: Client, world: World, settings: Settings) -> None:
    settings.CLOUDS = {"local": object()}  # something no code expects
    olga.raise_request_exception = False
    answer = olga.get(f"{V}/secrets/")
    assert answer.status_code == 500
    assert {header: answer.headers.get(header) for header in HEADERS} == HEADERS
    assert b"Traceback" not in answer.content
    assert b"object at 0x" not in answer.content


INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""", re.IGNORECASE)


@pytest.mark.slow
def test_no_page_holds_inline_code_or_something_from_another_host(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        content = answer.content.decode("utf-8", "replace")
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        scripts = [tag for tag in INLINE.findall(content) if "application/json" not in tag]
        assert scripts == [], name
        assert ELSEWHERE.findall(content) == [], name


def test_cookies_are_the_servers_alone(world: World) -> None:
    client = Client()
    page = client.get("/account/login/")
    answer = client.post("/account/login/", {"login": world.olga.email, "password": PASSWORD})
    assert answer.status_code == 302
    for cookies in (page.cookies, answer.cookies):
        for name, cookie in cookies.items():
            assert name.startswith("__Host-"), name
            assert (cookie["httponly"], cookie["secure"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
            assert cookie["samesite"] == "Lax"
    assert configured.SESSION_COOKIE_SECURE
    assert configured.CSRF_COOKIE_SECURE
    assert configured.SECURE_HSTS_SECONDS >= 31_536_000


UNSAFE = [f"{V}/new/secret/", f"{V}/secrets/kept/reveal/", f"{V}/secrets/kept/delete/", "/team/invite/", f"{V}/scan/"]


def test_no_forged_post_is_taken(world: World, emulator: Emulator) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(f"{V}/new/secret/")
    emulator.requests.clear()
    forged: list[dict[str, str]] = [
        {},
        {"Origin": "https://evil.test"},
        {"Referer": "https://evil.test/"},
        {"Origin": "null"},
        {"X-CSRFToken": "a" * 64},
        {"HX-Request": "true"},
        {"Content-Type": "text/plain"},
    ]
    statuses = [client.post(address, {"name": "x"}, headers=each).status_code for address in UNSAFE for each in forged]
    say(f"forged posts: {len(statuses)}, taken: {sum(status != 403 for status in statuses)}")
    assert set(statuses) == {403}
    assert emulator.requests == []
