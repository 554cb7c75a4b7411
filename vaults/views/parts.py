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
    """Why a part is not on the page; None where it is."""
    return problems.explain(part.error, vault=vault) if part.error else None


def shown_version(own: Found | None, versions: Sequence[Found], version: str) -> Found:
    """The version that a page is about: as it tells itself, else as the list of versions tells it."""
    return own or selected_version(versions, version)
