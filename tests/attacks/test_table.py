"""SECURITY.md names a test for each threat: all of them are there, and none of these files is forgotten."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "SECURITY.md").read_text()
NAMED = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)(?:::(\w+))?`", TABLE)


def file_of(name: str) -> Path:
    return ROOT / name if "/" in name else Path(__file__).parent / name


def test_every_test_that_is_named_is_there() -> None:
    missing = [
        f"{name}::{test}"
        for name, test in NAMED
        if not file_of(name).exists() or f"def {test}" not in file_of(name).read_text()
    ]
    assert missing == []


def test_every_attack_stands_in_the_table() -> None:
    named = {name for name, _ in NAMED}
    attacks = {file.name for file in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}
    assert attacks - named == set()
