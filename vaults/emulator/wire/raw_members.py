"""Raw members: values that no API accepts, but that real vaults hold from times with other rules, or from other writers.

The data of a version keeps them under RAW, by their path in the response ("attributes.exp"). They appear in every response
that has their section; those of a key's rotation policy are in "rotation_policy". An update of the member through the API
removes the raw value.
"""

import json
from collections.abc import Mapping
from typing import Any

RAW = "raw"
LONGEST_PATH = 100


def hold(data: dict[str, Any], path: str, value: Any) -> None:
    """Keep a raw value at a path in the data of a version."""
    data[RAW] = data.get(RAW, {}) | {path: value}


def forget(data: dict[str, Any], updates: Mapping[str, Any]) -> None:
    """Remove the raw values at paths that an update sets."""
    for path in [path for path, value in updates.items() if value is not None]:
        data.get(RAW, {}).pop(path, None)


def overlay(data: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The body of a response with the raw values of the version in it."""
    for path, value in data.get(RAW, {}).items():
        *sections, name = path.split(".")
        place: Any = body
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[name] = value
    return body


def read_path(text: str) -> str:
    """A path of letters, digits, dots and the like. Raises ValueError."""
    parts = text.split(".")
    if len(text) > LONGEST_PATH or not all(part.replace("_", "").isalnum() for part in parts):
        raise ValueError(f"{text} is not the path of a member, such as attributes.exp")
    return text


def read_json(text: str) -> Any:
    """A JSON value. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
