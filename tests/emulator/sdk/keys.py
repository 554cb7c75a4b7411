"""A journey through every method of KeyClient."""

from typing import Any

from azure.core.rest import HttpRequest
from azure.keyvault.keys import (
    JsonWebKey,
    KeyReleasePolicy,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.emulator.sdk.settling import LONG_AGO, POLLING, settled
from tests.emulator.sdk.watched import Watched
from tests.views.key_files import blob
from vaults.emulator.dataplane.versions import reaches

RELEASE_POLICY = (
    b'{"version":"1.0.0","anyOf":[{"authority":"https://attest.test/","anyOf":[{"claim":"sdk","equals":"true"}]}]}'
)


async def keys(call: Watched, name: str) -> None:
    made = await call("create_rsa_key", name, size=2048, tags={"a": "b"}, not_before=LONG_AGO)
    assert (made.key_type, made.key.e, made.properties.tags) == ("RSA", b"\x01\x00\x01", {"a": "b"})
    assert len(made.key.n) == 256
    assert (await call("create_ec_key", f"{name}-ec", curve="P-384", hardware_protected=True)).key_type == "EC-HSM"
    assert (await call("create_key", f"{name}-ec", "EC", curve="P-256K")).key.crv == "P-256K"
    await call.is_refused("create_oct_key", f"{name}-oct", size=256, status=400)
    imported = await call("import_key", f"{name}-own", _own_key(), tags={})
    assert imported.key.kid == imported.id
    await _transfer(call, name)
    second = await call("create_key", name, "RSA", size=3072)
    assert (await call("get_key", name)).id == second.id
    assert (await call("get_key", name, made.properties.version)).key.n == made.key.n
    changed = await call("update_key_properties", name, enabled=True, tags={"c": "d"}, key_operations=["sign"])
    assert (changed.properties.tags, changed.key_operations) == ({"c": "d"}, ["sign"])
    assert len(await call("list_properties_of_key_versions", name)) == 2
    assert {name, f"{name}-ec", f"{name}-own"} <= {each.name for each in await call("list_properties_of_keys")}
    await _rotation(call, name)
    await _confidential(call, name)
    await _lifecycle(call, name)
    crypto = await call("get_cryptography_client", name)
    assert crypto.key_id.endswith(f"/keys/{name}")
    raw = await call("send_request", HttpRequest("GET", f"/keys/{name}?api-version={call.api_version}"))
    assert raw.json()["key"]["kid"] == second.id or reaches(call.api_version, "7.3")
    await call("close")


async def _transfer(call: Watched, name: str) -> None:
    """A key from another HSM, as a key transfer blob (BYOK)."""
    exchange = (await call("create_rsa_key", f"{name}-kek", hardware_protected=True, key_operations=["import"])).key
    n, e = (int.from_bytes(part, "big") for part in (exchange.n, exchange.e))
    key = rsa.generate_private_key(65537, 2048)
    content = blob(exchange.kid, rsa.RSAPublicNumbers(e, n).public_key(), key)
    moved = await call("import_key", f"{name}-moved", JsonWebKey(kty="RSA-HSM", key_ops=["sign"], t=content))
    assert int.from_bytes(moved.key.n, "big") == key.private_numbers().public_numbers.n


async def _rotation(call: Watched, name: str) -> None:
    rotate = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P60D")
    policy = KeyRotationPolicy(lifetime_actions=[rotate], expires_in="P90D")
    if not reaches(call.api_version, "7.3"):
        await call.comes_later("update_key_rotation_policy", name, policy)
        await call.comes_later("get_key_rotation_policy", name)
        await call.comes_later("rotate_key", name)
        return
    assert (await call("update_key_rotation_policy", name, policy)).expires_in == "P90D"
    kept = await call("get_key_rotation_policy", name)
    assert (kept.expires_in, kept.lifetime_actions[0].time_after_create) == ("P90D", "P60D")
    before = await call("get_key", name)
    assert (await call("rotate_key", name)).properties.version != before.properties.version


async def _confidential(call: Watched, name: str) -> None:
    """Release and attestation, and what only Managed HSM has."""
    if not reaches(call.api_version, "7.3"):
        await call.comes_later("get_random_bytes", 8)
        await call.comes_later("release_key", name, "target")
    else:
        await call.is_refused("get_random_bytes", 8, status=400)
        policy = KeyReleasePolicy(RELEASE_POLICY)
        made = await call(
            "create_rsa_key", f"{name}-free", hardware_protected=True, exportable=True, release_policy=policy
        )
        assert made.properties.release_policy.encoded_policy == RELEASE_POLICY
        assert made.properties.exportable is True
        released = await call("release_key", f"{name}-free", "target")
        assert released.value.count(".") == 2
    if not reaches(call.api_version, "7.6"):
        await call.comes_later("get_key_attestation", f"{name}-ec")
    else:
        await call("create_ec_key", f"{name}-ec", hardware_protected=True)
        assert (await call("get_key_attestation", f"{name}-ec")).properties.attestation.version == "1.0"


async def _lifecycle(call: Watched, name: str) -> None:
    blob = await call("backup_key", name)
    versions = len(await call("list_properties_of_key_versions", name))
    await call("begin_delete_key", name, _polling_interval=POLLING)
    deleted = await call("get_deleted_key", name)
    assert deleted.recovery_id.endswith(f"/deletedkeys/{name}")
    assert (await call("begin_recover_deleted_key", name, _polling_interval=POLLING)).name == name
    await call("begin_delete_key", name, _polling_interval=POLLING)
    assert name in [each.name for each in await call("list_deleted_keys")]
    assert await call("purge_deleted_key", name) is None
    assert (await settled(lambda: call("restore_key_backup", blob))).name == name
    assert len(await call("list_properties_of_key_versions", name)) == versions


def _own_key() -> Any:
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    parts = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    members = {part: value.to_bytes(32, "big") for part, value in parts.items()}
    return JsonWebKey(kty="EC", crv="P-256", key_ops=["sign", "verify"], **members)
