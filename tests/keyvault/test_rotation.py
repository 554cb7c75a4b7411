"""Rotation policies: reading one, changing a part of one, and what follows from it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaults.keyvault.rotation import AFTER_CREATE, BEFORE_EXPIRY, changed_policy, read_rotation_policy, upcoming
from vaults.keyvault.types import KeyProperties, RotationPolicy

ROTATE = {"trigger": {"timeAfterCreate": "P18M"}, "action": {"type": "rotate"}, "later": 1}
NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
SENT: dict[str, Any] = {
    "id": "https://kv.vault.azure.net/keys/k/rotationpolicy",
    "lifetimeActions": [ROTATE, NOTIFY, {"action": {"type": "Sing"}}, "odd"],
    "attributes": {"expiryTime": "P48M", "created": 1649797765, "updated": 1649797765, "future": True},
    "more": {"a": 1},
}
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FIRST, LAST = datetime(2000, 1, 1), datetime(2090, 1, 1)  # noqa: DTZ001 hypothesis takes no zone here


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def version(created: str, expires: str = "") -> KeyProperties:
    return KeyProperties(
        id="https://kv.vault.azure.net/keys/k/1",
        name="k",
        version="1",
        created_on=day(created),
        expires_on=day(expires) if expires else None,
    )


def test_a_policy_is_read_whole() -> None:
    policy = read_rotation_policy(SENT)
    assert (policy.expiry_time, policy.rotate_after_create, policy.rotate_before_expiry) == ("P48M", "P18M", None)
    assert policy.notify_before_expiry == "P30D"
    assert policy.own
    assert policy.other_actions == ('{"action": {"type": "Sing"}}', '"odd"')
    assert policy.odd == {}


def test_the_default_is_none_of_the_keys_own() -> None:
    policy = read_rotation_policy({"lifetimeActions": [NOTIFY], "attributes": None})
    assert not policy.own
    assert policy.notify_before_expiry == "P30D"
    assert policy.can_be_changed
    assert changed_policy(policy, expiry_time="P90D") == {
        "lifetimeActions": [NOTIFY],
        "attributes": {"expiryTime": "P90D"},
    }


def test_what_is_not_changed_goes_back_as_it_came() -> None:
    body = changed_policy(read_rotation_policy(SENT))
    assert body == {
        "lifetimeActions": SENT["lifetimeActions"],
        "attributes": {"expiryTime": "P48M", "future": True},
        "more": {"a": 1},
    }


def test_a_part_changes_alone() -> None:
    policy = read_rotation_policy(SENT)
    rotated = changed_policy(policy, rotate=(BEFORE_EXPIRY, "P10D"))
    assert rotated["lifetimeActions"][0] == {**ROTATE, "trigger": {"timeBeforeExpiry": "P10D"}}
    assert rotated["lifetimeActions"][1:] == SENT["lifetimeActions"][1:]
    gone = changed_policy(policy, rotate=None, notify=None, expiry_time=None)
    assert gone["lifetimeActions"] == SENT["lifetimeActions"][2:]
    assert gone["attributes"] == {"future": True}
    added = changed_policy(read_rotation_policy({}), rotate=(AFTER_CREATE, "P7D"), notify="P8D")
    assert added["lifetimeActions"] == [
        {"trigger": {"timeAfterCreate": "P7D"}, "action": {"type": "Rotate"}},
        {"trigger": {"timeBeforeExpiry": "P8D"}, "action": {"type": "Notify"}},
    ]


@pytest.mark.parametrize("sent", [{"lifetimeActions": "x"}, {"lifetimeActions": {}}, {"attributes": [1]}])
def test_a_policy_built_otherwise_is_not_changed(sent: dict[str, Any]) -> None:
    policy = read_rotation_policy(sent)
    assert not policy.can_be_changed
    with pytest.raises(ValueError, match="not built"):
        changed_policy(policy, expiry_time="P90D")


def test_rotations_by_age_follow_the_calendar() -> None:
    policy = RotationPolicy(expiry_time="P3M", rotate_after_create="P1M", notify_before_expiry="P30D")
    lives = upcoming(policy, version("2026-11-30"), NOW)
    assert [life.created_on.date().isoformat() for life in lives] == [
        "2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28", "2027-03-28", "2027-04-28",
    ]  # fmt: skip
    assert lives[0].expires_on is None  # the newest version has the end it has, not the policy's
    assert lives[3].expires_on == day("2027-05-28")
    assert not any(life.notified_on for life in lives)  # each has a successor before
    assert not any(life.overdue for life in lives)


def test_rotations_before_the_end_start_from_the_end_of_the_newest_version() -> None:
    policy = RotationPolicy(expiry_time="P90D", rotate_before_expiry="P29D", notify_before_expiry="P30D")
    first, second, *_ = upcoming(policy, version("2026-11-20", "2027-03-01"), NOW)
    assert first.rotated_on == day("2027-01-31")
    assert first.notified_on == day("2027-01-30")
    assert second.created_on == day("2027-01-31")
    assert second.expires_on == day("2027-05-01")
    assert second.rotated_on == day("2027-04-02")


def test_without_an_end_nothing_is_rotated_before_it() -> None:
    policy = RotationPolicy(expiry_time="P90D", rotate_before_expiry="P30D", notify_before_expiry="P30D")
    (only,) = upcoming(policy, version("2026-11-20"), NOW)
    assert (only.rotated_on, only.notified_on, only.expires_on) == (None, None, None)


def test_a_rotation_that_is_due_follows_at_once() -> None:
    policy = RotationPolicy(rotate_after_create="P30D")
    first, second, *_ = upcoming(policy, version("2020-01-01", "2020-01-15"), NOW)
    assert first.overdue
    assert first.expires_first
    assert first.rotated_on == NOW
    assert second.rotated_on == NOW + timedelta(days=30)
    assert not second.overdue


def test_the_calendar_ends_without_an_error() -> None:
    policy = RotationPolicy(expiry_time="P7000Y", rotate_after_create="P3000Y")
    assert 1 <= len(upcoming(policy, version("2026-11-20"), NOW)) < 6
    assert upcoming(RotationPolicy(), KeyProperties(id="i", name="k", version="1"), NOW) == []


@given(
    st.sampled_from(["P28D", "P3M", "P1Y", "P2Y6M", None, "soon"]),
    st.sampled_from(["P7D", "P1M", "P11M", "P5Y", "PT0S", None, "soon"]),
    st.booleans(),
    st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
)
def test_each_version_follows_the_one_before(
    expiry: str | None, span: str | None, by_age: bool, created: datetime
) -> None:
    policy = RotationPolicy(
        expiry_time=expiry,
        rotate_after_create=span if by_age else None,
        rotate_before_expiry=None if by_age else span,
        notify_before_expiry="P30D",
    )
    newest = KeyProperties(id="i", name="k", version="1", created_on=created, expires_on=created + timedelta(days=90))
    lives = upcoming(policy, newest, NOW)
    assert 1 <= len(lives) <= 6
    for earlier, later in pairwise(lives):
        assert earlier.rotated_on == later.created_on
        assert later.created_on >= max(NOW, earlier.created_on)
    for life in lives:
        assert life.notified_on is None or life.expires_on is not None
        assert life.notified_on is None or life.notified_on >= life.created_on
