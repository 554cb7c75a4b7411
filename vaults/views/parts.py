"""What of a page could not be read, said in its place."""

from collections.abc import Sequence
from typing import Any, TypeVar

from vaults import problems
from vaults.actions.parts import Part
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.problems import Problem
from vaults.views.forms import selected_version

Found = TypeVar("Found", bound=Properties)


def not_read(vault: Vault, part: Part[Any]) -> Problem | None:
    """Why a part is not on the page, or not all of it; None where it is."""
    return problems.explain(part.error, vault=vault) if part.error else None


def shown_version(own: Found | None, versions: Part[Sequence[Found]], version: str) -> Found:
    """The version that a page is about: as it tells itself, else as the list of versions tells it."""
    if own:
        return own
    if versions.error and version and version not in {each.version for each in versions.value or ()}:
        raise versions.error
    return selected_version(versions.value or (), version)


def current_version(versions: Part[Sequence[Found]], shown: Found, version: str) -> Found | None:
    """The newest version, where that is known: where some could not be read, it is the one that an address without one shows."""
    if versions.value and not versions.error:
        return versions.value[0]
    return None if version else shown
