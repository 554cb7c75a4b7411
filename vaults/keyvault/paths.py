"""The path of an operation, checked to be no other operation's.

Key Vault's paths have fixed words in the place of names and versions: DELETE /certificates/contacts does not delete a
certificate, but the vault's contacts, permanently. So each path is compared with the whole catalogue before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vaults.azure.errors import AmbiguousPath, InvalidVersion
from vaults.keyvault.identifiers import check_name
from vaults.keyvault.operations import OPERATIONS, Operation

_VERSION = re.compile(r"[0-9a-fA-F]{32}")


def path_of(operation: Operation, name: str = "", version: str = "") -> str:
    """The path of a request; version "" means the newest. Raises InvalidIdentifier, InvalidVersion, AmbiguousPath."""
    if version and not is_version(version):
        raise InvalidVersion("A version has 32 hexadecimal digits.")
    template = _template(operation, versioned=bool(version))
    path = template.replace("{name}", check_name(name)) if "{name}" in template else template
    path = path.replace("{version}", version)
    for other in OPERATIONS.values():
        if other.method == operation.method and other is not operation and _could_be(other, template, path):
            raise AmbiguousPath(operation.method, path, other.name)
    return path


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None


def check_new_name(collection: str, name: str) -> None:
    """Raise AmbiguousPath for a name whose item could not be read, changed or deleted afterwards. Raises InvalidIdentifier."""
    for operation in OPERATIONS.values():
        if operation.path.startswith(f"/{collection}/{{name}}"):
            path_of(operation, name)


def _template(operation: Operation, *, versioned: bool) -> str:
    return operation.path if versioned else operation.path.replace("/{version}", "")


def _could_be(other: Operation, template: str, path: str) -> bool:
    """True if the path could be the other operation's, because of a fixed word in the place of a name or a version.

    Key Vault ignores the case of names; to be safe, the case of fixed words is ignored, too.
    """
    ours, words = template.split("/"), path.lower().split("/")
    for versioned in (True, False):
        theirs = _template(other, versioned=versioned).split("/")
        if _fits(theirs, words) and any(
            our.startswith("{") and not their.startswith("{") for our, their in zip(ours, theirs, strict=True)
        ):
            return True
    return False


def _fits(template: Sequence[str], words: Sequence[str]) -> bool:
    return len(template) == len(words) and all(
        part.startswith("{") or part == word for part, word in zip(template, words, strict=True)
    )
