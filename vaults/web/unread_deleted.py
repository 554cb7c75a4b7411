"""Vaults whose deleted items are not, or no longer, known in full, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vaults.models import Vault
from vaults.problems.scans import words_of_scan


@dataclass(frozen=True, slots=True)
class UnreadDeleted:
    """`lists`: such as "deleted secrets, deleted keys". `why`: in words."""

    vault: Vault
    lists: str
    why: str


def unread_deleted(vaults: Iterable[Vault]) -> list[UnreadDeleted]:
    """The vaults that the last scan refused or failed to list the deleted items of, and those that no scan has read."""
    return [found for vault in vaults if (found := _unread(vault))]


def _unread(vault: Vault) -> UnreadDeleted | None:
    if vault.scanned_at is None:
        return UnreadDeleted(vault, "deleted items", words_of_scan(vault.scan_problem, vault.scan_problem_facts))
    if not vault.scan_problem:
        return None
    if vault.scan_ended_at and vault.scan_ended_at > vault.scanned_at:  # the last scan read nothing
        return UnreadDeleted(vault, "deleted items", words_of_scan(vault.scan_problem, vault.scan_problem_facts))
    lists = sorted(name for name in vault.unread_lists if name.startswith("deleted "))
    return UnreadDeleted(vault, ", ".join(lists), _why(vault, lists)) if lists else None


def _why(vault: Vault, lists: list[str]) -> str:
    facts: dict[str, Any] = dict(vault.scan_problem_facts)
    listed = facts.get("lists")
    if isinstance(listed, list):
        facts["lists"] = [each for each in listed if isinstance(each, dict) and each.get("list") in lists]
    return words_of_scan(vault.scan_problem, facts)
