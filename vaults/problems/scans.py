"""What was in the way of a scan: kept on the vault's row as a code with its facts, put into words where it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaults.problems.titles import Facts, title_of

MISSING_PERMISSION = "refused.missing_permission"


@dataclass(frozen=True, slots=True)
class ScanProblem:
    """Without a code there was none. "scan.incomplete" holds the problems of several lists under `lists`."""

    code: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListProblem:
    """The problem of one list, such as "deleted keys". `failed`: nobody knows what the list holds now."""

    listing: str
    code: str
    facts: Facts
    failed: bool

    def as_facts(self) -> dict[str, Any]:
        return {"list": self.listing, "code": self.code, "failed": self.failed, "facts": dict(self.facts)}


def problem_of_lists(found: Sequence[ListProblem]) -> ScanProblem:
    """One for all lists, where they met the same: so one can ask for the vaults whose firewall refused us."""
    codes = {problem.code for problem in found}
    if not found:
        return ScanProblem()
    if codes == {MISSING_PERMISSION}:
        return ScanProblem(MISSING_PERMISSION, {"permissions": _permissions([problem.facts for problem in found])})
    if len(codes) == 1 and not any(problem.failed for problem in found):
        return ScanProblem(found[0].code, found[0].facts)
    return ScanProblem("scan.incomplete", {"lists": [problem.as_facts() for problem in found]})


def words_of_scan(code: str, facts: Facts) -> str:
    """A scan's problem in words; "" for none."""
    if code != "scan.incomplete":
        return title_of(code, facts) if code else ""
    listed = facts.get("lists")
    lists = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return "; ".join(dict.fromkeys(_words_of_lists(lists)))


def _words_of_lists(lists: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The permissions that are missing in one sentence; of another failure, the list that met it."""
    missing = [_facts(each) for each in lists if each.get("code") == MISSING_PERMISSION]
    if missing:
        yield title_of(MISSING_PERMISSION, {"permissions": _permissions(missing)})
    for each in lists:
        if each.get("code") != MISSING_PERMISSION:
            title = title_of(str(each.get("code")), _facts(each))
            yield f"{each.get('list')}: {title}" if each.get("failed") else title


def _facts(found: dict[str, Any]) -> Facts:
    facts = found.get("facts")
    return facts if isinstance(facts, dict) else {}


def _permissions(missing: Sequence[Facts]) -> list[str]:
    named = [facts.get("permissions") for facts in missing]
    return list(dict.fromkeys(str(name) for names in named if isinstance(names, list) for name in names))
