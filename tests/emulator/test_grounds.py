"""The table of operations in GROUNDS.md against the routes, the published specification and the recordings.

`python -m tests.emulator.test_grounds` prints the current table. Set KVPORTAL_REFERENCE_DIR to where the recordings are.
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import vaults.emulator
from tests.emulator.replay.vault import recordings
from vaults.emulator.dataplane.route import Route
from vaults.emulator.dataplane.routes import ROUTER, ROUTES
from vaults.emulator.dataplane.versions import API_VERSIONS, reaches

GROUNDS = Path(vaults.emulator.__file__).with_name("GROUNDS.md")
FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"
RECORDED, DOCUMENTED, MISSING = "R", "D", ""
ROW = re.compile(r"^\| `([A-Z]+) ([^`]+)` \|(.*)\|$", re.MULTILINE)

Table = dict[tuple[str, str], list[str]]


def written() -> Table:
    """The table as it stands in GROUNDS.md: a cell for each API version."""
    return {
        (method, template): [cell.strip() for cell in cells.split("|")]
        for method, template, cells in ROW.findall(GROUNDS.read_text())
    }


def offered(route: Route) -> list[str]:
    """What a row says where nothing was recorded."""
    return [DOCUMENTED if reaches(version, route.since) else MISSING for version in API_VERSIONS]


def recorded() -> set[tuple[str, str, str]]:
    """Method, template and version of every operation that the real service is seen to carry out."""
    found = set()
    for _, entries in recordings(FOLDER):
        for entry in entries:
            address = urlsplit(entry["RequestUri"])
            segments = [part for part in address.path.split("/") if part]
            version = parse_qs(address.query).get("api-version", [""])[0]
            route = ROUTER.find(entry["RequestMethod"], segments)
            if route is not None and version in API_VERSIONS and entry["StatusCode"] < 300:
                found.add((route[0].method, route[0].template, version))
    return found


def table() -> Table:
    """The table as it should be."""
    seen = recorded()
    return {
        (route.method, route.template): [
            RECORDED if (route.method, route.template, version) in seen else cell
            for version, cell in zip(API_VERSIONS, offered(route), strict=True)
        ]
        for route in ROUTES
    }


def test_every_operation_stands_in_the_table() -> None:
    rows = written()
    assert rows.keys() == {(route.method, route.template) for route in ROUTES}
    for route in ROUTES:
        cells = rows[route.method, route.template]
        assert [cell.replace(RECORDED, DOCUMENTED) for cell in cells] == offered(route), route.template


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not at hand")
def test_what_counts_as_recorded_was_recorded() -> None:
    assert written() == table()


if __name__ == "__main__":
    print("| operation | " + " | ".join(API_VERSIONS) + " |")  # noqa: T201
    print("|---" * (len(API_VERSIONS) + 1) + "|")  # noqa: T201
    for (method, template), cells in table().items():
        print(f"| `{method} {template}` | " + " | ".join(cells) + " |")  # noqa: T201
