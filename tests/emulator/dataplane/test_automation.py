"""What happens by itself when its time has come: keys that rotate, certificates that renew themselves."""

from datetime import datetime
from typing import Any

import pytest

from tests.emulator.caller import Caller, issued
from vaults.emulator import ADMIN, Emulator

DAY = 86400


def rotating(admin: Caller, trigger: dict[str, str], **attributes: Any) -> None:
    admin.post("keys/a/create", {"kty": "EC", "attributes": attributes, "tags": {"b": "c"}})
    action = {"trigger": trigger, "action": {"type": "Rotate"}}
    body = {"lifetimeActions": [action], "attributes": {"expiryTime": "P90D"}}
    assert admin.put("keys/a/rotationpolicy", body).status_code == 200


def signed_in_again(admin: Caller) -> Caller:
    """Token and perhaps client secret have expired on the way."""
    admin.emulator.add_client_secret(ADMIN.client_id, ADMIN.client_secret)
    return Caller(admin.emulator)


def test_a_key_rotates_when_it_is_old_enough(emulator: Emulator, admin: Caller) -> None:
    rotating(admin, {"timeAfterCreate": "P30D"})
    made = admin.get("keys/a").json()
    emulator.clock.advance(29 * DAY)
    admin = signed_in_again(admin)
    assert admin.get("keys/a").json() == made
    emulator.clock.advance(2 * DAY)
    admin = signed_in_again(admin)
    rotated = admin.get("keys/a").json()
    assert rotated["key"]["kid"] != made["key"]["kid"]
    assert rotated["tags"] == {"b": "c"}
    created = made["attributes"]["created"] + 30 * DAY
    assert rotated["attributes"]["created"] == created
    assert rotated["attributes"]["exp"] == created + 90 * DAY
    emulator.clock.advance(60 * DAY)
    assert len(signed_in_again(admin).get("keys/a/versions").json()["value"]) == 4


def test_a_key_rotates_before_it_expires(emulator: Emulator, admin: Caller) -> None:
    now = int(emulator.clock())
    rotating(admin, {"timeBeforeExpiry": "P10D"}, exp=now + 40 * DAY)
    emulator.clock.advance(31 * DAY)
    admin = signed_in_again(admin)
    assert admin.get("keys/a").json()["attributes"]["created"] == now + 30 * DAY
    assert len(admin.get("keys/a/versions").json()["value"]) == 2


def test_keys_that_do_not_rotate(emulator: Emulator, admin: Caller) -> None:
    admin.post("keys/b/create", {"kty": "EC"})
    rotating(admin, {"timeBeforeExpiry": "P10D"})
    emulator.clock.advance(800 * DAY)
    admin = signed_in_again(admin)
    for name in ("a", "b"):
        assert len(admin.get(f"keys/{name}/versions").json()["value"]) == 1


def test_many_rotations_that_are_due_do_not_block_requests(emulator: Emulator, admin: Caller) -> None:
    rotating(admin, {"timeAfterCreate": "P7D"})
    emulator.clock.advance(2000 * DAY)
    admin = signed_in_again(admin)
    assert 2 <= len(admin.walk("keys/a/versions")[0]) <= 25


@pytest.mark.parametrize("way_in", ["certificates", "keys", "secrets"])
def test_a_certificate_renews_itself(emulator: Emulator, admin: Caller, way_in: str) -> None:
    first = issued(admin, "a")
    emulator.clock.advance(280 * DAY)
    admin = signed_in_again(admin)
    assert admin.get(f"{way_in}/a").status_code == 200
    assert admin.get("certificates/a").json()["id"] == first["id"]
    emulator.clock.advance(20 * DAY)
    admin = signed_in_again(admin)
    admin.get(f"{way_in}/a")
    renewed = admin.get("certificates/a").json()
    assert renewed["id"] != first["id"]
    attributes = first["attributes"]
    due = attributes["nbf"] + (attributes["exp"] - attributes["nbf"]) * 80 // 100
    assert renewed["attributes"]["created"] == due + emulator.service.certificate_seconds
    assert renewed["sid"].rpartition("/")[2] == renewed["id"].rpartition("/")[2]


def test_a_renewal_takes_its_time(emulator: Emulator, admin: Caller) -> None:
    policy = {
        "issuer": {"name": "Self"},
        "x509_props": {"subject": "CN=a"},
        "lifetime_actions": [{"trigger": {"days_before_expiry": 10}, "action": {"action_type": "AutoRenew"}}],
    }
    first = issued(admin, "a", {"policy": policy})
    emulator.clock.advance(first["attributes"]["exp"] - 10 * DAY - emulator.clock() + 1)
    admin = signed_in_again(admin)
    assert admin.get("certificates/a").json()["id"] == first["id"]
    assert admin.get("certificates/a/pending").json()["status"] == "inProgress"
    emulator.clock.advance(emulator.service.certificate_seconds)
    assert admin.get("certificates/a").json()["id"] != first["id"]


def test_certificates_that_do_not_renew_themselves(emulator: Emulator, admin: Caller) -> None:
    mail = [{"trigger": {"days_before_expiry": 10}, "action": {"action_type": "EmailContacts"}}]
    issued(
        admin,
        "a",
        {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "lifetime_actions": mail}},
    )
    admin.post("certificates/b/create", {"policy": {"issuer": {"name": "Unknown"}, "x509_props": {"subject": "CN=b"}}})
    emulator.clock.advance(500 * DAY)
    admin = signed_in_again(admin)
    assert len(admin.get("certificates/a/versions").json()["value"]) == 1
    assert admin.get("certificates/b/pending").json()["status"] == "inProgress"


def test_a_renewal_that_failed_is_not_tried_for_ever(emulator: Emulator, admin: Caller) -> None:
    admin.put("certificates/issuers/ca", {"provider": "DigiCert"})
    issued(admin, "a", {"policy": {"issuer": {"name": "ca"}, "x509_props": {"subject": "CN=a"}}})
    admin.delete("certificates/issuers/ca")
    emulator.clock.advance(330 * DAY)
    admin = signed_in_again(admin)
    failed = admin.get("certificates/a/pending").json()
    assert failed["status"] == "failed"
    assert admin.get("certificates/a/pending").json() == failed
    assert len(admin.get("certificates/a/versions").json()["value"]) == 1


@pytest.mark.parametrize(
    ("day", "days"), [("2026-03-14", 396), ("2026-03-16", 200), ("2027-03-16", 100), ("2029-03-16", 47)]
)
def test_a_public_authority_cuts_the_validity_by_the_day_of_issue(
    emulator: Emulator, admin: Caller, day: str, days: int
) -> None:
    emulator.clock.advance(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() - emulator.clock())
    admin = signed_in_again(admin)
    admin.put("certificates/issuers/ca", {"provider": "DigiCert"})
    admin.put("certificates/issuers/own", {"provider": "Own"})
    for name, issuer in (("public", "ca"), ("private", "own"), ("self", "Self"), ("short", "ca")):
        months = 1 if name == "short" else 13
        props = {"subject": "CN=a", "validity_months": months}
        issued(admin, name, {"policy": {"issuer": {"name": issuer}, "x509_props": props}})
    lives = {}
    for name in ("public", "private", "self", "short"):
        attributes = admin.get(f"certificates/{name}").json()["attributes"]
        lives[name] = round((attributes["exp"] - attributes["nbf"]) / DAY)
        assert admin.get(f"certificates/{name}/policy").json()["x509_props"]["validity_months"] in (1, 13)
    assert lives["public"] == days
    assert {lives["private"], lives["self"]} <= {396, 397}
    assert lives["short"] in range(28, 32)


def test_long_away(emulator: Emulator, admin: Caller) -> None:
    issued(admin, "a")
    emulator.clock.advance(3 * 365 * DAY)
    admin = signed_in_again(admin)
    newest = admin.get("certificates/a").json()["attributes"]
    assert newest["nbf"] < emulator.clock() < newest["exp"]
    assert len(admin.get("certificates/a/versions").json()["value"]) == 4
