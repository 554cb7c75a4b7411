"""Notes on a page about its parts that could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from vaults import problems
from vaults.keyvault.parts import Part
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.problems import Problem
from vaults.web.form_errors import selected_version

Found = TypeVar("Found", bound=Properties)

#: On a version's edit page, if the other versions could not be listed.
NEWER = "So there may be a newer version than this."
#: On the page before a deletion, about parts that could not be read. FROM_LIST and OPERATION are on edit pages too.
VERSIONS = "All versions go, also those that are not known here."
FROM_LIST = "What is shown of it here is from the list of versions."
OPERATION = "Whether a new version is under way is not known here."


def not_read(vault: Vault, part: Part[Any]) -> Problem | None:
    """The reason why a part is missing or incomplete; None if it was read completely."""
    return problems.explain(part.error, vault=vault) if part.error else None


@dataclass(frozen=True, slots=True)
class Unread:
    """A cause, and sentences about what it means for the page."""

    problem: Problem
    notes: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        return " ".join(self.notes)


def unread_parts(vault: Vault, *parts: tuple[Part[Any], str]) -> list[Unread]:
    """The causes why parts could not be read, each with notes on what that means for the page. Equal causes are merged."""
    found: dict[str, Unread] = {}
    for part, note in parts:
        if problem := not_read(vault, part):
            found.setdefault(problem.title, Unread(problem)).notes.append(note)
    return list(found.values())


def shown_version(own: Found | None, versions: Part[Sequence[Found]], version: str) -> Found:
    """The version that a page is about: from its own response, else from the list. Raises the list's error, Http404."""
    if own:  # if its identifier can't be read, the newest one was requested
        known = versions.value[0].version if versions.value and not versions.error else ""
        return replace(own, version=known, id=f"{own.id}/{known}") if known and not (own.version or version) else own
    listed = versions.value or ()
    if versions.error and not any(version in ("", each.version) for each in listed):
        raise versions.error
    return selected_version(listed, version)


def current_version(versions: Part[Sequence[Found]], shown: Found, version: str) -> Found | None:
    """The newest version, or None if it is not known. If the list is incomplete, it is the one shown at an address without a
    version."""
    if versions.value and not versions.error and not versions.nameless:
        return versions.value[0]
    return None if version else shown


def listed_versions(vault: Vault, versions: Part[Sequence[Any]]) -> dict[str, Any]:
    """Template context for an item's versions, with the reasons if some are missing."""
    return {
        "versions": versions.value or (),
        "versions_problem": not_read(vault, versions),
        "versions_nameless": versions.nameless,
    }
