"""`--sweeps=tenth` keeps a tenth of each sweep: of the tests that a function or a file marked `sweep` stands for.

Which tenth depends on a seed and on the tests' names alone, so every worker keeps the same, in whatever order they run. The
seed is the commit, so that a red run stays red; KVPORTAL_TEST_SEED sets another. Without the option every test is kept.
"""

import gc
import hashlib
import os
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

SHARE = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sweeps", choices=("all", "tenth"), default="all", help="keep all tests, or a seeded tenth of each sweep"
    )


@pytest.fixture
def share(request: pytest.FixtureRequest) -> int:
    """By what the size of a test is divided that only shows its figure in full size: 1, or 10 with `--sweeps=tenth`."""
    return SHARE if request.config.getoption("--sweeps") == "tenth" else 1


def pytest_configure() -> None:
    """Thousands of tests are collected and stay until the end: nothing that is worth being looked through again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.getoption("--sweeps") == "all":
        return None
    return f"sweeps: a tenth of each; KVPORTAL_TEST_SEED={seed()} chooses the same again"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Last, so that a sweep is what -m and -k have left of it."""
    if config.getoption("--sweeps") == "all":
        return
    sweeps = defaultdict(list)
    for item in items:
        if sweep := sweep_of(item):
            sweeps[sweep].append(item.nodeid)
    chosen = seed()
    left_out = {name for names in sweeps.values() for name in set(names) - tenth(names, chosen)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def sweep_of(item: pytest.Item) -> str | None:
    """The function or the file that bears the mark; None for a test that is no part of a sweep."""
    for node, _ in item.iter_markers_with_node("sweep"):
        return item.nodeid.partition("[")[0] if node is item else node.nodeid
    return None


def tenth(names: list[str], seed: str) -> set[str]:
    """A tenth of the names, rounded up."""
    shuffled = sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    return set(shuffled[: -(-len(shuffled) // SHARE)])


def seed() -> str:
    """What was asked for, else the commit, else (in an unpacked archive) the day."""
    if asked := os.environ.get("KVPORTAL_TEST_SEED"):
        return asked
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        commit = subprocess.run(git, cwd=Path(__file__).parent, capture_output=True, text=True, check=False).stdout
    except OSError:
        commit = ""
    return commit.strip() or f"{datetime.now(UTC):%Y-%m-%d}"
