"""Several callers at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator.caller import VAULT, Caller
from tests.emulator.side_by_side import side_by_side
from vaults.emulator import Emulator
from vaults.emulator.samples.names import TENANT_DOMAIN, TENANT_ID
from vaults.emulator.state import keymaterial, policies
from vaults.emulator.state.registry import find_vault


def test_every_set_of_twenty_threads_makes_its_version(emulator: Emulator) -> None:
    callers = [Caller(emulator) for _ in range(20)]

    def work(number: int) -> None:
        for turn in range(5):
            assert callers[number].put("secrets/a", {"value": f"{number}-{turn}"}).status_code == 200

    assert side_by_side(20, work) == []
    pages = callers[0].walk("secrets/a/versions")
    assert sum(len(page) for page in pages) == 100


def test_one_of_many_deletions_succeeds(emulator: Emulator, admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1"})
    callers = [Caller(emulator) for _ in range(10)]
    statuses: list[int] = []
    assert side_by_side(10, lambda number: statuses.append(callers[number].delete("secrets/a").status_code)) == []
    assert sorted(statuses) == [200] + [404] * 9


def test_two_processes_worth_of_emulators_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    first = Emulator(path, new_key=keymaterial.pooled_key)
    first.add_tenant(TENANT_ID, TENANT_DOMAIN)
    first.add_vault(VAULT)
    second = Emulator(path, new_key=keymaterial.pooled_key)

    def work(number: int) -> None:
        emulator = (first, second)[number % 2]
        for turn in range(20):
            emulator.set_permissions(VAULT, f"{number}-{turn}", {"secrets": ["get"]})

    assert side_by_side(6, work) == []
    with first.store.reading() as db:
        assert find_vault(db, VAULT) == second.vault(VAULT)
        assert db.execute("SELECT count(*) AS n FROM access_policy").fetchone()["n"] == 120


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    lines = (
        "import os, sys, pathlib",
        "from vaults.emulator import Emulator",
        "from vaults.emulator.state import keymaterial",
        "emulator = Emulator(pathlib.Path(sys.argv[1]), new_key=keymaterial.pooled_key)",
        "[emulator.add_vault(f'kv-{number}') for number in range(20)]",
        "os._exit(9)",
    )
    killed = subprocess.run([sys.executable, "-c", "\n".join(lines), str(path)], check=False)
    assert killed.returncode == 9
    with Emulator(path).store.reading() as db:
        assert db.execute("SELECT count(*) AS n FROM vault").fetchone()["n"] == 20


def test_tokens_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    first = Emulator(path)
    first.add_tenant(TENANT_ID, TENANT_DOMAIN)
    before = first.tokens.jwks()
    first.close()
    assert Emulator(path).tokens.jwks() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_remembered_ends_with_any_write_of_anybody(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    first = Emulator(path, new_key=keymaterial.pooled_key)
    first.add_tenant(TENANT_ID, TENANT_DOMAIN)
    first.add_vault(VAULT)
    second = Emulator(path, new_key=keymaterial.pooled_key)

    def known() -> set[str]:
        return first.store.remembered(
            ("policies",), lambda db: {each.object_id for each in policies.access_policies(db, first.vault(VAULT))}
        )

    assert known() == set()
    second.set_permissions(VAULT, "by another", {"secrets": ["get"]})
    assert known() == {"by another"}
    first.set_permissions(VAULT, "by itself", {"secrets": ["get"]})
    assert known() == {"by another", "by itself"}

    def fail() -> None:
        with first.store.writing() as db:
            policies.set_permissions(db, first.vault(VAULT), policies.Identity("undone"), {"secrets": ["get"]})
            assert "undone" in known()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert known() == {"by another", "by itself"}
