"""From arguments to the members of a request: only what was given is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from vaults.keyvault.types import UNSET, Unset


def given(**members: Any) -> dict[str, Any]:
    """The members that were given a value: for creating, where None and {} mean "the vault decides"."""
    return {name: value for name, value in members.items() if value is not None and value != {}}


def changed(**members: Any) -> dict[str, Any]:
    """The members that are to change: for updating, where None is sent as null and {} clears the tags."""
    return {name: value for name, value in members.items() if value is not UNSET}


def new_attributes(enabled: bool | None, not_before: datetime | None, expires_on: datetime | None) -> dict[str, Any]:
    """The `attributes` of something new."""
    return given(enabled=enabled, nbf=seconds(not_before), exp=seconds(expires_on))


def changed_attributes(
    enabled: bool | Unset, not_before: datetime | Unset | None, expires_on: datetime | Unset | None
) -> dict[str, Any] | Unset:
    """The `attributes` of an update; UNSET if none of them changes."""
    members = changed(enabled=enabled, nbf=seconds(not_before), exp=seconds(expires_on))
    return members or UNSET


def seconds(when: datetime | Unset | None) -> int | Unset | None:
    """Whole seconds since 1970. A time without a zone is taken for UTC, as everywhere in this package."""
    if not isinstance(when, datetime):
        return when
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
