"""The packages of the emulator import one way: each only what stands below it."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import vaults.emulator

ROOT = Path(vaults.emulator.__file__).parent
PREFIX = "vaults.emulator"
#: From the top. `emulator` and `administration` are modules: what puts the faces together, and its methods for that state.
LAYERS = (
    "__main__",
    "control",
    "serve",
    "samples",
    "emulator",
    "administration",
    "arm",
    "dataplane",
    "entra",
    "faults",
    "state",
    "wire",
)
#: Names of the tenant and vaults of tests: no more than constants, and so known below `samples`, too.
EXCEPTIONS = {("emulator", "samples.names"), ("administration", "samples.names")}


def modules() -> dict[str, Path]:
    """All modules by their name within the emulator: "wire.http"."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """The emulator's modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{PREFIX}."):
            for alias in node.names:
                name = f"{node.module}.{alias.name}".removeprefix(f"{PREFIX}.")
                yield name if name in MODULES else name.rpartition(".")[0]


def layer(module: str) -> int:
    return LAYERS.index(module.partition(".")[0])


def test_every_module_belongs_to_a_layer() -> None:
    assert {module.partition(".")[0] for module in MODULES if module} == set(LAYERS)


def test_layers_import_downwards() -> None:
    upwards = {
        (module, other)
        for module, path in MODULES.items()
        if module  # the package itself gives its public names
        for other in imported(path)
        if layer(other) < layer(module)
    }
    assert upwards == EXCEPTIONS


def test_no_modules_import_each_other() -> None:
    graph = {module: {other for other in imported(path) if other != module} for module, path in MODULES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_the_docstring_names_the_layers() -> None:
    lines = (vaults.emulator.__doc__ or "").splitlines()
    named = [line.split()[0].rstrip("/") for line in lines if line.startswith("    ")]
    assert named == [name for name in LAYERS if name != "__main__"]
