"""The emulator's answers against recordings of the real service.

Set KVPORTAL_REFERENCE_DIR to where they are.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.emulator.replay.bodies import known_imports
from tests.emulator.replay.vault import Tally, play, recordings

pytestmark = pytest.mark.sweep

FOLDER = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"
GOAL = 0.98

# Every difference that stays, by what it looks like: why, and how often it occurs.
STAYS = (
    (
        r"\.error\.message is 'AKV10000: Request is missing .* instead of 'Request is missing",
        "recorded before 2022, when the service's message had no number yet; newer recordings have it",
        6,
    ),
    (
        r"\.error\.message is 'A (secret|key|certificate) with .* instead of '\w+ not found: ",
        "recorded in 2019, when the service had other words for what is not there; newer recordings have ours",
        7,
    ),
    (
        r"(RecoverOperationResumeToken|keys_type).*\.attributes has \[\] too many and lacks \['exportable'\]",
        "recorded from September 2022 on; 355 answers at 7.3 up to June 2022 leave an `exportable` that is false out",
        11,
    ),
    (
        r"PUT /keys/import-key-plain: status 400 instead of 200",
        "recorded in 2020 with a key of 1024 bits, which the documentation of today rules out",
        2,
    ),
    (
        r"certificate_crud\.json\[1[34]\] (POST /certificates/cert2/import: status 400|DELETE /certificates/cert2: .*'pending')",
        "recorded in 2021 with a certificate that expired in April 2026; the replay's clock shows today",
        2,
    ),
    (
        r"GetDeletedKeys\.json\[146\] .* status 200 instead of 404",
        "of fifty deletions at once one settled at the service later than others after it; here they settle in order",
        1,
    ),
)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="recordings of the real service are not at hand")
def test_recorded_exchanges(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    files = list(recordings(FOLDER))
    imports = known_imports([entries for _, entries in files])
    for path, entries in files:
        play(path, entries, tally, imports)
    found = Counter(_reason(difference) for difference in tally.differences)
    with capsys.disabled():
        share = 100 * tally.equal / tally.played
        print(f"\nreplay: {tally.equal} of {tally.played} exchanges equal ({share:.1f} %)")  # noqa: T201
        for reason, count in found.items():
            print(f"  stays: {count} ({reason})")  # noqa: T201
        for reason, count in tally.skipped.items():
            print(f"  not played: {count} ({reason})")  # noqa: T201
    assert found == {reason: count for _, reason, count in STAYS}
    assert tally.equal >= GOAL * tally.played


def _reason(difference: str) -> str:
    """Why a difference stays; the difference itself where nobody has said why."""
    return next((reason for look, reason, _ in STAYS if re.search(look, difference)), difference)
