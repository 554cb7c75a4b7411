"""AES keys in the local vault: made, used, rotated and refused; and CBC against a recording of a Managed HSM."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.caller import Caller, refusal
from vaults.emulator import Emulator
from vaults.emulator.dataplane import symmetric
from vaults.emulator.wire import jwt

RECORDINGS = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings" / "keys"
SIZES = (128, 192, 256)
PLAIN, IV, AAD = bytes(range(40)), bytes(range(16)), b"who it is for"
AES = {"kty": "oct-HSM"}


def made(caller: Caller, size: int = 256, **more: Any) -> dict[str, Any]:
    answer = caller.post("keys/k/create", AES | {"key_size": size} | more)
    assert answer.status_code == 200, answer.text
    bundle: dict[str, Any] = answer.json()
    return bundle


def sent(caller: Caller, operation: str, algorithm: str, value: bytes, **members: bytes) -> Any:
    body = {name: jwt.encode(each) for name, each in {"value": value, **members}.items()}
    return caller.post(f"keys/k/{operation}", {"alg": algorithm, **body})


def result(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    return {name: jwt.decode(text) for name, text in answer.json().items() if name not in ("alg", "kid")}


@pytest.mark.parametrize("size", SIZES)
def test_an_aes_key_shows_nothing_of_itself(admin: Caller, caller_for: Callable[..., Caller], size: int) -> None:
    key = made(admin, size)["key"]
    assert set(key) == {"kid", "kty", "key_ops"}
    assert "key_size" not in admin.get("keys/k").json()["attributes"]
    assert caller_for(version="2026-04-01").get("keys/k").json()["attributes"]["key_size"] == size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("mode", "given"), [("GCM", {"aad": AAD}), ("CBC", {"iv": IV}), ("CBC", {}), ("CBCPAD", {"iv": IV})]
)
def test_there_and_back(admin: Caller, size: int, mode: str, given: dict[str, bytes]) -> None:
    made(admin, size)
    sealed = result(sent(admin, "encrypt", f"A{size}{mode}", PLAIN, **given))
    assert set(sealed) == ({"value", "iv", "tag", "aad"} if mode == "GCM" else {"value", "iv"})
    opened = result(sent(admin, "decrypt", f"A{size}{mode}", sealed.pop("value"), **sealed))["value"]
    assert opened == PLAIN + (bytes(8) if mode == "CBC" else b"")  # CBC alone fills up with zeros
    wrapped = result(sent(admin, "wrapkey", f"A{size}KW", PLAIN))["value"]
    assert result(sent(admin, "unwrapkey", f"A{size}KW", wrapped)) == {"value": PLAIN}


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_mac_is_verified(admin: Caller, algorithm: str, length: int) -> None:
    made(admin)
    digest = bytes(range(length))
    mac = result(sent(admin, "sign", algorithm, digest))["value"]
    for value, matches in ((mac, True), (mac[::-1], False)):
        assert sent(admin, "verify", algorithm, value, digest=digest).json() == {"value": matches}


@pytest.mark.parametrize(
    ("operation", "algorithm", "members"),
    [
        ("encrypt", "A128GCM", {}),
        ("encrypt", "A256KW", {}),
        ("encrypt", "RSA-OAEP", {}),
        ("encrypt", "A256CBCPAD", {"iv": IV[:12]}),
        ("decrypt", "A256GCM", {"iv": IV[:12]}),
        ("decrypt", "A256GCM", {"iv": IV[:12], "tag": IV}),
        ("decrypt", "A256CBC", {"iv": IV}),
        ("wrapkey", "A256KW", {"value": PLAIN[:9]}),
        ("unwrapkey", "A256KW", {}),
        ("sign", "HS384", {"value": PLAIN[:32]}),
        ("sign", "RS256", {"value": PLAIN[:32]}),
    ],
)
def test_what_does_not_fit_is_refused(admin: Caller, operation: str, algorithm: str, members: dict[str, bytes]) -> None:
    made(admin)
    answer = sent(admin, operation, algorithm, **{"value": PLAIN, **members})
    assert refusal(answer) == (400, "BadParameter", None)


def test_aes_keys_that_are_not_made(emulator: Emulator, caller_for: Callable[..., Caller]) -> None:
    for body in (AES | {"key_size": 2048}, {"kty": "oct", "key_size": 256}, AES | {"key_ops": ["import"]}):
        assert refusal(caller_for().post("keys/k/create", body)) == (400, "BadParameter", None)
    emulator.add_vault("kv-standard", sku="standard")
    emulator.grant("keys/create", principal="sp-shop-admin", vault="kv-standard")
    assert caller_for(vault="kv-standard").post("keys/k/create", AES).status_code == 400


def test_a_rotated_aes_key_is_another_one_of_its_size(admin: Caller) -> None:
    made(admin, 192)
    first = result(sent(admin, "wrapkey", "A192KW", PLAIN))
    assert admin.post("keys/k/rotate").status_code == 200
    assert result(sent(admin, "wrapkey", "A192KW", PLAIN)) != first


def test_an_rsa_key_has_no_aes_algorithm(admin: Caller) -> None:
    admin.post("keys/k/create", {"kty": "RSA"})
    assert refusal(sent(admin, "encrypt", "A256GCM", PLAIN)) == (400, "BadParameter", None)


@pytest.mark.skipif(not RECORDINGS.exists(), reason="no recordings (KVPORTAL_REFERENCE_DIR)")
def test_cbc_makes_what_was_recorded() -> None:
    """The tag that was recorded for GCM is none of its key and additional data, so GCM is left out."""
    recording = json.loads(
        (RECORDINGS / "py.test_crypto_client.symmetric_encrypt_and_decrypt-7.3_mhsm.json").read_text()
    )
    calls = [(entry["RequestBody"], entry["ResponseBody"]) for entry in recording["Entries"] if entry["RequestBody"]]
    key = jwt.decode(calls[0][0]["key"]["k"])
    of_cbc = [(request, answer) for request, answer in calls if "CBC" in request.get("alg", "")]
    assert len(of_cbc) == 4
    for request, answer in of_cbc:
        given = {name: jwt.decode(text) for name, text in request.items() if name != "alg"}
        does = symmetric.seal if "iv" in answer else symmetric.unseal
        made = does(key, request["alg"], given.pop("value"), given)
        assert made == {name: jwt.decode(text) for name, text in answer.items() if name not in ("alg", "kid")}
