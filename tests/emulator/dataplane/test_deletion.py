"""Soft delete, recover, purge: the same for the three kinds."""

from typing import Any

import pytest

from tests.emulator.caller import SELF_SIGNED, Caller, issued, refusal
from vaults.emulator import Emulator

MAKE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "secrets": ("PUT", "secrets/a", {"value": "1"}),
    "keys": ("POST", "keys/a/create", {"kty": "EC"}),
    "certificates": ("POST", "certificates/a/create", SELF_SIGNED),
}
NOUNS = {"secrets": "Secret", "keys": "Key", "certificates": "Certificate"}


@pytest.fixture
def slow() -> Caller:
    """A vault where changes take five seconds to take hold."""
    return Caller(Emulator.for_tests(settle_seconds=5))


@pytest.mark.parametrize("kind", MAKE)
def test_a_life_and_two_deaths(slow: Caller, kind: str) -> None:
    make = MAKE[kind]
    noun = NOUNS[kind]
    clock = slow.emulator.clock
    slow.call(*make)
    clock.advance(10)
    before = slow.get(f"{kind}/a").json()

    deleted = slow.delete(f"{kind}/a")
    assert deleted.status_code == 200
    assert deleted.json()["recoveryId"] == f"{slow.base}/deleted{kind}/a"
    assert deleted.json()["scheduledPurgeDate"] - deleted.json()["deletedDate"] == 90 * 86400
    assert "value" not in deleted.json()
    assert refusal(slow.get(f"{kind}/a")) == (404, f"{noun}NotFound", None)
    assert slow.get(f"deleted{kind}/a").json()["error"]["message"] == f"Deleted {noun} not found: a"
    again = slow.call(*make)
    assert refusal(again) == (409, "Conflict", "ObjectIsBeingDeleted")
    message = f"{noun} a is currently being deleted and cannot be re-created; retry later."
    assert again.json()["error"]["message"] == message
    recovery = slow.post(f"deleted{kind}/a/recover")
    assert refusal(recovery) == (409, "Conflict", "ObjectIsBeingDeleted")
    assert recovery.json()["error"]["message"] == f"{noun} a is currently being deleted."
    assert slow.delete(f"deleted{kind}/a").json() == recovery.json()
    assert refusal(slow.delete(f"{kind}/a")) == (404, f"{noun}NotFound", None)
    assert slow.walk(f"deleted{kind}") == [[]]

    clock.advance(6)
    assert slow.get(f"deleted{kind}/a").json() == deleted.json()
    assert refusal(slow.call(*make)) == (409, "Conflict", "ObjectIsDeletedButRecoverable")
    assert [item["recoveryId"] for item in slow.walk(f"deleted{kind}")[0]] == [f"{slow.base}/deleted{kind}/a"]

    recovered = slow.post(f"deleted{kind}/a/recover")
    assert recovered.json() == {name: value for name, value in before.items() if name != "value"}
    assert slow.get(f"{kind}/a").status_code == 404
    clock.advance(6)
    assert slow.get(f"{kind}/a").json() == before
    assert refusal(slow.post(f"deleted{kind}/a/recover")) == (
        400,
        "MethodNotAllowed",
        "RequestNotAllowedOnNonDeletedObject",
    )

    slow.delete(f"{kind}/a")
    clock.advance(6)
    purged = slow.delete(f"deleted{kind}/a")
    assert (purged.status_code, purged.content) == (204, b"")
    assert refusal(slow.call(*make)) == (409, "Conflict", "ObjectIsBeingDeleted")
    clock.advance(6)
    assert slow.get(f"deleted{kind}/a").status_code == 404
    assert slow.call(*make).status_code in (200, 202)


@pytest.mark.parametrize("kind", MAKE)
def test_what_does_not_exist_cannot_be_deleted_recovered_or_purged(admin: Caller, kind: str) -> None:
    missing = (404, f"{NOUNS[kind]}NotFound", None)
    assert refusal(admin.delete(f"{kind}/a")) == missing
    assert refusal(admin.post(f"deleted{kind}/a/recover")) == missing
    assert refusal(admin.delete(f"deleted{kind}/a")) == missing


def test_a_vault_forgets_after_its_retention(admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1"})
    admin.delete("secrets/a")
    admin.emulator.clock.advance(90 * 86400 + 1)
    fresh = Caller(admin.emulator)
    assert fresh.get("deletedsecrets/a").status_code == 404
    assert fresh.put("secrets/a", {"value": "2"}).status_code == 200
    assert len(fresh.walk("secrets/a/versions")[0]) == 1


def test_a_certificate_takes_its_key_and_secret_along(admin: Caller) -> None:
    issued(admin, "a")
    admin.delete("certificates/a")
    assert admin.get("keys/a").status_code == 404
    assert admin.get("secrets/a").status_code == 404
    assert refusal(admin.post("deletedsecrets/a/recover")) == (403, "Forbidden", "SecretManagedByKeyVault")
    admin.post("deletedcertificates/a/recover")
    assert admin.get("keys/a").status_code == 200
    admin.delete("certificates/a")
    admin.delete("deletedcertificates/a")
    assert admin.put("secrets/a", {"value": "1"}).status_code == 200
