"""Arguments to the members of a request body: only the arguments that were passed are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from vaults.keyvault.types import UNSET, Unset


def creation_members(**members: Any) -> dict[str, Any]:
    """The members of a create request: None and {} are left out, so that the vault decides."""
    return {name: value for name, value in members.items() if value is not None and value != {}}


def update_members(**members: Any) -> dict[str, Any]:
    """The members of an update request: UNSET is left out, None is sent as null, and {} clears the tags."""
    return {name: value for name, value in members.items() if value is not UNSET}


def new_attributes(enabled: bool | None, not_before: datetime | None, expires_on: datetime | None) -> dict[str, Any]:
    """The `attributes` of a create request."""
    return creation_members(enabled=enabled, nbf=seconds(not_before), exp=seconds(expires_on))


def changed_attributes(
    enabled: bool | Unset, not_before: datetime | Unset | None, expires_on: datetime | Unset | None
) -> dict[str, Any] | Unset:
    """The `attributes` of an update request; UNSET if none of them changes."""
    members = update_members(enabled=enabled, nbf=seconds(not_before), exp=seconds(expires_on))
    return members or UNSET


def seconds(when: datetime | Unset | None) -> int | Unset | None:
    """A time as whole seconds since 1970; a time without a zone is UTC, as in the whole package. None and UNSET stay as is."""
    if not isinstance(when, datetime):
        return when
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
