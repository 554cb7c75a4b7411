"""Resource Manager's recorded answers. Set KVPORTAL_REFERENCE_DIR to where they are."""

import os
from pathlib import Path

import pytest

from tests.emulator.replay.arm import Tally, play
from tests.emulator.replay.vault import recordings
from vaults.emulator.state.role_definitions import find_role

pytestmark = pytest.mark.sweep

FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="recordings of the real service are not at hand")
def test_recorded_exchanges_of_resource_manager(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for path, entries in recordings(FOLDER):
        play(path.name, entries, tally)
    with capsys.disabled():
        played = tally.equal + len(tally.differences)
        print(f"\nreplay of Resource Manager: {tally.equal} of {played} exchanges equal")  # noqa: T201
        for reason, count in tally.skipped.items():
            print(f"  not played: {count} ({reason})")  # noqa: T201
    assert tally.differences == []
    assert tally.equal > 100


MANAGEMENT_ROLES = ("Owner", "Contributor", "Reader")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="recordings of the real service are not at hand")
@pytest.mark.parametrize("name", MANAGEMENT_ROLES)
def test_what_the_roles_of_management_may_do(name: str) -> None:
    """Those of Key Vault were recorded while they were a preview, with other actions than today's."""
    recorded = next(
        item["properties"]
        for path, entries in recordings(FOLDER)
        if "role_create" in path.name
        for entry in entries
        for item in (entry["ResponseBody"] or {}).get("value", ())
        if item["properties"]["roleName"] == name
    )
    role = find_role(name)
    assert role
    [permissions] = recorded["permissions"]
    assert (list(role.actions), list(role.not_actions)) == (permissions["actions"], permissions["notActions"])
