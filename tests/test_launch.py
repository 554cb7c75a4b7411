"""The parent of portal, worker and local vault: what becomes of the others when one of them ends."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvportal import launch
from kvportal.launch import Child

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """`stop` makes its process deaf to signals: afterwards this one must hear them again, as its children do."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    "name", ["KVPORTAL_WORKER_PROCESSES", "KVPORTAL_WORKERS", "KVPORTAL_PORT", "KVPORTAL_EMULATOR_PORT"]
)
@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5", "999999", "9" * 5000, "²"])
def test_what_is_no_number_is_named_before_anything_starts(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KVPORTAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, text)
    children: dict[str, Child] = {}
    with pytest.raises(SystemExit, match=f"kvportal: {name} has to be a number from 1 to "):
        launch.start(children, local=True)
    assert children == {}
    assert list(tmp_path.iterdir()) == []


def python(program: str) -> Child:
    return Child([sys.executable, "-c", program])


def test_a_worker_that_ends_is_started_again_and_the_portal_goes_on(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    worker = python(f"open({str(notes)!r}, 'a').write('x'); raise SystemExit(1)")
    children = {"worker": worker, "portal": python("import time; time.sleep(4)")}
    with pytest.raises(SystemExit, match="the portal ended with code 0"):
        launch.watch(children)
    launch.stop({name: child.process for name, child in children.items()})
    assert 2 <= len(notes.read_text()) <= 4  # each pause is longer than the one before


def test_a_portal_that_ends_at_once_stops_everything() -> None:
    worker = python("import time; time.sleep(60)")
    children = {"worker": worker, "portal": python("raise SystemExit(3)")}
    with pytest.raises(SystemExit, match="the portal ended with code 3; stopping the rest"):
        launch.watch(children)
    launch.stop({name: child.process for name, child in children.items()})
    assert worker.poll() is not None


@pytest.mark.parametrize(("count", "names"), [(None, ["worker"]), ("1", ["worker"]), ("2", ["worker", "worker 2"])])
def test_as_many_workers_as_the_environment_says(
    count: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KVPORTAL_WORKER_PROCESSES", raising=False)
    if count:
        monkeypatch.setenv("KVPORTAL_WORKER_PROCESSES", count)
    assert launch.worker_names() == names


LEAVES_A_CHILD = """
import pathlib, subprocess, sys, time
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({notes!r}).open("a").write(f"{{left.pid}} ")
time.sleep({seconds})
"""


def is_running(pid: int) -> bool:
    """False also for a process that has ended and was not collected yet."""
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_killed_child_had_started_ends_with_it(tmp_path: Path) -> None:
    """As the server's processes do not, whose parent was killed."""
    notes = tmp_path / "left"
    worker = python(LEAVES_A_CHILD.format(notes=str(notes), seconds=60))
    while not notes.exists() or not notes.read_text():
        time.sleep(0.05)
    left = int(notes.read_text().split()[0])
    worker.process.kill()
    worker.process.wait()
    assert is_running(left)
    worker.start_again("worker")
    wait_for_end(left)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_after_a_stop(tmp_path: Path) -> None:
    notes = tmp_path / "left"
    worker = python(LEAVES_A_CHILD.format(notes=str(notes), seconds=60))
    while not notes.exists() or not notes.read_text():
        time.sleep(0.05)
    launch.stop({"worker": worker.process})
    wait_for_end(int(notes.read_text().split()[0]))
