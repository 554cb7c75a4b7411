"""Members as no API would take them: what real vaults hold since days with other rules, or other writers.

A version of an object keeps them under RAW, by their path in the answer ("attributes.exp"), and shows them in every answer
that has the section they are in; those of a key's rotation policy are in "rotation_policy". An update of the member through
the API takes the raw one away.
"""

import json
from collections.abc import Mapping
from typing import Any

RAW = "raw"
LONGEST_PATH = 100


def hold(data: dict[str, Any], path: str, value: Any) -> None:
    """Show a version, whose data this is, with this value at this path."""
    data[RAW] = data.get(RAW, {}) | {path: value}


def give_up(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Forget what was held at paths that an update gives a value."""
    for path in [path for path, value in given.items() if value is not None]:
        data.get(RAW, {}).pop(path, None)


def shown(data: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with what the version holds."""
    for path, value in data.get(RAW, {}).items():
        *sections, name = path.split(".")
        place: Any = answer
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[name] = value
    return answer


def read_path(text: str) -> str:
    """A path of letters, digits, dots and the like. Raises ValueError."""
    parts = text.split(".")
    if len(text) > LONGEST_PATH or not all(part.replace("_", "").isalnum() for part in parts):
        raise ValueError(f"{text} is not the path of a member, such as attributes.exp")
    return text


def read_json(text: str) -> Any:
    """Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
