"""Each table of the database belongs to one module: no other has SQL that names it."""

import ast
import re
import sqlite3
from pathlib import Path

import vaults.emulator
from vaults.emulator.state import tables

SOURCES = Path(vaults.emulator.__file__).parent
NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|TABLE IF NOT EXISTS|INDEX IF NOT EXISTS \w+ ON)\s+(\w+)")
PRAGMA = re.compile(r"\btable_info\((\w+)\)")


def named_in(source: str) -> set[str]:
    """The tables that the texts of a module name in SQL."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {name for text in texts for pattern in (NAMED, PRAGMA) for name in pattern.findall(text)}


def all_tables() -> set[str]:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    tables.create(db)
    return {row["name"] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_each_table_has_one_owner() -> None:
    owners: dict[str, list[str]] = {name: [] for name in all_tables()}
    for path in sorted(SOURCES.rglob("*.py")):
        for name in named_in(path.read_text(encoding="utf-8")) & owners.keys():
            owners[name].append(path.relative_to(SOURCES).as_posix())
    assert {name: found for name, found in owners.items() if len(found) != 1} == {}
    assert {found[0] for found in owners.values()} == {
        f"state/{each.__name__.rpartition('.')[2]}.py" for each in tables.OWNERS
    }


def test_no_table_name_is_composed() -> None:
    composed = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|EXISTS)\s+\{")
    found = [path.name for path in sorted(SOURCES.rglob("*.py")) if composed.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_clear_keeps_the_settings_alone() -> None:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    tables.create(db)
    for name in all_tables():
        columns = [row["name"] for row in db.execute(f"PRAGMA table_info({name})")]
        db.execute(f"INSERT INTO {name} VALUES ({', '.join('1' for _ in columns)})")  # noqa: S608 - our own names
    tables.clear(db)
    assert {name for name in all_tables() if db.execute(f"SELECT 1 FROM {name}").fetchone()} == {"setting"}  # noqa: S608
