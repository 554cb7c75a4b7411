"""The parent of portal, worker and local vault: what becomes of the others when one of them ends."""

import signal
import sys
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
