"""Challenge, API versions, routes, permissions: what every call passes."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.emulator.caller import SELF_SIGNED, VAULT, Caller, refusal
from vaults.emulator import DEPLOY, TENANT_ID, Emulator
from vaults.emulator.dataplane.routes import ROUTER, ROUTES


def test_the_challenge_comes_before_anything_else(admin: Caller) -> None:
    del admin.session.headers["Authorization"]
    answer = admin.session.put(f"{admin.base}/no/such/route", data=b"no json")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.test/{TENANT_ID}", resource="https://vault.azure.net"'
    )
    assert answer.json() == {
        "error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token."}
    }


def test_headers_of_the_service(admin: Caller) -> None:
    answer = admin.session.get(f"{admin.base}/secrets?api-version=7.3", headers={"x-ms-client-request-id": "5a6b"})
    assert answer.headers["x-ms-client-request-id"] == "5a6b"
    assert answer.headers["x-ms-keyvault-region"] == "westeurope"
    assert len(answer.headers["x-ms-request-id"]) == 36
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "x-ms-client-request-id" not in admin.get("secrets").headers


UNKNOWN_VERSIONS = [
    *("", "6.9", "7.9", "2015-06-01", "7.7-preview.1", "7.4-preview.10", "7.4-beta"),
    *("2016-10-01-preview", "2027-01-01-preview", "2025-13-01", "preview", "7.4-PREVIEW\n"),
]


@pytest.mark.parametrize("version", UNKNOWN_VERSIONS)
def test_the_api_version_must_be_one_of_the_known(admin: Caller, version: str) -> None:
    admin.version = version
    assert refusal(admin.get("secrets")) == (400, "BadParameter", None)


@pytest.mark.parametrize("version", ["2016-10-01", "7.0", "7.1", "7.6", "2025-07-01", "2026-04-01"])
def test_recoverable_days_came_with_7_1(admin: Caller, version: str) -> None:
    admin.version = version
    attributes = admin.put("secrets/a", {"value": "1"}).json()["attributes"]
    assert ("recoverableDays" in attributes) == (version not in ("2016-10-01", "7.0"))


@pytest.mark.parametrize(
    ("preview", "stable"),
    [
        ("7.0-preview", "7.0"),
        ("7.4-preview.1", "7.4"),
        ("7.6-preview.2", "7.6"),
        ("2025-06-01-preview", "2025-07-01"),
        ("2026-01-01-preview", "2026-04-01"),
    ],
)
def test_a_preview_is_served_as_the_version_it_led_to(
    caller_for: Callable[..., Caller], preview: str, stable: str
) -> None:
    late, early = caller_for(version=stable), caller_for(version=preview)
    for number in range(3):
        early.post(f"keys/k{number}/create", {"kty": "RSA"})
    assert early.get("keys/k1").json() == late.get("keys/k1").json()
    assert early.get("keys/k1/rotationpolicy").status_code == late.get("keys/k1/rotationpolicy").status_code
    assert f"?api-version={preview}&" in early.get("keys", maxresults=2).json()["nextLink"]
    assert len(early.walk("keys", maxresults=2)) == 2
    pending = early.post("certificates/c/create", SELF_SIGNED).headers["Location"]
    assert f"?api-version={preview}&" in pending
    assert early.session.get(pending).status_code == 200


def test_unknown_routes_and_methods(admin: Caller) -> None:
    assert admin.get("storage").status_code == 404
    assert admin.get("secrets/a/b/c/d").status_code == 404
    assert admin.post("secrets/a").status_code == 405
    for method, path in (("PUT", "secrets/"), ("POST", "certificates//create"), ("DELETE", "rng")):
        answer = admin.call(method, path, {"value": "1"})
        assert refusal(answer) == (405, "MethodNotAllowed", None)
        assert answer.json()["error"]["message"] == f"HTTP {method} not allowed"
    for path in ("keys//create", "keys/a"):
        answer = admin.post(path, {"kty": "RSA"})
        assert refusal(answer) == (400, "BadParameter", None)
        assert answer.json()["error"]["message"] == "Operation not specified"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"a"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object(admin: Caller, body: bytes) -> None:
    answer = admin.session.put(f"{admin.base}/secrets/a?api-version=7.3", data=body)
    assert refusal(answer) == (400, "BadParameter", None)


def test_hosts_that_are_not_ours(admin: Caller) -> None:
    assert admin.session.get("https://kv-nowhere.vault.test/secrets?api-version=7.3").status_code == 404


def concrete(template: str) -> str:
    return template.replace("{name}", "absent").replace("{version}", "0" * 32).replace("{issuer}", "absent")


@pytest.mark.sweep
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_each_operation_asks_for_its_permission_before_it_looks(
    emulator: Emulator, caller_for: Callable[..., Caller], route: Any
) -> None:
    emulator.set_permissions(VAULT, DEPLOY.object_id, {})
    deploy = caller_for(DEPLOY, version="2026-04-01")
    answer = deploy.call(route.method, concrete(route.template), {})
    assert refusal(answer) == (403, "Forbidden", "ForbiddenByPolicy")
    collection, name = route.permissions[0].split("/")
    message = answer.json()["error"]["message"]
    caller = f"appid={DEPLOY.client_id};oid={DEPLOY.object_id};numgroups=0;iss=https://sts.windows.net/{TENANT_ID}/"
    assert message.startswith(
        f"The user, group or application '{caller}' does not have {collection} {name} permission on key vault "
        f"'{VAULT};location=westeurope'."
    )
    emulator.grant(route.permissions[0], principal=DEPLOY.name, vault=VAULT)
    assert deploy.call(route.method, concrete(route.template), {}).status_code != 403


def test_deny_and_grant(emulator: Emulator, admin: Caller) -> None:
    emulator.deny("secrets/set")
    assert admin.put("secrets/a", {"value": "1"}).status_code == 403
    emulator.grant("secrets/set", principal="sp-shop-admin", vault=VAULT)
    assert admin.put("secrets/a", {"value": "1"}).status_code == 200
    with pytest.raises(LookupError, match="no permission secrets/fly"):
        emulator.grant("secrets/fly", principal="sp-shop-admin")
    with pytest.raises(LookupError, match="no service principal sp-nobody"):
        emulator.grant("secrets/get", principal="sp-nobody")


def test_all_covers_everything_but_purge(emulator: Emulator, caller_for: Callable[..., Caller]) -> None:
    emulator.set_permissions(VAULT, DEPLOY.object_id, {"secrets": ["All"]})
    deploy = caller_for(DEPLOY)
    assert deploy.get("secrets/absent").status_code == 404
    assert deploy.delete("deletedsecrets/absent").status_code == 403


def test_requests_are_recorded_without_their_secrets_in_the_repr(emulator: Emulator, admin: Caller) -> None:
    emulator.requests.clear()
    admin.put("secrets/a", {"value": "canary"})
    [received] = emulator.requests
    assert (received.method, received.host, received.path) == ("PUT", f"{VAULT}.vault.test", "/secrets/a")
    assert received.body == {"value": "canary"}
    assert received.query == {"api-version": "7.3"}
    assert "canary" not in repr(received)
    assert "Bearer" not in repr(received)


def test_fixed_words_come_before_names() -> None:
    """As at the real service: of the operations that a path fits, the one with words of its own furthest to the left."""
    templates: dict[tuple[str, str], list[list[str]]] = {}
    for route in ROUTES:
        collection, *parts = route.template.split("/")
        templates.setdefault((route.method, collection), []).append(parts)
    words = {part for each in templates.values() for parts in each for part in parts if not part.startswith("{")}
    for ((method, collection), known), *rest in product(templates.items(), words, [*words, ""]):
        path = [word for word in rest if word]
        fitting = [
            parts
            for parts in known
            if len(parts) == len(path)
            and all(part.startswith("{") or part == word for part, word in zip(parts, path, strict=True))
        ]
        best = max(fitting, key=lambda parts: [not part.startswith("{") for part in parts], default=None)
        found = ROUTER.find(method, [collection, *(word.upper() for word in path)])
        assert (found[0].template.split("/")[1:] if found else None) == best, f"{method} {collection} {path}"
