"""The log: one JSON line an event, with the route and never the address; exceptions by their place, never their words."""

import io
import json
from typing import Any

from django.test import Client
from pytest_django import Settings

from tests.conftest import World, signed_in
from vaults.actions.teams import invite_member
from vaults.actors import Person
from vaults.permissions import Role


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_request_is_one_line_without_its_query(olga: Client, world: World, log: io.StringIO) -> None:
    olga.get("/audit/?q=a-token-of-azure")
    [line] = [each for each in lines(log) if each["event"] == "request"]
    assert (line["method"], line["status"], line["user"]) == ("GET", 200, str(world.olga.pk))
    assert line["route"] == "audit/"
    assert line["request_id"]
    assert "a-token-of-azure" not in log.getvalue()


def test_a_one_time_link_is_not_written_down(world: World, log: io.StringIO) -> None:
    token = invite_member(Person(world.olga), world.team, "new@example.com", Role.VIEWER)
    for address in (f"/join/{token}/", f"/join/{token}x/", f"/join/{token}"):
        Client().get(address)
        Client(enforce_csrf_checks=True).post(address, {})
    assert token not in log.getvalue()


def test_a_defect_is_logged_by_its_place(olga: Client, settings: Settings, log: io.StringIO) -> None:
    settings.CLOUDS = {"local": object()}
    browser = Client(raise_request_exception=False)
    browser.cookies = olga.cookies
    browser.post("/vaults/kv-shop-prod/new/secret/", {"name": "fresh", "value": "the-hidden-value", "enabled": "on"})
    found = [each for each in lines(log) if "frames" in each]
    assert found
    assert any("vaults/" in frame for frame in found[0]["frames"])
    assert "the-hidden-value" not in log.getvalue()
    assert "object at 0x" not in log.getvalue()


def test_a_hostile_name_makes_no_line_of_its_own(world: World, log: io.StringIO) -> None:
    client = signed_in(world.olga)
    for name in ("a%0a%7B%22event%22%3A%22forged%22%7D", "%1b[2J", "a%00b"):
        client.get(f"/vaults/kv-shop-prod/secrets/{name}/")
        client.get(f"/no/such/{name}")
    assert not [each for each in lines(log) if each.get("event") == "forged"]
    assert "\x1b" not in log.getvalue()
