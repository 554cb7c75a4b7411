"""Problems of a scan: stored in the vault's row as a code with facts, and put into words for display."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaults.problems.titles import Facts, title_of

MISSING_PERMISSION = "refused.missing_permission"


@dataclass(frozen=True, slots=True)
class ScanProblem:
    """Without a code there was no problem. "scan.incomplete" has the problems of several lists under `lists`."""

    code: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListProblem:
    """The problem of one list, such as "deleted keys". `failed`: the present content of the list is unknown."""

    listing: str
    code: str
    facts: Facts
    failed: bool

    def as_facts(self) -> dict[str, Any]:
        return {"list": self.listing, "code": self.code, "failed": self.failed, "facts": dict(self.facts)}


def problem_of_lists(found: Sequence[ListProblem]) -> ScanProblem:
    """One problem for all lists if they had the same one, so that vaults can be filtered by it, for example by a firewall."""
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
    """The missing permissions in one sentence; for another failure, the list and the title."""
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
