"""Requests made up from Microsoft's published specification, valid and invalid ones, and the answers held against it.

Set KVPORTAL_REFERENCE_DIR to where the specification is. Run with `pytest -m sdk`.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.emulator.caller import SELF_SIGNED, Caller
from vaults.emulator import Emulator
from vaults.emulator.dataplane.versions import API_VERSIONS

pytestmark = pytest.mark.sdk

NEWEST = API_VERSIONS[-1]
FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "spec" / "data-plane" / NEWEST
EXAMPLES = 20  # for each operation and each of the two modes
SPECIFICATIONS = ("secrets", "keys", "certificates")

# What schemathesis expects of an API by itself and Key Vault does not keep to, each with its reason.
DOES_NOT_FIT = {
    checks.unsupported_method: "the specification has no GET on /secrets/{name}, which the service answers",
    checks.positive_data_acceptance: "the specification gives no pattern for names and no limits for values",
    checks.negative_data_rejection: "the service passes over members and queries it does not know",
    checks.missing_required_header: "the specification names no headers",
    checks.use_after_free: "a deleted object's name is answered 404 or 409 by the vault's own rules",
    checks.ensure_resource_availability: "what was deleted a moment ago is not available, by design",
    checks.ignored_auth: "asks each request a second time; test_front_door tests tokens",
}

# Members that the specification has with a type and recordings show as null.
NULLABLE = {
    "nextLink": "null on the last page of every recorded list",
    "attributes": "null in the rotation policy of a key that was never given one",
}


@pytest.fixture(scope="module")
def caller() -> Caller:
    """A vault with something in every state: names the made-up requests are pointed at."""
    emulator = Emulator.for_tests(certificate_seconds=0)
    emulator.recording = False
    caller = Caller(emulator, version=NEWEST)
    for name in ("live", "gone"):
        for collection, path, body in (
            ("secrets", f"secrets/{name}-secret", {"value": "1"}),
            ("keys", f"keys/{name}-key/create", {"kty": "RSA"}),
            ("certificates", f"certificates/{name}-certificate/create", SELF_SIGNED),
        ):
            assert caller.call("PUT" if collection == "secrets" else "POST", path, body).status_code < 300
    caller.get("certificates/gone-certificate")
    for path in ("secrets/gone-secret", "keys/gone-key", "certificates/gone-certificate"):
        assert caller.delete(path).status_code == 200
    return caller


@pytest.mark.sweep
@pytest.mark.skipif(not FOLDER.is_dir(), reason="the published specification is not at hand")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_generated_requests(
    caller: Caller, name: str, mode: GenerationMode, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses: Counter[int] = Counter()
    operations = [found.ok() for found in published(name).get_all_operations()]
    for operation in operations:
        operation.app = caller.emulator.wsgi
        ask(caller, operation, mode, statuses)
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    with capsys.disabled():
        print(f"\nschemathesis {name} {mode.value}: {len(operations)} operations, 0 failures; {counts}")  # noqa: T201
    assert statuses[200] > 0
    assert max(statuses) < 500


def published(name: str) -> Any:
    """A specification as schemathesis takes it, with what recordings of the service show to be otherwise."""
    schema = json.loads((FOLDER / f"{name}.json").read_text())
    for definition in schema["definitions"].values():
        for member in definition.get("properties", {}).keys() & NULLABLE.keys():
            kept = definition["properties"][member]
            definition["properties"][member] = {"x-nullable": True} | (
                schema["definitions"][kept["$ref"].rpartition("/")[2]] if "$ref" in kept else kept
            )
    return schemathesis.openapi.from_dict(schema)


def ask(caller: Caller, operation: Any, mode: GenerationMode, statuses: Counter[int]) -> None:
    """Ask one operation, mostly about a name that exists and in the newest API version."""

    @hypothesis.seed(1)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=mode),
        target=strategies.sampled_from(["live", "live", "gone", "made up"]),
    )
    def one(case: Any, target: str) -> None:
        if target != "made up":
            case.query["api-version"] = NEWEST
            for parameter in case.path_parameters:
                kind, _, part = parameter.partition("-")
                if part == "name":
                    case.path_parameters[parameter] = f"{target}-{kind}"
        headers = {"Authorization": caller.session.headers["Authorization"]}
        response = case.call(base_url=caller.base, headers=headers)
        statuses[response.status_code] += 1
        excluded = list(DOES_NOT_FIT)
        if response.status_code == 204:  # an answer without a body has no type
            excluded.append(checks.content_type_conformance)
        case.validate_response(response, excluded_checks=excluded, headers=headers)

    one()
