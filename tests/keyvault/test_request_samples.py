"""The sample of each operation's body fits Microsoft's specification, and has variables where secrets are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.request_samples import BODIES, VARIABLE, sample_text

SPECIFICATION = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "spec" / "data-plane" / "2026-04-01"
needs_reference = pytest.mark.skipif(not SPECIFICATION.is_dir(), reason="the published specification is not here")
TYPES: Mapping[str, Any] = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


def bodies() -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """By operation with a body: the schema of its body, and the file's definitions."""
    found = {}
    for file in SPECIFICATION.glob("*.json"):
        content = json.loads(file.read_text())
        for methods in content["paths"].values():
            for operation in methods.values():
                for parameter in operation["parameters"]:
                    if parameter.get("in") == "body" and operation["operationId"] in OPERATIONS:
                        found[operation["operationId"]] = (parameter["schema"], content["definitions"])
    return found


def misfits(value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Where a value does not fit its schema: a type, a member that is not known or missing, a word that is none."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/definitions/")]
    wanted = schema.get("type", "object")
    if not isinstance(value, TYPES[wanted]):
        yield f"{at} is no {wanted}"
    elif wanted == "object" and "properties" in schema:
        yield from (f"{at} has no {name}" for name in schema.get("required", ()) if name not in value)
        for name, member in value.items():
            if name not in schema["properties"]:
                yield f"{at}.{name} is not known"
            else:
                yield from misfits(member, schema["properties"][name], definitions, f"{at}.{name}")
    elif wanted == "array":
        for member in value:
            yield from misfits(member, schema["items"], definitions, f"{at}[]")
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{at} can't be {value}"


@needs_reference
@pytest.mark.parametrize("operation", BODIES)
def test_a_sample_fits_the_specification(operation: str) -> None:
    schema, definitions = bodies()[operation]
    assert list(misfits(BODIES[operation], schema, definitions)) == []


@needs_reference
def test_every_operation_with_a_body_has_a_sample() -> None:
    assert bodies().keys() == BODIES.keys()


@needs_reference
@pytest.mark.parametrize("body", [{"value": 7}, {"value": "x", "valu": "x"}, {}])
def test_the_check_finds_what_does_not_fit(body: dict[str, Any]) -> None:
    schema, definitions = bodies()["SetSecret"]
    assert list(misfits(body, schema, definitions))


def member(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def test_what_is_secret_is_a_variable() -> None:
    checked = 0
    for name, body in BODIES.items():
        for path in OPERATIONS[name].secret_members:
            value = member(body, path)
            assert value is None or VARIABLE.fullmatch(value), (name, path)
            checked += value is not None
    assert checked >= 15


def test_a_placeholder_stands_for_each_variable() -> None:
    text = sample_text(BODIES["SetCertificateIssuer"], placeholder="…")
    assert json.loads(text)["credentials"] == {"account_id": "…", "pwd": "…"}
    assert not re.search(r"[{]{2}", text)
