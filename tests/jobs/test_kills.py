"""Two portals and two workers in processes of their own: killed workers lose nothing, and nothing is done twice."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests import databases
from tests.conftest import say
from tests.emulator.running import free_base
from tests.serving import Server, environment_of, served
from vaults.emulator.serve.home import Home
from vaults.jobs.claims import SILENCE
from vaults.models import AuditEntry, ItemState, JobItem, JobKind, Vault
from vaults.models.audit import AuditState
from vaults.models.job import OPEN_STATES
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

KILLS, VAULTS, LATENCY, WORKERS = 20, 12, 0.15, 2
LOCAL_VAULT = """
import pathlib, sys, threading
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import serve
from vaults.emulator.state.policies import EVERYTHING
home = Home(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
emulator = home.open(settle_seconds=0, has_limits=False)
known = home.credentials()
for number in range(int(sys.argv[3])):
    emulator.add_vault(f"kv-more-{number}", tenant=known["tenant_id"])
    emulator.set_permissions(f"kv-more-{number}", known["principals"]["sp-shop-admin"]["object_id"], EVERYTHING)
home.assign_ports(emulator)
home.write_clouds(emulator)
emulator.latency_seconds = float(sys.argv[4])
serve(emulator, home, threading.Event())
"""


@contextmanager
def started(*command: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


class Workers:
    """Processes that work; a killed one is replaced, as the launcher does."""

    def __init__(self, stack: ExitStack, environment: dict[str, str]) -> None:
        self._stack, self._environment = stack, environment
        self._processes = [self._start() for _ in range(WORKERS)]

    def _start(self) -> "subprocess.Popen[bytes]":
        return self._stack.enter_context(started("-m", "django", "worker", **self._environment))

    def kill_one(self, chance: random.Random) -> None:
        number = chance.randrange(WORKERS)
        self._processes[number].kill()
        self._processes[number].wait()
        self._processes[number] = self._start()


def wait_until(found: Iterator[bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not next(found):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_killed_workers_lose_nothing_and_nothing_is_done_twice(
    shared_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KVPORTAL_WORKERS", "2")
    home = Home(tmp_path / "emulator", free_base())
    here = {
        **databases.address(),
        "KVPORTAL_DATA_DIR": str(tmp_path),
        "KVPORTAL_CLOUDS_FILE": str(home.clouds_file),
        "KVPORTAL_SCAN_MINUTES": "1440",
    }
    chance = random.Random(10)  # noqa: S311 only spreads the kills
    with ExitStack() as stack:
        settings = environment_of(str(tmp_path)) | here
        local_vault = ("-c", LOCAL_VAULT, str(home.folder), str(home.base_port), str(VAULTS), str(LATENCY))
        stack.enter_context(started(*local_vault, **settings))
        wait_until((home.clouds_file.exists() and "kv-more-" in home.clouds_file.read_text() for _ in iter(int, 1)), 60)
        portal: Server = stack.enter_context(served(None, "--local", **here))
        workers = Workers(stack, settings)
        for _ in range(KILLS):
            assert portal.post("/scan/vaults/", "/vaults/") == 302
            time.sleep(chance.uniform(0.3, 2.5))
            workers.kill_one(chance)
        taken_up_within = SILENCE.total_seconds() + 20
        wait_until(
            (not JobItem.objects.filter(state__in=OPEN_STATES).exists() for _ in iter(int, 1)), 4 * taken_up_within
        )
    judge()


def judge() -> None:
    """Each item has ended, well and with one scan at most; no two scans of a vault overlap."""
    items = JobItem.objects.filter(job__kind=JobKind.SCAN).exclude(state=ItemState.CANCELLED)
    scans = AuditEntry.objects.filter(action=Action.VAULT_SCAN)
    ended, started = scans.filter(state=AuditState.SUCCEEDED), scans.filter(state=AuditState.STARTED)
    begun = dict(started.values_list("event", "at"))
    overlaps = 0
    for vault in Vault.objects.all():
        spans = sorted((begun[entry.event], entry.at) for entry in ended.filter(vault_id=vault.pk))
        overlaps += sum(second[0] < first[1] for first, second in pairwise(spans))
    twice = sum(count > 1 for count in Counter(ended.values_list("parent", "vault_id")).values())
    lost = [(item.label, item.state, item.problem) for item in items.exclude(state=ItemState.SUCCEEDED)]
    again = items.filter(tries__gt=1).count()
    say(
        f"{KILLS} kills, {len(items)} scans, taken up again {again}, lost {len(lost)}, twice {twice}, overlaps {overlaps}"
    )
    assert again > 0
    assert (lost, twice, overlaps) == ([], 0, 0)
