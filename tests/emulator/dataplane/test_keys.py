import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.emulator.caller import Caller, issued, refusal
from vaults.emulator import Emulator
from vaults.emulator.state import keymaterial
from vaults.emulator.wire import jwt

pytestmark = pytest.mark.slow

RSA_OPS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def number(text: str) -> int:
    return int.from_bytes(jwt.decode(text), "big")


def test_an_rsa_key(admin: Caller) -> None:
    shown = admin.post("keys/k/create", {"kty": "RSA", "tags": {"a": "b"}}).json()
    kid = shown["key"].pop("kid")
    assert kid.startswith(f"{admin.base}/keys/k/")
    n = shown["key"].pop("n")
    assert number(n).bit_length() == 2048
    assert shown["key"] == {"kty": "RSA", "key_ops": RSA_OPS, "e": "AQAB"}
    assert shown["tags"] == {"a": "b"}
    assert "managed" not in shown
    assert "exportable" not in shown["attributes"]
    [[item]] = admin.walk("keys")
    assert item == {"kid": f"{admin.base}/keys/k", "attributes": shown["attributes"], "tags": {"a": "b"}}


@pytest.mark.parametrize(("curve", "size"), [("P-256", 32), ("P-384", 48), ("P-521", 66), ("P-256K", 32)])
def test_ec_keys(admin: Caller, curve: str, size: int) -> None:
    key = admin.post("keys/k/create", {"kty": "EC", "crv": curve}).json()["key"]
    assert (key["crv"], key["key_ops"]) == (curve, ["sign", "verify"])
    assert [len(jwt.decode(key[part])) for part in ("x", "y")] == [size, size]


def test_later_versions_show_more(admin: Caller, caller_for: Callable[..., Caller]) -> None:
    admin.post("keys/k/create", {"kty": "EC"})
    assert caller_for(version="7.4").get("keys/k").json()["attributes"]["exportable"] is False
    assert "hsmPlatform" not in caller_for(version="7.4").get("keys/k").json()["attributes"]
    assert caller_for(version="7.5").get("keys/k").json()["attributes"]["hsmPlatform"] == "0"


def test_a_key_without_type(admin: Caller) -> None:
    message = admin.post("keys/k/create", {}).json()["error"]["message"]
    assert message == "Property  has invalid value\r\nProperty  has invalid value\r\n"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kty": "oct"},
        {"kty": "rsa"},
        {"kty": "RSA", "key_size": 1024},
        {"kty": "RSA", "key_size": "2048"},
        {"kty": "EC", "crv": "P-192"},
        {"kty": "EC", "key_ops": ["encrypt"]},
        {"kty": "RSA", "key_ops": ["fly"]},
        {"kty": "RSA", "key_ops": "sign"},
        {"kty": "EC", "attributes": {"exportable": True}},
    ],
)
def test_keys_that_are_refused(admin: Caller, body: dict[str, Any]) -> None:
    assert refusal(admin.post("keys/k/create", body)) == (400, "BadParameter", None)


def test_hardware_keys_need_a_premium_vault(emulator: Emulator, caller_for: Callable[..., Caller]) -> None:
    assert caller_for().post("keys/k/create", {"kty": "RSA-HSM"}).json()["key"]["kty"] == "RSA-HSM"
    emulator.add_vault("kv-standard", sku="standard")
    emulator.grant("keys/create", principal="sp-shop-admin", vault="kv-standard")
    assert caller_for(vault="kv-standard").post("keys/k/create", {"kty": "RSA-HSM"}).status_code == 400


def test_update_key(admin: Caller) -> None:
    admin.post("keys/k/create", {"kty": "RSA", "tags": {"a": "1"}})
    shown = admin.patch("keys/k/", {"key_ops": ["sign"], "attributes": {"enabled": False}}).json()
    assert (shown["key"]["key_ops"], shown["tags"]) == (["sign"], {"a": "1"})
    assert shown["attributes"]["enabled"] is False


def test_sign_and_verify_agree_with_the_public_key(admin: Caller) -> None:
    key = admin.post("keys/k/create", {"kty": "RSA"}).json()["key"]
    public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
    digest = hashlib.sha256(b"text").digest()
    answer = admin.post("keys/k/sign", {"alg": "RS256", "value": jwt.encode(digest)}).json()
    assert answer["kid"] == key["kid"]
    public.verify(jwt.decode(answer["value"]), b"text", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("kind", "algorithm", "size"),
    [
        ({"kty": "RSA"}, "RS384", 48),
        ({"kty": "RSA"}, "RS512", 64),
        ({"kty": "RSA"}, "PS256", 32),
        ({"kty": "RSA"}, "PS512", 64),
        ({"kty": "RSA"}, "RSNULL", 20),
        ({"kty": "EC", "crv": "P-256"}, "ES256", 32),
        ({"kty": "EC", "crv": "P-384"}, "ES384", 48),
        ({"kty": "EC", "crv": "P-521"}, "ES512", 64),
        ({"kty": "EC", "crv": "P-256K"}, "ES256K", 32),
    ],
)
def test_a_signature_verifies_and_a_changed_one_does_not(
    admin: Caller, kind: dict[str, Any], algorithm: str, size: int
) -> None:
    admin.post("keys/k/create", kind)
    digest = jwt.encode(b"\x17" * size)
    signature = admin.post("keys/k/sign", {"alg": algorithm, "value": digest}).json()["value"]
    body = {"alg": algorithm, "digest": digest, "value": signature}
    assert admin.post("keys/k/verify", body).json() == {"value": True}
    changed = {**body, "digest": jwt.encode(b"\x18" * size)}
    assert admin.post("keys/k/verify", changed).json() == {"value": False}


@pytest.mark.parametrize("algorithm", ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"])
@pytest.mark.parametrize(("there", "back"), [("encrypt", "decrypt"), ("wrapkey", "unwrapkey")])
def test_encryption_both_ways(admin: Caller, algorithm: str, there: str, back: str) -> None:
    created = admin.post("keys/k/create", {"kty": "RSA"}).json()["key"]["kid"].rpartition("/")[2]
    cipher = admin.post(f"keys/k/{there}", {"alg": algorithm, "value": jwt.encode(b"plain")}).json()["value"]
    plain = admin.post(f"keys/k/{created}/{back}", {"alg": algorithm, "value": cipher}).json()["value"]
    assert jwt.decode(plain) == b"plain"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("sign", {"alg": "RS256", "value": jwt.encode(b"short")}),
        ("sign", {"alg": "ES256", "value": jwt.encode(b"x" * 32)}),
        ("sign", {"alg": "RS256", "value": "not base64!"}),
        ("sign", {"alg": "RS256"}),
        ("sign", {"value": jwt.encode(b"x" * 32)}),
        ("encrypt", {"alg": "A128GCM", "value": "AA"}),
        ("encrypt", {"alg": "RSA-OAEP", "value": jwt.encode(b"x" * 300)}),
        ("decrypt", {"alg": "RSA-OAEP", "value": jwt.encode(b"x" * 256)}),
    ],
)
def test_work_that_is_refused(admin: Caller, operation: str, body: dict[str, str]) -> None:
    admin.post("keys/k/create", {"kty": "RSA"})
    assert refusal(admin.post(f"keys/k/{operation}", body)) == (400, "BadParameter", None)


def test_key_ops_dates_and_enabled_are_obeyed(admin: Caller) -> None:
    sign = ("keys/k/sign", {"alg": "RS256", "value": jwt.encode(b"x" * 32)})
    admin.post("keys/k/create", {"kty": "RSA", "key_ops": ["sign"]})
    assert admin.post(*sign).status_code == 200
    answer = admin.post("keys/k/decrypt", {"alg": "RSA-OAEP", "value": "AA"})
    assert refusal(answer) == (403, "Forbidden", "KeyOperationForbidden")
    assert answer.json()["error"]["message"] == "Operation decrypt is not permitted on this key."
    admin.patch("keys/k", {"attributes": {"exp": 1600000000}})
    assert refusal(admin.post(*sign)) == (403, "Forbidden", "KeyExpired")
    admin.patch("keys/k", {"attributes": {"exp": 4000000000, "nbf": 3900000000}})
    assert refusal(admin.post(*sign)) == (403, "Forbidden", "KeyNotYetValid")
    admin.patch("keys/k", {"attributes": {"enabled": False, "nbf": 1}})
    assert refusal(admin.post(*sign)) == (403, "Forbidden", "KeyDisabled")


def test_an_expired_key_still_decrypts(admin: Caller) -> None:
    admin.post("keys/k/create", {"kty": "RSA"})
    cipher = admin.post("keys/k/encrypt", {"alg": "RSA-OAEP", "value": jwt.encode(b"plain")}).json()["value"]
    admin.patch("keys/k", {"attributes": {"exp": 1600000000}})
    assert admin.post("keys/k/decrypt", {"alg": "RSA-OAEP", "value": cipher}).status_code == 200


def private_jwk() -> dict[str, Any]:
    key = keymaterial.pooled_key("EC", 0, "P-256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    private = key.private_numbers().private_value
    return {"kty": "EC", "d": keymaterial.encode_number(private), **keymaterial.public_jwk(key)}


def test_import_key(admin: Caller) -> None:
    jwk = private_jwk()
    shown = admin.put("keys/k", {"key": jwk, "attributes": {"exp": 1900000000}}).json()
    assert (shown["key"]["x"], shown["key"]["y"]) == (jwk["x"], jwk["y"])
    assert "d" not in shown["key"]
    assert shown["attributes"]["exp"] == 1900000000


def test_an_imported_rsa_key_shows_the_curve_that_was_sent_with_it(admin: Caller) -> None:
    key = keymaterial.pooled_key("RSA", 2048, "imported")
    assert isinstance(key, rsa.RSAPrivateKey)
    private = keymaterial.encode_number(key.private_numbers().d)
    jwk = {"kty": "RSA", "d": private, **keymaterial.public_jwk(key)}
    assert "crv" not in admin.put("keys/k", {"key": jwk}).json()["key"]
    assert admin.put("keys/k", {"key": jwk | {"crv": "P-256"}}).json()["key"]["crv"] == "P-256"
    assert admin.get("keys/k").json()["key"]["crv"] == "P-256"
    assert admin.put("keys/k", {"key": jwk | {"crv": None}}).status_code == 200
    assert admin.put("keys/k", {"key": jwk | {"crv": 7}}).status_code == 400


@pytest.mark.parametrize(
    "key", [None, {}, {"kty": "EC"}, {"kty": "oct", "k": "AA"}, {"kty": "RSA", "n": "AQ", "e": "AQ", "d": "AQ"}]
)
def test_imports_that_are_refused(admin: Caller, key: Any) -> None:
    answer = admin.put("keys/k", {"key": key})
    assert refusal(answer) == (400, "BadParameter", None)
    assert answer.json()["error"]["message"] == 'The property "key" must be a valid JsonWebKey object.'


def transfer_blob(kid: str, public: rsa.RSAPublicKey, key: keymaterial.PrivateKey, **header: str) -> dict[str, Any]:
    """As the BYOK tools of HSM vendors write it."""
    aes = bytes(range(32))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 as specified
    wrapped = public.encrypt(aes, oaep) + keywrap.aes_key_wrap_with_padding(aes, keymaterial.dump(key))
    head = {"kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP", **header}
    return {"schema_version": "1.0.0", "header": head, "ciphertext": jwt.encode(wrapped), "generator": "a test"}


def exchange_key(admin: Caller) -> tuple[str, rsa.RSAPublicKey]:
    made = admin.post("keys/kek/create", {"kty": "RSA-HSM", "key_ops": ["import"]}).json()["key"]
    return made["kid"], rsa.RSAPublicNumbers(number(made["e"]), number(made["n"])).public_key()


def as_sent(blob: dict[str, Any]) -> str:
    return jwt.encode(json.dumps(blob).encode())


@pytest.mark.parametrize(("kty", "curve"), [("RSA", ""), ("EC", "P-256"), ("EC", "P-521")])
def test_a_key_transfer_blob_is_unwrapped(kty: str, curve: str, admin: Caller) -> None:
    kid, public = exchange_key(admin)
    key = keymaterial.pooled_key(kty, 2048, curve)
    sent = {"kty": f"{kty}-HSM", "key_hsm": as_sent(transfer_blob(kid, public, key))} | (
        {"crv": curve} if curve else {}
    )
    shown = admin.put("keys/k", {"key": sent}).json()
    assert shown["key"].items() >= keymaterial.public_jwk(key).items()
    assert (shown["key"]["kty"], "key_hsm" in shown["key"]) == (f"{kty}-HSM", False)


@pytest.mark.parametrize("wrong", ["type", "curve", "software", "mechanism", "vault", "key", "damaged", "rubbish"])
def test_other_key_transfer_blobs_are_refused(wrong: str, admin: Caller) -> None:
    kid, public = exchange_key(admin)
    if wrong == "key":
        kid = admin.post("keys/other/create", {"kty": "RSA-HSM"}).json()["key"]["kid"]
    if wrong == "vault":
        kid = kid.replace("https://", "https://another-")
    key = keymaterial.pooled_key("EC", 0, "P-256")
    blob = transfer_blob(kid, public, key, **({"enc": "dir"} if wrong == "mechanism" else {}))
    if wrong == "damaged":
        blob["ciphertext"] = blob["ciphertext"][:-8] + "AAAAAAAA"
    sent = {
        "kty": {"type": "RSA-HSM", "software": "EC"}.get(wrong, "EC-HSM"),
        "crv": "P-384" if wrong == "curve" else "P-256",
        "key_hsm": "AAAA" if wrong == "rubbish" else as_sent(blob),
    }
    assert refusal(admin.put("keys/k", {"key": sent})) == (400, "BadParameter", None)


def test_rotate(admin: Caller) -> None:
    first = admin.post("keys/k/create", {"kty": "EC", "crv": "P-384", "tags": {"a": "b"}}).json()
    policy = {"lifetimeActions": [], "attributes": {"expiryTime": "P90D"}}
    assert admin.put("keys/k/rotationpolicy", policy).status_code == 200
    second = admin.post("keys/k/rotate").json()
    assert second["key"]["kid"] != first["key"]["kid"]
    assert (second["key"]["crv"], second["tags"]) == ("P-384", {"a": "b"})
    assert second["attributes"]["exp"] - second["attributes"]["created"] == 90 * 86400
    assert len(admin.walk("keys/k/versions")[0]) == 2


def test_rotation_came_with_7_3(caller_for: Callable[..., Caller]) -> None:
    assert caller_for(version="7.2").post("keys/k/rotate").status_code == 405
    assert caller_for(version="7.3").post("keys/k/rotate").status_code == 404


def test_rotation_policy(admin: Caller) -> None:
    admin.post("keys/k/create", {"kty": "EC"})
    notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
    assert admin.get("keys/k/rotationpolicy").json() == {"lifetimeActions": [notify], "attributes": None}
    rotate = {"trigger": {"timeAfterCreate": "P18M"}, "action": {"type": "rotate"}}
    policy = {"lifetimeActions": [rotate], "attributes": {"expiryTime": "P4Y"}}
    shown = admin.put("keys/k/rotationpolicy", policy).json()
    assert shown["lifetimeActions"] == [{**rotate, "action": {"type": "Rotate"}}, notify]
    assert shown["attributes"]["expiryTime"] == "P4Y"
    assert admin.get("keys/k/rotationpolicy").json() == shown


@pytest.mark.parametrize(
    "policy",
    [
        {"lifetimeActions": [{"trigger": {}, "action": {"type": "Rotate"}}]},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "90 days"}, "action": {"type": "Rotate"}}]},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Sing"}}]},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}] * 2},
        {"lifetimeActions": [], "attributes": {"expiryTime": "P27D"}},
        {"lifetimeActions": "x"},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Notify"}}]},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P6D"}, "action": {"type": "Rotate"}}]},
        {"lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}]},
        *(
            {
                "lifetimeActions": [{"trigger": trigger, "action": {"type": "Rotate"}}],
                "attributes": {"expiryTime": "P90D"},
            }
            for trigger in (
                {"timeBeforeExpiry": "P6D"},
                {"timeBeforeExpiry": "P84D"},
                {"timeAfterCreate": "P84D"},
                {"timeAfterCreate": "P1Y"},
            )
        ),
    ],
)
def test_rotation_policies_that_are_refused(admin: Caller, policy: dict[str, Any]) -> None:
    admin.post("keys/k/create", {"kty": "EC"})
    assert refusal(admin.put("keys/k/rotationpolicy", policy)) == (400, "BadParameter", None)


@pytest.mark.parametrize(
    ("trigger", "expiry"),
    [
        ({"timeAfterCreate": "P7D"}, "P28D"),
        ({"timeAfterCreate": "P7D"}, None),
        ({"timeAfterCreate": "P83D"}, "P90D"),
        ({"timeBeforeExpiry": "P7D"}, "P90D"),
        ({"timeBeforeExpiry": "P83D"}, "P90D"),
    ],
)
def test_rotation_policies_at_the_limit(admin: Caller, trigger: dict[str, str], expiry: str | None) -> None:
    admin.post("keys/k/create", {"kty": "EC"})
    policy = {
        "lifetimeActions": [{"trigger": trigger, "action": {"type": "Rotate"}}],
        "attributes": {"expiryTime": expiry},
    }
    assert admin.put("keys/k/rotationpolicy", policy).status_code == 200


def test_only_keys_in_hardware_have_an_attestation(caller_for: Callable[..., Caller]) -> None:
    caller = caller_for(version="7.6")
    version = caller.post("keys/k/create", {"kty": "EC-HSM"}).json()["key"]["kid"].rpartition("/")[2]
    caller.post("keys/soft/create", {"kty": "EC"})
    assert "attestation" not in caller.get("keys/k").json()["attributes"]
    shown = caller.get(f"keys/k/{version}/attestation").json()
    assert shown["key"]["kid"].endswith(version)
    assert shown["attributes"]["attestation"].keys() == {
        "certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "version",
    }  # fmt: skip
    assert refusal(caller.get("keys/soft/attestation")) == (400, "BadParameter", None)
    assert refusal(caller.get("keys/none/attestation"))[0] == 404
    assert caller_for(version="7.5").get("keys/k/attestation").status_code == 405


def test_the_key_of_a_certificate_is_managed(admin: Caller) -> None:
    issued(admin, "tls")
    shown = admin.get("keys/tls").json()
    assert shown["managed"] is True
    assert shown["key"]["key_ops"] == ["sign", "verify", "wrapKey", "unwrapKey"]
    managed = (403, "Forbidden", "KeyManagedByKeyVault")
    assert refusal(admin.delete("keys/tls")) == managed
    assert refusal(admin.patch("keys/tls", {"tags": {}})) == managed
    assert refusal(admin.post("keys/tls/create", {"kty": "RSA"})) == managed
    assert refusal(admin.post("keys/tls/rotate")) == managed
    assert admin.post("keys/tls/sign", {"alg": "RS256", "value": jwt.encode(b"x" * 32)}).status_code == 200


def test_confidential_computing(caller_for: Callable[..., Caller]) -> None:
    caller = caller_for(version="2026-04-01")
    policy = {"data": jwt.encode(b"{}"), "immutable": True}
    body = {"kty": "RSA-HSM", "attributes": {"exportable": True}, "release_policy": policy}
    created = caller.post("keys/k/create", body).json()
    assert created["attributes"]["exportable"] is True
    assert created["release_policy"]["contentType"] == "application/json; charset=utf-8"
    changed = caller.patch("keys/k", {"release_policy": {"data": "AAAA"}})
    assert "AKV.SKR.1020" in changed.json()["error"]["message"]
    assert caller.post("keys/k/release", {"target": "token"}).json()["value"].count(".") == 2
    assert caller.get("keys/k/attestation").json()["attributes"]["attestation"]["version"] == "1.0"
    version = created["key"]["kid"].rpartition("/")[2]
    wrapped = caller.post(f"keys/k/{version}/securewrapkey", {"alg": "RSA-OAEP-256"}).json()
    assert set(wrapped) == {"kid", "alg", "value"}
    back = {"alg": "RSA-OAEP-256", "value": wrapped["value"], "target": "token"}
    plain = caller.post(f"keys/k/{version}/secureunwrapkey", back).json()["value"]
    assert len(jwt.decode(plain)) == 32
    assert caller.post("rng", {"count": 8}).status_code == 400


def test_a_release_policy_is_kept_as_the_service_keeps_it(caller_for: Callable[..., Caller]) -> None:
    given = {"anyOf": [{"anyOf": [{"equals": True, "claim": "c"}], "authority": "https://a"}], "version": "1.0.0"}
    kept = '{"version":"1.0.0","anyOf":[{"authority":"https://a","anyOf":[{"claim":"c","equals":"true"}]}]}'
    data = jwt.encode(json.dumps(given).encode())
    caller = caller_for(version="7.4")
    for immutable in (False, True):
        policy = {"data": data, "immutable": immutable}
        body = {"kty": "RSA-HSM", "attributes": {"exportable": True}, "release_policy": policy}
        made = caller.post(f"keys/k-{immutable}/create", body).json()
        assert jwt.decode(made["release_policy"]["data"]) == kept.encode()
        # The same policy in other words is no change, which an immutable one would refuse.
        assert caller.patch(f"keys/k-{immutable}", {"release_policy": policy}).status_code == 200
        back = {"data": jwt.encode(kept.encode()), "immutable": immutable}
        assert caller.patch(f"keys/k-{immutable}", {"release_policy": back}).status_code == 200


def test_exportable_keys_and_release_policies_belong_together(caller_for: Callable[..., Caller]) -> None:
    caller = caller_for(version="7.4")
    policy = {"release_policy": {"data": jwt.encode(b"{}")}}
    lacking = caller.post("keys/k/create", {"kty": "RSA-HSM", "attributes": {"exportable": True}})
    assert (refusal(lacking), lacking.json()["error"]["message"]) == (
        (400, "BadParameter", None),
        "AKV.SKR.1004: Exportable keys must have release policy.",
    )
    caller.post("keys/k/create", {"kty": "RSA-HSM"})
    for needless in (
        caller.post("keys/k/create", {"kty": "RSA-HSM"} | policy),
        caller.put("keys/k", {"key": private_jwk()} | policy),
        caller.patch("keys/k", policy),
    ):
        assert (refusal(needless), needless.json()["error"]["message"]) == (
            (400, "BadParameter", None),
            "AKV.SKR.1005: Non-exportable keys must not have release policy.",
        )


def test_a_key_that_only_brings_others_in_ends_after_two_days(admin: Caller) -> None:
    shown = admin.post("keys/k/create", {"kty": "RSA-HSM", "key_ops": ["import"]}).json()["attributes"]
    assert shown["exp"] == shown["created"] + 48 * 3600
    assert "exp" not in admin.post("keys/k/create", {"kty": "RSA-HSM"}).json()["attributes"]
