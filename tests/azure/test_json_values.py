"""JSON parsing: oversized and malformed JSON is refused before it is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from vaults.azure import json_values, responses
from vaults.azure.errors import MalformedResponse
from vaults.azure.members import Members


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xff\xfe{}",
        b'{"a": ' + b"[" * 50_000 + b"}",
        b'{"a": "' + rb"\"" * 1_000_000,
        b'{"a": [' + b"{}," * 200_000 + b"{}]}",
    ],
    ids=lambda content: f"{content[:12]!r}+{len(content)}",
)
def test_anything_but_a_valid_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedResponse):
        json_values.parse_object(content)


@pytest.mark.parametrize("levels", [20, 50, 1000, 49_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_member_that_is_nested_too_deep_is_cut_and_the_others_are_read(
    levels: int, opening: str, closing: str
) -> None:
    deep = opening * levels + "1" + closing * levels
    parsed = json_values.parse_object(f'{{"a": "[", "b": [{deep}, {{"c": 2}}], "d": "]", "e": {deep}}}'.encode())
    assert (parsed["a"], parsed["b"][1], parsed["d"]) == ("[", {"c": 2}, "]")
    assert ("[…]" in json.dumps(parsed["e"], ensure_ascii=False)) == (levels > 20)


def test_brackets_in_texts_are_no_nesting() -> None:
    text = '[{"\\' * 50
    deep = "[" * 50 + json.dumps(text) + "]" * 50
    parsed = json_values.parse_object(f'{{"a": {json.dumps(text)}, "b": {deep}, "c": 1}}'.encode())
    assert (parsed["a"], parsed["c"]) == (text, 1)


def test_a_number_with_too_many_digits_is_kept_as_text() -> None:
    parsed = json_values.parse_object(b'{"a": ' + b"9" * 100_000 + b', "b": -' + b"1" * 5000 + b', "c": 7, "d": 1e400}')
    assert (parsed["a"], parsed["b"], parsed["c"]) == ("9" * 100_000, "-" + "1" * 5000, 7)
    members = Members(parsed)
    assert [members.timestamp("a"), members.number("b"), members.timestamp("d")] == [None, None, None]
    assert {name: len(text) for name, text in members.odd.items()} == {"a": 200, "b": 200, "d": 8}


def test_lone_surrogates_are_replaced() -> None:
    parsed = json_values.parse_object(rb'{"a\ud800": ["b\udfff", "\ud83d\ude00"]}')
    assert parsed == {"a?": ["b?", "\U0001f600"]}
    json.dumps(parsed, ensure_ascii=False).encode()


def test_a_member_has_exactly_its_type() -> None:
    assert json_values.member({"a": 1}, "a", int) == 1
    assert json_values.member({"a": None}, "a", int) is None
    assert json_values.member({}, "a", int) is None
    with pytest.raises(MalformedResponse, match='"a"'):
        json_values.member({"a": True}, "a", int)


@pytest.mark.parametrize("text", ["_-8", "/+8=", "_-8="])
def test_both_alphabets_of_base64(text: str) -> None:
    assert Members({"a": text}).data("a") == b"\xff\xef"


@pytest.mark.parametrize("text", ["a", "a b", "ä", "a\nb!"])
def test_broken_base64_is_kept_as_text(text: str) -> None:
    members = Members({"a": text})
    assert members.data("a", "field") == b""
    assert members.odd == {"field": json.dumps(text, ensure_ascii=False)}


@pytest.mark.parametrize("sent", [1790000000, "1790000000", 1790000000.0, 1790000000.9])
def test_a_time_is_read_however_its_number_is_written(sent: object) -> None:
    members = Members({"exp": sent})
    assert members.timestamp("exp") == datetime.fromtimestamp(1790000000, UTC)
    assert members.odd == {}


@pytest.mark.parametrize("sent", [253402303861, -62135596801, 10**30, 1e300, "soon", True, [1], {"a": 1}, ""])
def test_what_is_no_time_is_kept_as_text(sent: object) -> None:
    members = Members({"exp": sent})
    assert members.timestamp("exp", "expires_on") is None
    assert members.odd == {"expires_on": json.dumps(sent)}


def test_what_is_kept_is_cut_short() -> None:
    members = Members({"tags": "x" * 10_000})
    assert members.tags("tags") == {}
    assert len(members.odd["tags"]) == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<p>Zugriff verweigert für Sie</p>".encode("cp1252"), "Zugriff verweigert für Sie"),
        (b"<p>Blocked:</p>" + "é".encode() * responses.MAX_PAGE, "Blocked: é"),
        (b"\x1f\x8b\x08\x00\xff", ""),
    ],
)
def test_a_pages_words_survive_its_encoding_and_its_length(content: bytes, words: str) -> None:
    assert responses.error_parts(content)[2][:26].rstrip("é") == words.rstrip("é")


def test_messages_never_quote_a_value() -> None:
    with pytest.raises(MalformedResponse) as caught:
        json_values.member({"value": ["hush"]}, "value", str)
    assert "hush" not in str(caught.value)
