"""20,000 entries of one team from four processes at once: one chain, without gap or fork."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.conftest import World, say
from vaults.audit import verification

PROCESSES = 4
ENTRIES = 20_000
APPENDING = """
import sys, uuid
import django
django.setup()
from tests.attacks.records import write
write(int(sys.argv[1]), uuid.UUID(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("count", [ENTRIES])
def test_entries_from_several_processes_make_one_chain(
    count: int, file_world: World, file_database: Path, checkpoint_file: Path
) -> None:
    """How many a second is a matter of the disk: SQLite syncs each of them."""
    team, share = uuid.UUID(int=7), str(count // PROCESSES)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "KVPORTAL_DATABASE_URL": f"sqlite:///{file_database}",
        "KVPORTAL_AUDIT_SINK": str(checkpoint_file),
    }
    started = time.monotonic()
    command = [sys.executable, "-c", APPENDING, share, str(team)]
    running = [subprocess.Popen(command, env=environment) for _ in range(PROCESSES)]
    assert [process.wait(900) for process in running] == [0] * PROCESSES
    seconds = time.monotonic() - started
    say(f"{count:,} entries from {PROCESSES} processes: {count / seconds:,.0f} a second")
    assert verification.verify(team) == verification.Verification(count, None)
