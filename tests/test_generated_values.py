"""Generated values: their length, their characters, and what is said of them."""

import math

import pytest

from vaults.generated_values import ALPHABETS, LONGEST, SHORTEST, bits_of, generate


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
