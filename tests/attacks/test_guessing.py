"""Counters keyed by what the client writes, and counters with which anybody locks the rightful person out."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import pytest
import structlog
import time_machine
from django.test import Client
from pytest_django import Settings

from tests.conftest import PASSWORD, World, in_threads, say, signed_in
from tests.signing_in import ATTACKER, CHANGE, CONFIRM, HOME, confirm, gets_in, guesses, sign_in, was_tried
from vaults.models import AuditEntry
from vaults.permissions import Role

pytestmark = pytest.mark.sweep


def from_everywhere(email: str, number: int) -> int:
    return sum(was_tried(sign_in(Client(), email, "guess", f"203.0.{n // 250}.{n % 250}")) for n in range(number))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal's own log handler writes."""
    kind = structlog.stdlib.ProcessorFormatter
    [handler] = [each for each in logging.getLogger().handlers if isinstance(each.formatter, kind)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def lines(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


HOSTS = ["testserver", "testserver:81", "testserver:82", "TESTSERVER", "TestServer:443", "testserver.", "localhost"]


def test_another_spelling_of_the_host_buys_no_guesses(world: World) -> None:
    tried = sum(guesses(world.olga.email, 4, HTTP_HOST=host) for host in HOSTS)
    say(f"guesses at one account under {len(HOSTS)} hosts: {4 * len(HOSTS)}, tried: {tried}")
    assert tried <= 5


SPELLINGS = [
    "owner@example.com",
    "OWNER@example.com",
    " owner@example.com",
    "owner@EXAMPLE.com ",
    "Owner@Example.Com\t",
]


def test_another_spelling_of_the_account_buys_no_guesses(world: World) -> None:
    assert sum(guesses(spelling, 3) for spelling in SPELLINGS) <= 5


def test_another_address_of_one_network_buys_no_guesses(world: World) -> None:
    """A home or a host has 2^64 addresses in IPv6; and IPv4 has other spellings in it."""
    home = [f"2001:db8:0:7::{n:x}" for n in range(1, 5)] + ["2001:db8:0:7:ffff::1%eth0"]
    assert sum(guesses(world.olga.email, 2, address) for address in home) <= 5
    assert sum(guesses(world.rafi.email, 4, address) for address in (ATTACKER, f"::ffff:{ATTACKER}")) <= 5
    relayed = [
        f"2002:{int(IPv4Address(ATTACKER)) >> 16:x}:{int(IPv4Address(ATTACKER)) & 65535:x}:{n}::1" for n in "123"
    ]
    assert sum(guesses(world.otto.email, 4, address) for address in (*relayed, ATTACKER)) <= 5  # by 6to4
    translated = [f"64:ff9b::{ATTACKER}", ATTACKER]  # by NAT64
    assert sum(guesses("viewer@example.com", 4, address) for address in translated) <= 5
    assert gets_in(Client(), "viewer@example.com", f"64:ff9b::{HOME}")


def test_a_subscribers_many_networks_buy_few_guesses_and_lock_nobody_out(world: World) -> None:
    """A /48 is a subscriber's, or that of many."""
    networks = [f"2001:db8:7:{n:x}::1" for n in range(60)]
    assert sum(guesses(world.olga.email, 5, address) for address in networks) <= 25
    assert gets_in(Client(), world.olga.email, HOME)
    assert gets_in(Client(), world.rafi.email, "2001:db8:7:beef::9")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        accounts = (f"x{n}@example.com" for n in range(120))
        assert sum(guesses(email, 1, networks[n % 60]) for n, email in enumerate(accounts)) <= 50


@pytest.fixture
def proxied(settings: Settings) -> Settings:
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    return settings


def test_what_stands_before_the_proxys_word_buys_no_guesses(world: World, proxied: Settings) -> None:
    forged = [f"10.0.0.{n}, {ATTACKER}" for n in range(30)] + [f"10.0.0.{n},10.1.1.1 ,{ATTACKER}" for n in range(9)]
    assert sum(guesses(world.olga.email, 1, headers={"X-Forwarded-For": each}) for each in forged) <= 5
    assert gets_in(Client(headers={"X-Forwarded-For": HOME}), world.olga.email, "10.9.9.9")


@pytest.mark.parametrize("address", [ATTACKER, "[2001:db8::7]"])
def test_a_proxy_that_writes_the_port_too(address: str, world: World, proxied: Settings, log: io.StringIO) -> None:
    """Each connection has another one."""
    written = [address, *(f"{address}:{port}" for port in range(49152, 49172))]
    assert sum(guesses(world.olga.email, 1, headers={"X-Forwarded-For": each}) for each in written) == 5
    assert {line["address"] for line in lines(log, "request")} == {address.strip("[]")}


@pytest.mark.parametrize(
    "sent", [None, "", ATTACKER, f"{ATTACKER}, {HOME}", "unknown", "_hidden, x, y", "a" * 5000, ",,,"]
)
def test_more_proxies_than_have_written(sent: str | None, world: World, proxied: Settings) -> None:
    """No 500: the server's own peer counts. Nor where a proxy writes what is no address."""
    proxied.TRUSTED_PROXY_COUNT = proxied.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    headers = {"X-Forwarded-For": sent} if sent is not None else {}
    assert guesses(world.olga.email, 8, headers=headers) == 5
    assert gets_in(Client(headers=headers), world.olga.email, HOME)


def test_a_stranger_locks_nobody_out(world: World) -> None:
    guesses(world.olga.email, 40)
    assert gets_in(Client(), world.olga.email, HOME)


def test_a_stranger_of_the_same_address_locks_no_known_browser_out(world: World) -> None:
    browser, other = Client(), Client()
    assert gets_in(browser, world.olga.email, HOME)
    browser.post("/account/logout/")
    assert guesses(world.olga.email, 40, HOME) == 5
    assert not gets_in(other, world.olga.email, HOME)
    assert gets_in(browser, world.olga.email, HOME)


def test_a_running_session_is_not_locked(world: World) -> None:
    browser = signed_in(world.olga)
    guesses(world.olga.email, 40, "127.0.0.1")
    from_everywhere(world.olga.email, 120)
    assert browser.get("/").status_code == 200
    confirm(browser)
    changed = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    assert browser.post(CHANGE, changed).status_code == 302


@pytest.mark.parametrize("where", [CONFIRM, CHANGE])
def test_whoever_holds_a_session_guesses_as_slowly(where: str, world: World) -> None:
    stolen = signed_in(world.olga)
    fields = ["password", "oldpassword"]
    new = {"password1": "another long one", "password2": "another long one"}
    answers = [stolen.post(where, dict.fromkeys(fields, f"guess {n}") | new) for n in range(20)]
    assert sum(was_tried(answer) for answer in answers) <= 5
    confirm(signed_in(world.olga))  # in another session


def test_guesses_in_a_session_are_one_count(world: World) -> None:
    stolen = signed_in(world.olga)
    pages = [CONFIRM, CHANGE] * 10
    assert sum(was_tried(stolen.post(page, {"password": "g", "oldpassword": "g"})) for page in pages) <= 5


def test_guesses_from_everywhere_reach_the_accounts_own_limit(world: World, log: io.StringIO) -> None:
    browser = Client()
    assert gets_in(browser, world.olga.email, HOME)
    browser.post("/account/logout/")
    tried = from_everywhere(world.olga.email, 130)
    say(f"guesses at one account from 130 addresses: 130, tried: {tried}")
    assert tried == 100
    assert not gets_in(Client(), world.olga.email, "192.0.2.77")
    assert gets_in(browser, world.olga.email, HOME)
    assert gets_in(Client(), world.rafi.email, "192.0.2.77")
    alarms = AuditEntry.objects.filter(action="account.guessed", team_id=None).exclude(state="started")
    assert [(entry.name, entry.detail["count"]) for entry in alarms] == [(world.olga.email, 100)]
    assert lines(log, "an account is being guessed at")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert gets_in(Client(), world.olga.email, "192.0.2.77")


def test_one_address_guesses_slowly_at_many_accounts(world: World) -> None:
    tried = sum(guesses(f"person-{n}@example.com", 1) for n in range(40))
    assert tried <= 10
    assert gets_in(Client(), world.olga.email, HOME)


def test_a_known_browser_guesses_slowly_too(world: World) -> None:
    browser = Client()
    assert gets_in(browser, world.olga.email, HOME)
    browser.post("/account/logout/")
    addresses = [f"203.0.113.{n}" for n in range(40)]
    assert sum(was_tried(sign_in(browser, world.olga.email, "guess", address)) for address in addresses) <= 5
    assert gets_in(Client(), world.olga.email, HOME)


def known_cookies(client: Client) -> dict[str, str]:
    return {name: cookie.value for name, cookie in client.cookies.items() if "known" in name}


def test_a_known_browser_is_known_to_its_own_account_alone(world: World) -> None:
    rafis = Client()
    assert gets_in(rafis, world.rafi.email, HOME)
    rafis.post("/account/logout/")
    [(name, value)] = known_cookies(rafis).items()
    olgas = Client()
    assert gets_in(olgas, world.olga.email, HOME)
    [olgas_name] = known_cookies(olgas)
    assert name != olgas_name
    guesses(world.olga.email, 9, HOME)
    for cookies in ({name: value}, {olgas_name: value}, {olgas_name: value.upper()}, {olgas_name: "x:1:y"}):
        forged = Client()
        for each, text in cookies.items():
            forged.cookies[each] = text
        assert not was_tried(sign_in(forged, world.olga.email, "guess", HOME))


def test_a_changed_password_ends_known_browsers(world: World) -> None:
    thief, browser = Client(), Client()
    assert gets_in(thief, world.olga.email, HOME)
    thief.post("/account/logout/")
    assert gets_in(browser, world.olga.email, HOME)
    new = "another long one"
    assert browser.post(CHANGE, {"oldpassword": PASSWORD, "password1": new, "password2": new}).status_code == 302
    browser.post("/account/logout/")
    guesses(world.olga.email, 9, HOME)
    assert not was_tried(sign_in(thief, world.olga.email, "guess", HOME))
    assert gets_in(browser, world.olga.email, HOME, new)


def test_the_cookie_of_a_known_browser_is_the_servers_alone(world: World) -> None:
    answer = sign_in(Client(), world.olga.email, PASSWORD)
    [cookie] = [cookie for name, cookie in answer.cookies.items() if "known" in name]
    assert cookie.key.startswith("__Host-")
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["domain"]) == (True, True, "Lax", "")
    assert world.olga.email not in cookie.OutputString()
    assert str(world.olga.pk) not in cookie.OutputString()
    assert not [name for name in sign_in(Client(), world.olga.email, "wrong").cookies if "known" in name]


def test_guesses_at_the_same_moment_count_each(file_world: World) -> None:
    """From one address, and from twenty."""
    email = file_world.olga.email
    together = in_threads(*[partial(sign_in, Client(), email, "guess", ATTACKER)] * 20)
    say(f"guesses from one address at once: 20, tried: {sum(map(was_tried, together))}")
    assert sum(map(was_tried, together)) <= 5
    for _ in range(6):
        in_threads(*[partial(sign_in, Client(), file_world.rafi.email, "guess", f"203.0.113.{n}") for n in range(20)])
    alarms = AuditEntry.objects.filter(action="account.guessed", name=file_world.rafi.email).exclude(state="started")
    assert [entry.detail["count"] >= 100 for entry in alarms] == [True]
    assert not gets_in(Client(), file_world.rafi.email, HOME)


def bare(answer: Any, email: str) -> tuple[int, str]:
    return answer.status_code, re.sub(r'value="[0-9a-zA-Z]{64}"', "", answer.content.decode().replace(email, ""))


def test_a_stranger_learns_of_no_account_by_its_limits(world: World) -> None:
    """A known account, an unknown one, and one that is switched off answer alike: while they are looked at, and after."""
    type(world.rafi).objects.filter(pk=world.rafi.pk).update(is_active=False)
    emails = [world.olga.email, "nobody@example.com", world.rafi.email]
    rows = [
        [bare(sign_in(Client(), email, "guess", f"198.51.100.{n}"), email) for _ in range(9)]
        for n, email in enumerate(emails)
    ]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0] != rows[0][8]


def test_what_was_typed_for_an_address_is_not_written_down(world: World, log: io.StringIO) -> None:
    sign_in(Client(), "my-password-in-the-wrong-field@example.com", "guess")
    sign_in(Client(), world.members[Role.WRITER].email, "the-typed-password")
    assert "wrong-field" not in log.getvalue() + str(list(AuditEntry.objects.values()))
    assert "the-typed-password" not in log.getvalue() + str(list(AuditEntry.objects.values()))
