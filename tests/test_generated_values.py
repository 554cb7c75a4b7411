"""Generated values: their length, their characters, and what is said of them."""

import math

import pytest

from vaults.generated_values import (
    ALPHABETS,
    FEWEST_WORDS,
    LONGEST,
    MOST_WORDS,
    SEPARATORS,
    SHORTEST,
    Passphrase,
    bits_of,
    generate,
    words,
)


@pytest.mark.parametrize("name", ALPHABETS)
@pytest.mark.parametrize("length", [SHORTEST, 32, LONGEST])
def test_a_value_has_its_length_and_each_class(name: str, length: int) -> None:
    alphabet = ALPHABETS[name]
    for _ in range(30):
        made = generate(alphabet, length)
        assert len(made) == length
        assert set(made) <= set(alphabet.characters)
        assert all(set(made) & set(each) for each in alphabet.classes)


@pytest.mark.parametrize("name", ["letters", "signs"])
def test_nothing_looks_alike(name: str) -> None:
    assert not set("Il1Oo0\"'\\$&<>` ") & set(ALPHABETS[name].characters)


def chance(sizes: list[int], length: int) -> float:
    """How likely a random value has each class, by inclusion and exclusion."""
    total = sum(sizes)
    return sum(
        (-1.0) ** chosen.bit_count()
        * ((total - sum(size for place, size in enumerate(sizes) if chosen >> place & 1)) / total) ** length
        for chosen in range(2 ** len(sizes))
    )


@pytest.mark.parametrize("name", ALPHABETS)
@pytest.mark.parametrize("length", [SHORTEST, 20, 32, LONGEST])
def test_the_entropy_is_no_exaggeration(name: str, length: int) -> None:
    alphabet = ALPHABETS[name]
    exact = alphabet.bits * length + math.log2(chance([len(each) for each in alphabet.classes], length))
    assert exact - 2 < bits_of(alphabet, length) <= exact + 0.001
    assert len(set(alphabet.characters)) == len(alphabet.characters)


def test_all_characters_occur() -> None:
    alphabet = ALPHABETS["signs"]
    assert set(generate(alphabet, LONGEST) + generate(alphabet, LONGEST) + generate(alphabet, LONGEST)) == set(
        alphabet.characters
    )


def test_the_words_are_those_of_the_eff_that_are_one_word() -> None:
    assert len(words()) == len(set(words())) == 7_772
    assert {"abacus", "zoom"} <= set(words())
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words())


@pytest.mark.parametrize("separator", SEPARATORS.values())
@pytest.mark.parametrize("number", [FEWEST_WORDS, 6, MOST_WORDS])
def test_a_passphrase_has_its_words(number: int, separator: str) -> None:
    chosen = Passphrase(number, separator).generate().split(separator)
    assert len(chosen) == number
    assert set(chosen) <= set(words())


def test_capitals_and_a_digit_are_added() -> None:
    made = Passphrase(6, " ", capitals=True, digit=True).generate()
    *others, last = made.split(" ")
    assert last[-1] in "23456789"
    assert all(word == word.capitalize() and word.lower() in words() for word in [*others, last[:-1]])


def test_the_entropy_of_a_passphrase_counts_the_equally_likely_ones() -> None:
    for number in range(FEWEST_WORDS, MOST_WORDS + 1):
        assert 2 ** Passphrase(number).bits <= 7_772**number < 2 ** (Passphrase(number).bits + 1)
        assert Passphrase(number, digit=True).bits == Passphrase(number).bits + 3
        assert Passphrase(number, capitals=True).bits == Passphrase(number).bits


def test_every_word_can_be_chosen() -> None:
    seen = {word for _ in range(8_000) for word in Passphrase(MOST_WORDS).generate().split("-")}
    assert seen == set(words())
