"""Formulas that a vault's owner writes into names, tags and content types, for whoever opens the table."""

import csv
import io
import re

import pytest
from django.test import Client

from tests.conftest import World
from vaults.inventory.rows import storable
from vaults.models import InventoryItem

pytestmark = pytest.mark.sweep

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−⩵﬩"
UNSEEN = "\u3164\u2800\u115f\uffa0\u034f\u00a0\u3000"
ACT = "HYPERLINK(1)"
PAYLOADS = [
    f"{before}{sign}{ACT}"
    for before in (
        "",
        " ",
        '"',
        ";",
        "; ",
        ';"',
        'a;"',
        "a\t",
        "a\n",
        "a\r\n",
        "a\t ",
        "a,",
        'a,"',
        "a|",
        ";;",
        '";"',
        "x\x00;",
        "'",
        "；",
        "，＂",
        "a﹔",
        "a;",
        "a︐",
        "a﹐ ",
        "a｜",
        *UNSEEN,
        f"a;{UNSEEN}",
    )
    for sign in SIGNS
]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_separator_makes_a_cell_a_formula(separator: str, olga: Client, world: World) -> None:
    for number, payload in enumerate(map(storable, PAYLOADS)):
        InventoryItem.objects.create(
            vault=world.vault,
            kind="secret",
            name=f"s{number:03}",
            content_type=payload,
            subject=payload,
            tags={payload: payload, f"z{payload}": f"a{payload}"},
        )
    text = olga.get("/inventory/csv/").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    live = [cell for row in rows for cell in row if cell.lstrip(f' "＂{UNSEEN}').startswith(tuple(SIGNS))]
    assert live == []
    wide = [part for row in rows for cell in row for part in re.split("[；，﹔;︐﹐｜]", cell)]
    assert [part for part in wide if part.lstrip(f' "＂{UNSEEN}').startswith(tuple(SIGNS))] == []
    assert len(rows) == len(PAYLOADS) + 1


def test_every_cell_is_quoted_and_reads_back(olga: Client, world: World) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="plain", tags={"a": 'x;y,"z"', "b": "1"})
    text = olga.get("/inventory/csv/").content.decode("utf-8-sig")
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["name"], row["tags"]) == ("plain", 'a=x;y,"z"; b=1')
