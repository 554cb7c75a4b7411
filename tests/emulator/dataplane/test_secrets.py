from collections.abc import Callable

import pytest

from tests.emulator.caller import Caller, issued, refusal
from vaults.emulator import Emulator


def test_set_and_get(admin: Caller) -> None:
    body = {
        "value": "s3cret",
        "contentType": "text/plain",
        "tags": {"a": "1"},
        "attributes": {"nbf": 1700000000, "exp": 1900000000},
    }
    answer = admin.put("secrets/db-password", body)
    assert answer.status_code == 200
    shown = answer.json()
    version = shown["id"].rpartition("/")[2]
    assert shown["id"] == f"{admin.base}/secrets/db-password/{version}"
    assert len(version) == 32
    created = shown["attributes"]["created"]
    assert shown["attributes"] == {
        "enabled": True,
        "nbf": 1700000000,
        "exp": 1900000000,
        "created": created,
        "updated": created,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": 90,
    }
    assert admin.get("secrets/db-password").json() == shown
    assert admin.get("secrets/db-password/").json() == shown
    assert admin.get(f"secrets/DB-Password/{version.upper()}").json() == shown


def test_only_what_was_set_is_shown(admin: Caller) -> None:
    assert set(admin.put("secrets/a", {"value": ""}).json()) == {"value", "id", "attributes"}
    assert admin.put("secrets/a", {"value": "1", "tags": {}}).json()["tags"] == {}


def test_each_set_makes_a_version(admin: Caller) -> None:
    ids = [admin.put("secrets/a", {"value": str(number)}).json()["id"] for number in range(3)]
    assert admin.get("secrets/a").json()["value"] == "2"
    assert admin.get(f"secrets/a/{ids[0].rpartition('/')[2]}").json()["value"] == "0"
    [page] = admin.walk("secrets/a/versions")
    assert sorted(item["id"] for item in page) == sorted(ids)


def test_update_keeps_what_it_leaves_out(admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1", "contentType": "x", "tags": {"a": "1", "b": "2"}})
    shown = admin.patch("secrets/a", {"attributes": {"exp": 1900000000}}).json()
    assert "value" not in shown
    assert (shown["contentType"], shown["tags"]) == ("x", {"a": "1", "b": "2"})
    assert admin.patch("secrets/a", {"tags": {"c": "3"}}).json()["tags"] == {"c": "3"}
    assert admin.patch("secrets/a", {"tags": {}}).json()["tags"] == {}
    after = admin.patch("secrets/a/", {"contentType": "y"}).json()
    assert (after["contentType"], after["attributes"]["exp"]) == ("y", 1900000000)


def test_a_disabled_secret_gives_no_value(admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1", "attributes": {"enabled": False}})
    assert refusal(admin.get("secrets/a")) == (403, "Forbidden", "SecretDisabled")
    assert admin.patch("secrets/a", {"attributes": {"enabled": True}}).status_code == 200
    assert admin.get("secrets/a").json()["value"] == "1"


def test_dates_refuse_nothing(admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1", "attributes": {"exp": 1}})
    assert admin.get("secrets/a").status_code == 200


def test_lists_hold_no_values(admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1", "tags": {"x": "y"}})
    [[item]] = admin.walk("secrets")
    assert set(item) == {"id", "attributes", "tags"}
    assert item["id"] == f"{admin.base}/secrets/a"


@pytest.mark.parametrize("name", ["a_b", "a.b", "ä", "a b", "a" * 128, "a%"])
def test_names_that_are_none(admin: Caller, name: str) -> None:
    answer = admin.session.put(f"{admin.base}/secrets/{name}?api-version=7.3", json={"value": "1"})
    assert refusal(answer) == (400, "BadParameter", None)
    assert answer.json()["error"]["message"] == f"The request URI contains an invalid name: {name}"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": None},
        {"value": 1},
        {"value": "x" * 25601},
        {"value": "ä" * 12801},
        {"value": "1", "tags": {"a": 1}},
        {"value": "1", "tags": ["a"]},
        {"value": "1", "tags": {str(number): "" for number in range(16)}},
        {"value": "1", "tags": {"a" * 513: ""}},
        {"value": "1", "contentType": "x" * 256},
        {"value": "1", "attributes": {"enabled": "true"}},
        {"value": "1", "attributes": {"exp": "2030"}},
        {"value": "1", "attributes": {"exp": 1.5}},
        {"value": "1", "attributes": {"exp": True}},
        {"value": "1", "attributes": {"exp": 10**18}},
        {"value": "1", "attributes": {"nbf": 5, "exp": 5}},
        {"value": "1", "attributes": []},
    ],
)
def test_bodies_that_are_refused(admin: Caller, body: dict[str, object]) -> None:
    assert refusal(admin.put("secrets/a", body)) == (400, "BadParameter", None)
    assert admin.get("secrets/a").status_code == 404


def test_limits_are_allowed(admin: Caller) -> None:
    body = {
        "value": "x" * 25600,
        "contentType": "x" * 255,
        "tags": {f"{n:0512}": "v" * 512 for n in range(15)},
    }
    assert admin.put(f"secrets/{'a' * 127}", body).status_code == 200


def test_missing_secrets_are_named(admin: Caller) -> None:
    answer = admin.get("secrets/absent")
    assert refusal(answer) == (404, "SecretNotFound", None)
    assert answer.json()["error"]["message"] == (
        "A secret with (name/id) absent was not found in this key vault. If you recently deleted this "
        "secret you may be able to recover it using the correct recovery command. For help resolving this "
        "issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    admin.put("secrets/a", {"value": "1"})
    missing = admin.get(f"secrets/a/{'0' * 32}").json()["error"]["message"]
    assert missing.startswith(f"A secret with (name/id) a/{'0' * 32} was not found")


def test_the_secret_of_a_certificate_is_managed(emulator: Emulator, admin: Caller) -> None:
    issued(admin, "tls")
    shown = admin.get("secrets/tls").json()
    assert shown["managed"] is True
    assert shown["kid"] == shown["id"].replace("/secrets/", "/keys/")
    assert shown["contentType"] == "application/x-pkcs12"
    assert refusal(admin.delete("secrets/tls")) == (403, "Forbidden", "SecretManagedByKeyVault")
    assert refusal(admin.put("secrets/tls", {"value": "1"})) == (403, "Forbidden", "SecretManagedByKeyVault")
    assert admin.walk("secrets")[0][0]["managed"] is True


def test_a_certificates_secret_names_its_previous_version(admin: Caller, caller_for: Callable[..., Caller]) -> None:
    first = issued(admin, "tls")["id"].rpartition("/")[2]
    newest = caller_for(version="2025-07-01")
    assert "previousVersion" not in newest.get("secrets/tls").json()
    issued(admin, "tls")
    assert newest.get("secrets/tls").json()["previousVersion"] == first
    assert "previousVersion" not in caller_for(version="7.6").get("secrets/tls").json()


def test_a_pfx_as_pem(admin: Caller, caller_for: Callable[..., Caller]) -> None:
    issued(admin, "tls")
    admin.put("secrets/plain", {"value": "1"})
    pem = "application/x-pem-file"
    assert admin.get("secrets/tls", outContentType=pem).json()["contentType"] == "application/x-pkcs12"
    newest = caller_for(version="2025-07-01")
    shown = newest.get("secrets/tls", outContentType=pem).json()
    assert shown["contentType"] == pem
    assert shown["value"].startswith("-----BEGIN PRIVATE KEY-----")
    assert refusal(newest.get("secrets/plain", outContentType=pem)) == (400, "BadParameter", None)


@pytest.mark.parametrize(
    ("days", "protected", "level"),
    [
        (90, False, "Recoverable+Purgeable"),
        (7, False, "CustomizedRecoverable+Purgeable"),
        (90, True, "Recoverable"),
        (30, True, "CustomizedRecoverable"),
    ],
)
def test_recovery_levels(
    emulator: Emulator, caller_for: Callable[..., Caller], days: int, protected: bool, level: str
) -> None:
    emulator.add_vault("kv-level", retention_days=days, purge_protection=protected)
    emulator.set_permissions("kv-level", emulator.principal("sp-shop-admin").object_id, {"secrets": ["all", "purge"]})
    caller = caller_for(vault="kv-level")
    shown = caller.put("secrets/a", {"value": "1"}).json()
    assert (shown["attributes"]["recoveryLevel"], shown["attributes"]["recoverableDays"]) == (level, days)
    caller.delete("secrets/a")
    assert caller.delete("deletedsecrets/a").status_code == (403 if protected else 204)
