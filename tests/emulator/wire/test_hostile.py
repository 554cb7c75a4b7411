"""Bodies that no client of Azure would send: answered with 400, never with 5xx, and nothing of them stays."""

import json
import random
from collections.abc import Mapping

import pytest
import requests

from tests.emulator.caller import SELF_SIGNED, Caller
from tests.emulator.odd import NOT_JSON, ODD_VALUES
from vaults.emulator.dataplane.routes import ROUTES

DRAWN = 30
MEMBERS = (
    "value", "attributes", "tags", "contentType", "kty", "key_size", "crv", "key_ops", "key", "Hsm", "policy", "alg",
    "digest", "iv", "target", "nonce", "enc", "lifetimeActions", "release_policy", "pwd", "x5c", "contacts",
    "cancellation_requested", "provider", "credentials", "org_details", "count", "public_exponent",
)  # fmt: skip
INNER = {
    "policy": ("key_props", "secret_props", "x509_props", "lifetime_actions", "issuer", "attributes"),
    "key": ("kty", "key_ops", "n", "e", "d", "p", "crv", "x", "k"),
    "release_policy": ("data", "immutable", "contentType"),
    "attributes": ("enabled", "exp", "nbf", "exportable"),
    "credentials": ("account_id", "pwd"),
    "org_details": ("id", "admin_details"),
}
USUAL = {
    "value": "AAAA",
    "kty": "EC",
    "alg": "ES256",
    "digest": "AAAA",
    "target": "x",
    "provider": "Test",
    "key": {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "d": "AAAA"},
    **SELF_SIGNED,
}


def send(caller: Caller, method: str, path: str, body: bytes) -> requests.Response:
    url = f"{caller.base}/{path}?api-version=2026-04-01"
    return caller.session.request(method, url, data=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_refused(admin: Caller, body: bytes) -> None:
    answer = send(admin, "PUT", "secrets/a", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    assert admin.get("secrets/a").status_code == 404
    assert admin.get("secrets").json()["value"] == []


def test_of_two_equal_members_the_last_one_counts(admin: Caller) -> None:
    assert send(admin, "PUT", "secrets/a", b'{"value":"1","value":"2"}').json()["value"] == "2"


def test_every_character_of_unicode_comes_back(admin: Caller) -> None:
    value = "\x00\x1f \u2028\ufffe\U0001f511 \u202e"
    assert admin.put("secrets/a", {"value": value}).status_code == 200
    assert admin.get("secrets/a").json()["value"] == value
    assert send(admin, "PUT", "secrets/a", b'{"value":"\\ud83d\\udd11"}').json()["value"] == "\U0001f511"


@pytest.mark.slow
def test_odd_values_in_the_members_of_every_operation(admin: Caller) -> None:
    """A draw of all such bodies for each operation: all of them would take a minute."""
    admin.put("secrets/a", {"value": "1"})
    admin.post("keys/a/create", {"kty": "EC"})
    admin.put("certificates/issuers/a", {"provider": "Test"})
    bodies = []
    for value in ODD_VALUES:
        for member in MEMBERS:
            rest = {name: given for name, given in USUAL.items() if name != member}
            bodies.append(_with(rest, member, value))
            bodies += [_with(rest, member, _with({}, inner, value)) for inner in INNER.get(member, ())]
    draw = random.Random(1)  # noqa: S311 - nothing secret
    for route in ROUTES:
        if route.method in ("PUT", "POST", "PATCH") and "{version}" not in route.template:
            path = route.template.replace("{name}", "a")
            for body in draw.sample(bodies, DRAWN):
                answer = send(admin, route.method, path, body.encode())
                assert answer.status_code < 500, (path, body[:200])
    for path in ("secrets", "keys", "certificates", "certificates/issuers", "secrets/a", "keys/a"):
        assert admin.get(path).status_code == 200


@pytest.mark.parametrize("path", ["secrets/%ff", "secrets/%00", "secrets/%ed%a0%80", "secrets/a%2fb", "%ff", "//"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE", "HEAD", "OPTIONS", "ODD"])
def test_odd_paths_and_methods(admin: Caller, method: str, path: str) -> None:
    assert 400 <= send(admin, method, path, b'{"value":"1"}').status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        "$skiptoken=AAAA",
        "$skiptoken=%00",
        "$skiptoken=eyJOZXh0TWFya2VyIjogIlx1ZDgwMCJ9",
        "maxresults=%F0",
        "maxresults=NaN",
        "maxresults=٣",
    ],
)
def test_odd_queries(admin: Caller, query: str) -> None:
    for path in ("secrets", "keys", "certificates", "deletedsecrets", "certificates/issuers"):
        answer = admin.session.get(f"{admin.base}/{path}?api-version=7.4&{query}")
        assert answer.status_code == 400, path


def _with(rest: Mapping[str, object], member: str, value: str) -> str:
    """A JSON object with one member whose value is given as JSON text."""
    return json.dumps(rest)[:-1] + (", " if rest else "") + f'"{member}": {value}' + "}"
