"""What the documents for developers name is there: files, functions in them, `make` targets, the license."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from kvportal.bootstrap import TASKS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/glossary.md")
#: A path below one of our folders, anywhere in the text; a name at the top only in backticks.
BELOW = re.compile(r'(?<![\w/.<{"-])(?:kvportal|vaults|templates|static|tests|docs)/[\w./-]*(?<=[\w/])')
AT_THE_TOP = re.compile(
    r"`((?:[A-Z]+\.md|LICENSE|Makefile|manage\.py|pyproject\.toml|requirements[\w-]*\.txt|\.ci/\w+))`"
)
#: `file::name`; a method is Class.method.
DEFINED = re.compile(r"`([\w./]+\.py)::([\w.]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
TARGET = re.compile(r"(?:`|\$ )make ([a-z][\w-]*)")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@cache
def names_defined_in(path: Path) -> set[str]:
    """Functions, classes and variables of a module, and methods of its classes as Class.method."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names |= names_of(node)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{inner}" for each in node.body for inner in names_of(each)}
    return names


def names_of(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case _:
            return set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    text = text_of(document)
    named = {*BELOW.findall(text), *AT_THE_TOP.findall(text)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    links = set(LINK.findall(text))
    assert sorted(link for link in links if not (ROOT / document).parent.joinpath(link).exists()) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_function_that_is_named_is_defined_there(document: str) -> None:
    named = [(ROOT / file, name) for file, name in DEFINED.findall(text_of(document)) if "/" in file]
    assert [f"{path.name}::{name}" for path, name in named if name not in names_defined_in(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    assert set(TARGET.findall(text_of(document))) - TASKS.keys() == set()


def test_contributing_names_every_target_and_every_room() -> None:
    text = text_of("CONTRIBUTING.md")
    assert TASKS.keys() == set(TARGET.findall(text))
    rooms = {f"vaults/{path.parent.name}/" for path in (ROOT / "vaults").glob("*/__init__.py")}
    table = set(re.findall(r"^\| `(vaults/\w+/)` \|", text, re.MULTILINE))
    assert table == rooms


def test_the_license_is_there_and_the_project_names_it() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert project["license"] == "MIT"
    assert project["license-files"] == ["LICENSE"]
    assert f"## {project['version']}" in text_of("CHANGELOG.md")
