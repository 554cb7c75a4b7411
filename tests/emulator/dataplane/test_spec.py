"""The routes against Microsoft's published specification. Set KVPORTAL_REFERENCE_DIR to where it is."""

import json
import os
import re
from pathlib import Path

import pytest

from vaults.emulator.dataplane.routes import ROUTER
from vaults.emulator.dataplane.versions import API_VERSIONS, reaches

FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "spec" / "data-plane"
COUNTS = {"7.0": 58, "7.3": 63, "2026-04-01": 66}


def operations(version: str) -> list[tuple[str, str]]:
    """Method and path of each operation of a version; storage accounts belong to no vault of today."""
    found = set()
    for path in (FOLDER / version).rglob("*.json"):
        if "examples" in path.parts:
            continue
        for template, methods in json.loads(path.read_text()).get("paths", {}).items():
            if "storage" not in template:
                found |= {(method.upper(), template) for method in methods if method != "parameters"}
    return sorted(found)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the published specification is not at hand")
@pytest.mark.parametrize("version", [each for each in API_VERSIONS if (FOLDER / each).is_dir()])
def test_every_operation_has_a_route(version: str) -> None:
    wanted = operations(version)
    assert len(wanted) == COUNTS.get(version, len(wanted))
    missing = []
    for method, template in wanted:
        path = re.sub(r"\{[^}]*version[^}]*\}", "0" * 32, template)
        route = ROUTER.find(method, re.sub(r"\{[^}]*\}", "name", path).strip("/").split("/"))
        if route is None or not reaches(version, route[0].since):
            missing.append(f"{method} {template}")
    assert missing == []
