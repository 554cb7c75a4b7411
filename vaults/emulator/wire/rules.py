"""Validation of request bodies: names, tags, attributes, sizes.

Source: Key Vault REST, "About keys, secrets and certificates". Documented limits that no recording shows are answered
with 400 BadParameter, as the service answers everything it cannot read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaults.emulator.wire.errors import VaultError, bad_parameter, invalid_name

NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
VERSION = re.compile(r"[0-9a-fA-F]{32}")
MAX_TAGS = 15
MAX_TAG_LENGTH = 256
MAX_SECRET_TAG_LENGTH = 512
MAX_SECRET_BYTES = 25 * 1024
MAX_CONTENT_TYPE = 255
MAX_PAGE = 25
LAST_SECOND = 253402300799  # 9999-12-31, where .NET's time ends


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes in a request; None for each that is missing."""

    enabled: bool | None = None
    not_before: int | None = None
    expires_on: int | None = None
    exportable: bool | None = None


def invalid_property(name: str = "") -> VaultError:
    """The error of the service for a member that it cannot read; it seldom names the member."""
    return bad_parameter(f"Property {name} has invalid value\r\n")


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise invalid_name(name)


def check_version(version: str) -> None:
    if not VERSION.fullmatch(version):
        raise bad_parameter(f"The request URI contains an invalid version: {version}")


def text(body: Mapping[str, Any], member: str) -> str | None:
    """A string member, None where it is missing or null."""
    value = body.get(member)
    if value is not None and not isinstance(value, str):
        raise invalid_property(member)
    return value


def mapping(body: Mapping[str, Any], member: str) -> dict[str, Any]:
    """An object member, empty where it is missing or null."""
    value = body.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid_property(member)
    return value


def texts(body: Mapping[str, Any], member: str) -> list[str] | None:
    """A member that is a list of strings, None where it is missing or null."""
    value = body.get(member)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_property(member)
    return value


def flag(body: Mapping[str, Any], member: str) -> bool | None:
    value = body.get(member)
    if value is not None and not isinstance(value, bool):
        raise invalid_property(member)
    return value


def whole_number(body: Mapping[str, Any], member: str) -> int | None:
    value = body.get(member)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise invalid_property(member)
    return value


def read_attributes(body: Mapping[str, Any]) -> Attributes:
    """The `attributes` of a request; read-only ones (created, recoveryLevel) are ignored, as by the service."""
    requested = mapping(body, "attributes")
    times = {name: whole_number(requested, name) for name in ("nbf", "exp")}
    for name, moment in times.items():
        if moment is not None and not 0 <= moment <= LAST_SECOND:
            raise invalid_property(name)
    if times["nbf"] is not None and times["exp"] is not None and times["exp"] <= times["nbf"]:
        raise bad_parameter("Not before date must be earlier than the expiry date.")
    return Attributes(flag(requested, "enabled"), times["nbf"], times["exp"], flag(requested, "exportable"))


def read_tags(body: Mapping[str, Any], longest: int = MAX_TAG_LENGTH) -> dict[str, str] | None:
    """The `tags` of a request, None if it has none."""
    requested = body.get("tags")
    if requested is None:
        return None
    if not isinstance(requested, dict) or not all(isinstance(value, str) for value in requested.values()):
        raise invalid_property("tags")
    if len(requested) > MAX_TAGS:
        raise bad_parameter(f"Too many tags. The maximum number of tags is {MAX_TAGS}.")
    if any(len(name) > longest or len(value) > longest for name, value in requested.items()):
        raise bad_parameter(f"A tag name or value is longer than {longest} characters.")
    return requested


def read_content_type(body: Mapping[str, Any]) -> str | None:
    content_type = text(body, "contentType")
    if content_type is not None and len(content_type) > MAX_CONTENT_TYPE:
        raise invalid_property("contentType")
    return content_type


def read_secret_value(body: Mapping[str, Any]) -> str:
    value = text(body, "value")
    if value is None or len(value.encode()) > MAX_SECRET_BYTES:
        raise invalid_property()
    return value


def read_page_size(query: Mapping[str, str]) -> int:
    requested = query.get("maxresults")
    if requested is None:
        return MAX_PAGE
    if not re.fullmatch(r"[0-9]{1,3}", requested) or not 1 <= int(requested) <= MAX_PAGE:
        raise bad_parameter(f"Invalid value for maxresults. It must be between 1 and {MAX_PAGE}.")
    return int(requested)
