"""20,000 entries of one team from four processes at once: one chain, without gap or fork."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests import databases
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
def test_entries_from_several_processes_make_one_chain(share: int, file_world: World, checkpoint_file: Path) -> None:
    """How many a second is a matter of the disk: SQLite syncs each of them."""
    team, count = uuid.UUID(int=7), ENTRIES // share
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        **databases.address(),
        "KVPORTAL_AUDIT_SINK": str(checkpoint_file),
    }
    started = time.monotonic()
    command = [sys.executable, "-c", APPENDING, str(count // PROCESSES), str(team)]
    running = [subprocess.Popen(command, env=environment) for _ in range(PROCESSES)]
    assert [process.wait(900) for process in running] == [0] * PROCESSES
    seconds = time.monotonic() - started
    say(f"{count:,} entries from {PROCESSES} processes: {count / seconds:,.0f} a second")
    assert verification.verify(team) == verification.Verification(count, None)
