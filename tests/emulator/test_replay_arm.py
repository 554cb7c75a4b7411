"""Resource Manager's recorded answers. Set KVPORTAL_REFERENCE_DIR to where they are."""

import os
from pathlib import Path

import pytest

from tests.emulator.replay import recordings
from tests.emulator.replay_arm import Tally, play

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
