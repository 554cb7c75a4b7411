"""The form for a new key: AES in an HSM, sizes, export under a release policy, dates."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from tests.browsing import filled, text_of
from tests.conftest import World
from tests.views.policies import newest as newest
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/new/key/"
AUTHORITY = {"authority": "https://attest.example/", "allOf": [{"claim": "c", "equals": "v"}]}
RULES = {"version": "1.0.0", "anyOf": [AUTHORITY]}


def create(client: Client, **typed: Any) -> Any:
    return client.post(PAGE, filled(client.get(PAGE), **{"name": "fresh", **typed}))


def sent(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.path.endswith("/create")]


def test_an_exportable_key_is_made_with_its_release_policy(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    typed = {"kty": "RSA-HSM", "exportable": "on", "release_policy": json.dumps(RULES, indent=1), "immutable": "on"}
    assert create(olga, **typed).status_code == 302
    [body] = sent(emulator)
    assert body["attributes"] == {"exportable": True}
    assert body["release_policy"]["contentType"] == "application/json; charset=utf-8"
    assert body["release_policy"]["immutable"] is True
    assert json.loads(base64.urlsafe_b64decode(body["release_policy"]["data"] + "==")) == RULES
    stored = newest.keys.get("fresh")
    assert stored.release_policy is not None
    assert (stored.properties.exportable, stored.release_policy.immutable) == (True, True)
    assert json.loads(stored.release_policy.text) == RULES


def test_without_it_nothing_is_said_of_an_export(olga: Client, world: World, emulator: Emulator) -> None:
    typed = {"not_before": "2030-01-01T00:00", "expires_on": "2031-01-01T00:00"}
    assert create(olga, **typed).status_code == 302
    [body] = sent(emulator)
    assert "release_policy" not in body
    assert set(body["attributes"]) == {"nbf", "exp"}
    assert body["attributes"]["exp"] - body["attributes"]["nbf"] == 365 * 86400


DEEP = "[" * 9000
REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "This can't be read as JSON (line 1, column 2)."),
    "deep": (DEEP + "]" * 9000, "This is nested too deep for a release policy."),
    "huge": (" " + "x" * 20_001 + " ", "at most 20000 characters"),
    "a number that JSON does not have": ('{"version": NaN}', "This can't be read as JSON."),
    "a number that is too large": ('{"version": 1e999}', "This can't be read as JSON."),
    "a list": ("[]", "A release policy is a JSON object."),
    "no version": ({"anyOf": [AUTHORITY]}, 'The member "version" is missing'),
    "no rules": ({"version": "1.0.0"}, 'It needs either "anyOf" or "allOf"'),
    "empty rules": ({"version": "1.0.0", "anyOf": []}, 'It needs either "anyOf" or "allOf"'),
    "both rules": ({**RULES, "allOf": [AUTHORITY]}, 'It needs either "anyOf" or "allOf"'),
    "no authority": ({"version": "1.0.0", "anyOf": [{"allOf": [{}]}]}, 'Each entry of the list needs an "authority"'),
    "no https": (
        {"version": "1.0.0", "anyOf": [{**AUTHORITY, "authority": "http://x"}]},
        'Each entry of the list needs an "authority"',
    ),
    "no claims": (
        {"version": "1.0.0", "anyOf": [{"authority": "https://x"}]},
        'Each authority needs "anyOf" or "allOf": a list of claims.',
    ),
    "nothing": ("", "A key that may be exported needs a release policy."),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_release_policy_is_checked(
    kind: str, olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    policy, words = REFUSED[kind]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    answer = create(olga, kty="RSA-HSM", exportable="on", release_policy=text)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"release_policy"}
    assert words in errors["release_policy"][0]
    assert answer.context["form"]["release_policy"].value() == text
    assert not sent(emulator)


@pytest.mark.parametrize("value", ["ü", "\ud800", "x" * 9000, 7, True, None])
def test_claims_are_left_to_the_vault(
    value: Any, olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    rules = {"version": "1.0.0", "anyOf": [{**AUTHORITY, "allOf": [{"claim": "c", "equals": value}]}]}
    assert create(olga, kty="RSA-HSM", exportable="on", release_policy=json.dumps(rules)).status_code == 302
    sent_rules = base64.urlsafe_b64decode(sent(emulator)[0]["release_policy"]["data"] + "==")
    assert json.loads(sent_rules) == rules


@pytest.mark.parametrize("depth", [200, 500, 800, 950, 990])
def test_no_depth_of_a_release_policy_fails(
    depth: int, olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    claim = '{"claim": "c", "equals": ' + "[" * depth + "]" * depth + "}"
    rules = f'{{"version": "1.0.0", "anyOf": [{{"authority": "https://a", "allOf": [{claim}]}}]}}'
    assert create(olga, kty="RSA-HSM", exportable="on", release_policy=rules).status_code in (302, 400, 422)


def test_what_contradicts_itself_is_refused(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    answer = create(olga, release_policy=json.dumps(RULES))
    assert set(answer.context["form"].errors) == {"exportable"}
    answer = create(olga, immutable="on")
    assert set(answer.context["form"].errors) == {"immutable"}
    assert not sent(emulator)


def test_an_old_api_version_knows_no_export(olga: Client, world: World, emulator: Emulator) -> None:
    answer = create(olga, exportable="on", release_policy=json.dumps(RULES))
    [words] = answer.context["form"].errors["exportable"]
    assert words == "This connection uses API version 7.0. Export exists from 7.3 on."
    assert not sent(emulator)


# Sizes and types


@pytest.mark.parametrize(
    ("kty", "size", "words"),
    [
        ("RSA", "256", "An RSA key has 2048, 3072 or 4096 bits."),
        ("RSA-HSM", "128", "An RSA key has 2048, 3072 or 4096 bits."),
        ("oct-HSM", "2048", "An AES key has 128, 192 or 256 bits."),
    ],
)
def test_the_size_fits_the_type(
    kty: str, size: str, words: str, olga: Client, world: World, emulator: Emulator
) -> None:
    answer = create(olga, kty=kty, key_size=size)
    assert answer.context["form"].errors == {"key_size": [words]}
    assert not sent(emulator)


def test_a_vault_that_has_aes_keys_makes_one(olga: Client, world: World, emulator: Emulator) -> None:
    assert create(olga, kty="oct-HSM", key_size="256").status_code == 302
    [body] = sent(emulator)
    assert (body["kty"], body["key_size"], "crv" in body) == ("oct-HSM", 256, False)


def test_a_vault_without_aes_keys_says_so(olga: Client, world: World, emulator: Emulator) -> None:
    error = {"error": {"code": "BadParameter", "message": "Property  has invalid value"}}
    emulator.answer_next(400, error, method="POST")
    answer = create(olga, kty="oct-HSM", key_size="256")
    assert answer.status_code == 400
    assert "has invalid value" in text_of(answer)
    assert answer.context["form"]["kty"].value() == "oct-HSM"


def test_a_key_exchange_key_is_made_with_import_as_its_only_operation(
    olga: Client, world: World, emulator: Emulator
) -> None:
    assert create(olga, kty="RSA-HSM", key_ops=["import"]).status_code == 302
    assert sent(emulator)[0]["key_ops"] == ["import"]


@pytest.mark.parametrize(("kty", "operations"), [("RSA", ["import"]), ("RSA-HSM", ["import", "sign"])])
def test_a_key_exchange_key_is_nothing_else(
    kty: str, operations: list[str], olga: Client, world: World, emulator: Emulator
) -> None:
    answer = create(olga, kty=kty, key_ops=operations)
    assert answer.context["form"].errors == {
        "key_ops": ["A key exchange key is RSA in an HSM, and “import” is its only operation."]
    }
    assert not sent(emulator)
