"""A served emulator is killed while four clients write: what it acknowledged is there when it comes back.

Run with `pytest -m sdk`.
"""

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.emulator.running import free_base
from tests.emulator.served import Served, serve
from vaults.emulator.serve.home import Home

pytestmark = pytest.mark.sdk

ROUNDS = 4
WRITING = 0.6  # seconds before the kill


@dataclass
class Acknowledged:
    """What the vault said it had done, by name."""

    values: dict[str, str] = field(default_factory=dict)
    shared_versions: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return sum(len(each) for each in (self.values, self.shared_versions, self.deleted, self.keys))


Work = Callable[[requests.Session, str, str, Acknowledged], None]


def write(served: Served, turn: int, done: Acknowledged) -> list[threading.Thread]:
    """Four clients who write until the connection breaks: new names, versions of one name, deletions, keys."""
    works = (_new_names, _versions, _deletions, _keys)
    threads = [threading.Thread(target=_until_broken, args=(work, served, turn, done)) for work in works]
    for thread in threads:
        thread.start()
    return threads


def _until_broken(work: Work, served: Served, turn: int, done: Acknowledged) -> None:
    with served.session() as session:
        try:
            for number in range(100_000):
                work(session, served.vault, f"{turn}-{number}", done)
        except requests.RequestException:
            return  # the kill; an answer that came in part is none


def _new_names(session: requests.Session, vault: str, mark: str, done: Acknowledged) -> None:
    answer = session.put(f"{vault}/secrets/new-{mark}", json={"value": mark * 50}, timeout=10)
    assert answer.status_code == 200
    done.values[f"new-{mark}"] = mark * 50


def _versions(session: requests.Session, vault: str, mark: str, done: Acknowledged) -> None:
    answer = session.put(f"{vault}/secrets/shared", json={"value": mark}, timeout=10)
    done.shared_versions.add(answer.json()["id"].rpartition("/")[2])


def _deletions(session: requests.Session, vault: str, mark: str, done: Acknowledged) -> None:
    session.put(f"{vault}/secrets/gone-{mark}", json={"value": mark}, timeout=10)
    assert session.delete(f"{vault}/secrets/gone-{mark}", timeout=10).status_code == 200
    done.deleted.add(f"gone-{mark}")


def _keys(session: requests.Session, vault: str, mark: str, done: Acknowledged) -> None:
    assert session.post(f"{vault}/keys/key-{mark}/create", json={"kty": "EC"}, timeout=10).status_code == 200
    done.keys.add(f"key-{mark}")


def walk(session: requests.Session, link: str) -> Iterator[str]:
    """The last parts of all ids of a list."""
    while link:
        page = session.get(link, timeout=10).json()
        yield from (str(item.get("kid") or item["id"]).rpartition("/")[2] for item in page["value"])
        link = page["nextLink"]


def test_a_kill_loses_nothing_acknowledged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "emulator", free_base())
    done = Acknowledged()
    for turn in range(ROUNDS):
        served = serve(home)
        writers = write(served, turn, done)
        time.sleep(WRITING)
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait()
        for writer in writers:
            writer.join(20)
    with capsys.disabled():
        print(f"\ndurability: {len(done)} acknowledged writes, {ROUNDS} kills")  # noqa: T201
    assert min(len(each) for each in (done.values, done.shared_versions, done.deleted, done.keys)) > ROUNDS
    served = serve(home)
    try:
        with served.session() as session:
            _all_there(session, served.vault, done)
    finally:
        served.process.terminate()
        served.process.wait(10)
    with sqlite3.connect(home.folder / "emulator.sqlite3") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _all_there(session: requests.Session, vault: str, done: Acknowledged) -> None:
    live = set(walk(session, f"{vault}/secrets"))
    assert done.values.keys() <= live
    assert not done.deleted & live
    assert done.deleted <= set(walk(session, f"{vault}/deletedsecrets"))
    assert done.keys <= set(walk(session, f"{vault}/keys"))
    assert done.shared_versions <= set(walk(session, f"{vault}/secrets/shared/versions"))
    for name, value in done.values.items():
        assert json.loads(session.get(f"{vault}/secrets/{name}", timeout=10).content)["value"] == value
