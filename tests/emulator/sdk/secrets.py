"""A journey through every method of SecretClient."""

from datetime import UTC, datetime

from azure.core.rest import HttpRequest

from tests.emulator.sdk.settling import LONG_AGO, POLLING, settled
from tests.emulator.sdk.watched import Watched
from vaults.emulator.dataplane.versions import reaches


async def secrets(call: Watched, name: str) -> None:
    made = await call("set_secret", name, "one", content_type="text/plain", tags={"a": "b"}, not_before=LONG_AGO)
    assert (made.value, made.properties.content_type, made.properties.tags) == ("one", "text/plain", {"a": "b"})
    assert made.properties.not_before == LONG_AGO
    assert (made.properties.recoverable_days == 90) is reaches(call.api_version, "7.1")
    second = await call("set_secret", name, "", expires_on=datetime(2099, 1, 1, tzinfo=UTC))
    assert second.properties.version != made.properties.version
    assert (await call("get_secret", name)).value == ""
    assert (await call("get_secret", name, made.properties.version)).value == "one"
    await call.is_refused("get_secret", f"{name}-absent", status=404)
    versions = await call("list_properties_of_secret_versions", name)
    assert {each.version for each in versions} == {made.properties.version, second.properties.version}
    changed = await call("update_secret_properties", name, made.properties.version, enabled=False, tags={})
    assert (changed.enabled, changed.tags, changed.content_type) == (False, {}, "text/plain")
    await call.is_refused("get_secret", name, made.properties.version, status=403)
    listed = await call("list_properties_of_secrets", max_page_size=10)
    assert len(listed) > 40
    assert name in [each.name for each in listed]
    await _lifecycle(call, name)
    raw = await call("send_request", HttpRequest("GET", f"/secrets/{name}?api-version={call.api_version}"))
    assert raw.status_code == 200
    assert raw.json()["value"] == ""
    await call("close")


async def _lifecycle(call: Watched, name: str) -> None:
    blob = await call("backup_secret", name)
    deleted = await call("begin_delete_secret", name, _polling_interval=POLLING)
    assert deleted.recovery_id.endswith(f"/deletedsecrets/{name}")
    assert (await call("get_deleted_secret", name)).scheduled_purge_date > deleted.deleted_date
    await call.is_refused("set_secret", name, "three", status=409)
    recovered = await call("begin_recover_deleted_secret", name, _polling_interval=POLLING)
    assert recovered.name == name
    await call("begin_delete_secret", name, _polling_interval=POLLING)
    assert name in [each.name for each in await call("list_deleted_secrets")]
    assert await call("purge_deleted_secret", name) is None
    assert (await settled(lambda: call("restore_secret_backup", blob))).name == name
    assert len(await call("list_properties_of_secret_versions", name)) == 2
