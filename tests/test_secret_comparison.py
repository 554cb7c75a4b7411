"""The comparison of two values: what it tells, what it never tells, and hostile values."""

import json
import time
from typing import Any

import pytest

from vaults.secret_comparison import MOST_PATHS, Comparison, compare

LARGE = 25_600


def facts(before: str, after: str) -> dict[str, tuple[str, str]]:
    return {fact.label: (fact.before, fact.after) for fact in compare(before, after).facts}


def keys(before: Any, after: Any) -> tuple[list[str], list[str], list[str]]:
    found = compare(json.dumps(before), json.dumps(after)).keys
    assert found
    return list(found.added.named), list(found.removed.named), list(found.changed.named)


def test_length_is_in_characters_and_bytes() -> None:
    found = facts("a", "äö€")
    assert found["Length"] == ("1 character", "3 characters")
    assert found["Size"] == ("1 byte", "7 bytes")


@pytest.mark.parametrize(
    ("value", "lines", "ends"),
    [
        ("", "0", "none"),
        ("a", "1", "none"),
        ("a\n", "1", "LF"),
        ("a\r\nb", "2", "CRLF"),
        ("a\rb\n\n", "3", "LF and CR"),
        ("\n", "1", "LF"),
    ],
)
def test_lines_and_line_ends(value: str, lines: str, ends: str) -> None:
    found = facts(value, "x")
    assert found["Lines"][0] == lines
    assert found["Line ends"][0].startswith(ends)


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("a", "no blank space", "no blank space"),
        (" a\t", "blank space", "blank space"),
        ("\ufeffa\n", "a byte order mark (BOM)", "a line end"),
    ],
)
def test_blank_space_at_the_ends(value: str, start: str, end: str) -> None:
    found = facts(value, "x")
    assert (found["At the start"][0], found["At the end"][0]) == (start, end)


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [("a b\r\n", "a b\n", True), ("a b", "a  b ", True), ("a b", "ab", False), ("same", "same", False)],
)
def test_a_difference_in_blank_space_only(before: str, after: str, only: bool) -> None:
    assert compare(before, after).only_blanks is only


def test_nested_keys_have_paths() -> None:
    before = {"a": {"b": {"c": 1, "gone": {"deep": 1}}}, "list": [1, {"x": 1}]}
    after = {"a": {"b": {"c": 2, "a.b": 1}}, "list": [1, {"x": 2}, 3]}
    assert keys(before, after) == (['a.b."a.b"', "list[2]"], ["a.b.gone"], ["a.b.c", "list[1].x"])


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (0, False), (1, 1.0), (1, "1"), (None, False), ({}, []), ("", None)]
)
def test_types_are_told_apart(before: Any, after: Any) -> None:
    assert keys({"a": before}, {"a": after}) == ([], [], ["a"])


def test_another_spelling_of_the_same_object_is_no_other_object() -> None:
    found = compare('{"a": 1, "b": {"x": 1, "y": 2}}', '{"b":{"y":2,"x":1},"a":1}')
    assert not found.equal
    assert found.keys
    assert found.keys.none


@pytest.mark.parametrize("other", ["text", "[1]", '"a"', '{"a": 1, "a": 2}', "", "{"])
def test_keys_are_compared_of_two_objects_only(other: str) -> None:
    assert compare('{"a": 1}', other).keys is None


def test_a_repeated_key_is_named_as_such() -> None:
    assert facts('{"a": 1}', '{"a": 1, "a": 2}')["Form"] == (
        "a JSON object with 1 key",
        "JSON with a key twice in one object",
    )


def test_the_paths_and_their_keys_are_bounded() -> None:
    found = compare("{}", json.dumps({f"key-{number}": 1 for number in range(MOST_PATHS + 5)})).keys
    assert found
    assert (len(found.added.named), found.added.more, found.added.count) == (MOST_PATHS, 5, MOST_PATHS + 5)
    [long] = keys({}, {"k" * 20_000: 1})[0]
    assert len(long) < 80


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


HOSTILE = {
    "brackets": "[" * LARGE,
    "braces": '{"a":' * (LARGE // 5),
    "deep": nested(LARGE // 6),
    "deep enough to be read": nested(400),
    "digits": '{"a": ' + "9" * (LARGE - 10) + "}",
    "exponent": '{"a": 1e999999, "b": NaN}',
    "flat": json.dumps({str(number): number for number in range(1700)}),
    "wide list": json.dumps({"a": list(range(4000))}),
    "surrogate": '{"\\ud800": "\\udfff"}',
    "half a pair": "\ud800",
    "nul": "\0" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_take_no_time_and_raise_nothing(name: str) -> None:
    begun = time.monotonic()
    for other in ("{}", HOSTILE[name], HOSTILE[name].replace("a", "b"), nested(400).replace("1", "2")):
        found = compare(HOSTILE[name], other)
        assert isinstance(found, Comparison)
        assert found.equal is (other == HOSTILE[name])
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"b":', "}")])
def test_no_depth_is_read_and_then_not_compared(opened: str, closed: str) -> None:
    for depth in range(600, 1000):
        before, after = ('{"a":' + opened * depth + end + closed * depth + "}" for end in "12")
        assert not compare(before, after).equal


def test_half_a_surrogate_pair_in_a_key_is_named_by_its_escape() -> None:
    added, removed, _ = keys({"\udfff": 1}, {"\ud800": 1, "ü": 1})
    assert (added, removed) == (['"\\ud800"', '"ü"'], ['"\\udfff"'])


def test_nothing_of_a_value_is_in_the_result() -> None:
    found = compare('{"a": "first-hidden", "n": 4711}', '{"a": "second-hidden", "n": 4712, "m": ["third-hidden"]}')
    assert "hidden" not in repr(found)
    assert "471" not in repr(found)
