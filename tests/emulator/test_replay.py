"""The emulator's answers against recordings of the real service.

Set KVPORTAL_REFERENCE_DIR to where they are.
"""

import os
from pathlib import Path

import pytest

from tests.emulator.replay import Tally, play, recordings

FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"
GOAL = 0.97


@pytest.mark.skipif(not FOLDER.is_dir(), reason="recordings of the real service are not at hand")
def test_recorded_exchanges(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for path, entries in recordings(FOLDER):
        play(path, entries, tally)
    with capsys.disabled():
        print(f"\nreplay: {tally.equal} of {tally.played} exchanges equal")  # noqa: T201
        for difference in tally.differences:
            print(f"  {difference}")  # noqa: T201
        for reason, count in tally.skipped.items():
            print(f"  not played: {count} ({reason})")  # noqa: T201
    assert tally.equal >= GOAL * tally.played
