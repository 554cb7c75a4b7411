"""How often a vault may be asked in ten seconds."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulator.caller import VAULT, Caller, refusal
from tests.emulator.direct import Direct
from tests.emulator.issuing import chain, pem
from vaults.emulator import Emulator
from vaults.emulator.dataplane.limits import BUDGET, KEY_LIMITS, OTHER_LIMIT, STORED_LIMIT
from vaults.emulator.state import keymaterial

pytestmark = pytest.mark.sweep

THROTTLED = (429, "Throttled", None)
CREATED = {  # type and size of a key: how many may be made, and how often one may be used, in ten seconds
    ("RSA", 2048): (20, 4000),
    ("RSA", 3072): (20, 1000),
    ("RSA", 4096): (20, 500),
    ("RSA-HSM", 2048): (10, 2000),
    ("RSA-HSM", 3072): (10, 500),
    ("RSA-HSM", 4096): (10, 250),
    ("EC", None): (20, 4000),
    ("EC-HSM", None): (10, 2000),
}


class Standing:
    """A clock that stands: what happens in a test happens in one moment."""

    def __call__(self) -> float:
        return 1_800_000_000.0


@pytest.fixture
def emulator() -> Emulator:
    return Emulator.for_tests(has_limits=True, clock=Standing())


@pytest.fixture
def direct(emulator: Emulator) -> Direct:
    return Direct(emulator, VAULT)


def ask(direct: Direct, method: str, path: str, body: Any = None) -> Any:
    return direct.ask(method, f"{direct.base}/{path}?api-version=7.4", body)


def until_refused(direct: Direct, method: str, path: str, body: Any = None, most: int = 5000) -> int:
    """How often a call is answered before it meets the limit."""
    for number in range(most):
        answer = ask(direct, method, path, body)
        if answer.status_code == 429:
            assert refusal(answer) == THROTTLED
            return number
    return most


def test_all_costs_are_whole_numbers() -> None:
    limits = {STORED_LIMIT, OTHER_LIMIT, *(each for row in KEY_LIMITS.values() for each in row)}
    assert [each for each in limits if BUDGET % each] == []


def test_what_is_stored_is_counted_together(emulator: Emulator, direct: Direct) -> None:
    key, leaf, root = chain()
    private = keymaterial.pooled_key("RSA", 2048, "imported")
    assert isinstance(private, rsa.RSAPrivateKey)
    d = keymaterial.encode_number(private.private_numbers().d)
    jwk = {"kty": "RSA", "d": d, **keymaterial.public_jwk(private)}
    for number in range(50):
        assert ask(direct, "PUT", f"keys/k{number}", {"key": jwk}).status_code == 200
    for number in range(50):
        assert ask(direct, "POST", f"certificates/c{number}/import", {"value": pem(key, leaf, root)}).status_code == 200
    assert until_refused(direct, "PUT", "secrets/a", {"value": "1"}) == 200
    assert ask(direct, "PUT", "keys/k", {"key": jwk}).status_code == 429
    assert ask(direct, "POST", "certificates/c/import", {"value": pem(key, leaf)}).status_code == 429
    assert ask(direct, "GET", "secrets/a").status_code == 200
    assert ask(direct, "POST", "keys/new/create", {"kty": "EC"}).status_code == 200
    other = Direct(emulator, "kv-shop-stage")
    assert ask(other, "PUT", "secrets/a", {"value": "1"}).status_code == 200


def test_refused_calls_cost_nothing_and_time_gives_all_back(emulator: Emulator, direct: Direct) -> None:
    assert until_refused(direct, "PUT", "secrets/a", {"value": "1"}) == 300
    for _ in range(200):
        assert ask(direct, "PUT", "secrets/a", {"value": "1"}).status_code == 429
    emulator.clock.advance(9.9)
    assert ask(direct, "PUT", "secrets/a", {"value": "1"}).status_code == 429
    emulator.clock.advance(0.1)
    assert until_refused(direct, "PUT", "secrets/a", {"value": "1"}) == 300
    emulator.clock.advance(-86400)  # a clock that was pushed forward goes back to the real time
    direct.sign_in()
    assert ask(direct, "PUT", "secrets/a", {"value": "1"}).status_code == 200


def test_who_may_not_costs_nothing(emulator: Emulator, direct: Direct) -> None:
    emulator.deny("secrets/set")
    for _ in range(310):
        assert ask(direct, "PUT", "secrets/a", {"value": "1"}).status_code == 403
    emulator.grant("secrets/set", principal="sp-shop-admin")
    assert until_refused(direct, "PUT", "secrets/a", {"value": "1"}) == 300


def test_everything_else_is_counted_together(direct: Direct) -> None:
    for number in range(1000):
        assert (
            ask(direct, "GET", ("secrets", "keys/k", "certificates/c", "deletedkeys/k")[number % 4]).status_code < 429
        )
    assert until_refused(direct, "GET", "secrets") == 3000
    assert ask(direct, "PUT", "secrets/a", {"value": "1"}).status_code == 200


@pytest.mark.parametrize(("key", "limits"), CREATED.items(), ids=str)
def test_keys_by_their_type(direct: Direct, key: tuple[str, int | None], limits: tuple[int, int]) -> None:
    body = {"kty": key[0]} | ({"key_size": key[1]} if key[1] else {})
    assert until_refused(direct, "POST", "keys/k/create", body) == limits[0]
    assert ask(direct, "POST", "keys/k/rotate").status_code == 429
    version = ask(direct, "GET", "keys/k").json()["key"]["kid"].rpartition("/")[2]
    assert until_refused(direct, "GET", f"keys/K/{version}") == limits[1] - 1
    assert ask(direct, "GET", "keys/k/versions").status_code == 429


def test_keys_are_counted_by_the_sum_of_their_weights(direct: Direct) -> None:
    """The example of Azure's documentation: 249 transactions with the one and 8 with the other."""
    ask(direct, "POST", "keys/large/create", {"kty": "RSA-HSM", "key_size": 4096})
    ask(direct, "POST", "keys/small/create", {"kty": "RSA-HSM", "key_size": 2048})
    for _ in range(249):
        assert ask(direct, "GET", "keys/large").status_code == 200
    assert until_refused(direct, "GET", "keys/small") == 8
    assert until_refused(direct, "POST", "keys/k/create", {"kty": "RSA"}) == 16


def test_a_subscription_has_as_much_as_five_vaults(emulator: Emulator) -> None:
    subscription = "5ab5c219-0000-4000-8000-00000000000a"
    for number in range(6):
        emulator.add_vault(f"kv-many-{number}", subscription=subscription.upper() if number % 2 else subscription)
        emulator.set_permissions(f"kv-many-{number}", emulator.principal("sp-shop-admin").object_id, {"keys": ["all"]})
    each = [Direct(emulator, f"kv-many-{number}") for number in range(6)]
    assert [until_refused(one, "POST", "keys/k/create", {"kty": "EC"}) for one in each] == [20] * 5 + [0]


def test_no_limits_unless_they_are_wanted() -> None:
    direct = Direct(Emulator.for_tests(clock=Standing()), VAULT)
    assert until_refused(direct, "POST", "keys/k/create", {"kty": "EC"}, 50) == 50
    assert Emulator(":memory:").service.has_limits


def test_the_client_is_told_as_azure_tells_it(admin: Caller) -> None:
    for _ in range(20):
        admin.post("keys/k/create", {"kty": "EC"})
    answer = admin.post("keys/k/create", {"kty": "EC"})
    assert refusal(answer) == THROTTLED
    assert answer.json()["error"]["message"].endswith("Reason: VaultRequestTypeLimitReached")
    assert "Retry-After" not in answer.headers
    assert "x-ms-keyvault-service-version" in answer.headers
