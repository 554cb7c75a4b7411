"""The table of vaults: filters and order. Both are in the address, so it can be shared."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict

from vaults.inventory.counts import VaultRow
from vaults.models import Vault
from vaults.problems.titles import title_of
from vaults.web.rendering import LONGEST_SEARCH

PAGE_SIZE = 50
#: Filters are shown if there are more vaults than this.
FEW = 8
NEVER = datetime.min.replace(tzinfo=UTC)

#: By column: the sort key. A vault that was never scanned sorts before all scans.
SORTS: dict[str, Callable[[VaultRow], Any]] = {
    "name": lambda row: row.vault.name.lower(),
    "connection": lambda row: [each.name.lower() for each in row.vault.connections_in_order],
    "items": lambda row: row.items,
    "expiring": lambda row: row.expiring,
    "expired": lambda row: row.expired,
    "scanned": lambda row: row.vault.scanned_at or NEVER,
}

STATES: dict[str, tuple[str, Callable[[VaultRow], bool]]] = {
    "unread": ("Not read in full", lambda row: row.vault.scan_problem != ""),
    "expired": ("With expired items", lambda row: row.expired > 0),
    "expiring": ("Expiring within 30 days", lambda row: row.expiring > 0),
    "never": ("Never scanned", lambda row: row.vault.scanned_at is None),
}


#: Names of problems whose titles are incomplete without their facts.
NAMES_OF = {
    "refused.missing_permission": "Azure refused: a permission is missing",
    "vault.keeps_failing": "The vault keeps failing",
    "scan.incomplete": "Several problems",
    "scan.nameless": "Items without an identifier that can be read",
    "earlier": "Found by an earlier version",
}


class VaultFilterForm(forms.Form):
    q = forms.CharField(label="Name", required=False, max_length=LONGEST_SEARCH)
    connection = forms.ChoiceField(label="Connection", required=False)
    problem = forms.ChoiceField(label="Problem of the last scan", required=False)
    state = forms.ChoiceField(
        required=False, choices=[(key, word) for key, (word, _) in STATES.items()], widget=forms.HiddenInput
    )

    def __init__(self, data: QueryDict, vaults: Sequence[Vault]) -> None:
        super().__init__(data)
        names = {str(each.pk): each.name for vault in vaults for each in vault.connections_in_order}
        by_name = sorted(names.items(), key=lambda choice: choice[1].lower())
        self.fields["connection"].choices = [("", "All connections"), *by_name]  # type: ignore[attr-defined]
        met = sorted({code for vault in vaults for code in vault.problem_codes})
        if met:
            choices = [
                ("", "With or without problems"),
                *((code, NAMES_OF.get(code) or title_of(code, {})) for code in met),
            ]
            self.fields["problem"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["problem"]


class VaultTable:
    """The rows that an address selects. An invalid filter is ignored, with an error at its field."""

    def __init__(self, rows: list[VaultRow], asked: QueryDict) -> None:
        self.form = VaultFilterForm(asked, [row.vault for row in rows])
        self.form.is_valid()
        chosen = self.form.cleaned_data
        self.state = chosen.get("state", "")
        sort = asked.get("sort", "")
        self.sort = sort if sort.removeprefix("-") in SORTS else "name"
        matching = _matching(rows, chosen.get("q", ""), chosen.get("connection", ""), chosen.get("problem", ""))
        #: Each state with its label and the number of matching vaults in it.
        self.states = [(key, word, sum(map(fits, matching))) for key, (word, fits) in STATES.items()]
        self.matching = len(matching)
        self.rows = _sorted([row for row in matching if not self.state or STATES[self.state][1](row)], self.sort)


def _matching(rows: list[VaultRow], text: str, connection: str, problem: str) -> list[VaultRow]:
    """Each word of the text must occur in the name of the vault or of one of its connections."""
    words = text.lower().split()
    return [
        row
        for row in rows
        if (not connection or connection in {str(each.pk) for each in row.vault.connections_in_order})
        and (not problem or problem in row.vault.problem_codes)
        and all(word in _names_of(row.vault) for word in words)
    ]


def _names_of(vault: Vault) -> str:
    return " ".join([vault.name, *(each.name for each in vault.connections_in_order)]).lower()


def _sorted(rows: list[VaultRow], sort: str) -> list[VaultRow]:
    """The rows in the given order; equal rows by name."""
    by_name = sorted(rows, key=lambda row: (row.vault.name.lower(), row.vault.slug))
    return sorted(by_name, key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
