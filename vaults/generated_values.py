"""Random values for secrets, from the operating system's random numbers."""

import math
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final

from xkcdpass import xkcd_password

#: Fewest and most characters of a generated value.
SHORTEST, LONGEST = 12, 512
#: Letters and digits without those that look alike in print: I, l and 1, O, o and 0.
_UPPER, _LOWER, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789"
#: Without quotes, backslash, $ and other characters that shells and connection strings treat specially.
_SIGNS = "!#%*+-.:=?@_~"
#: Fewest and most words of a generated passphrase.
FEWEST_WORDS, MOST_WORDS = 4, 16
#: What stands between the words. There is always one: "for" and "tune" would be "fortune" without, and count for less.
SEPARATORS: Final = {"hyphen": "-", "stop": ".", "underscore": "_", "space": " "}


@dataclass(frozen=True, slots=True)
class Alphabet:
    """`classes`: sets of characters; a value has at least one of each."""

    label: str
    classes: tuple[str, ...]

    @property
    def characters(self) -> str:
        return "".join(self.classes)

    @property
    def bits(self) -> float:
        """Bits of entropy of one character."""
        return math.log2(len(self.characters))


ALPHABETS: Final = {
    "letters": Alphabet("Letters and digits", (_UPPER, _LOWER, _DIGITS)),
    "signs": Alphabet("Letters, digits and signs", (_UPPER, _LOWER, _DIGITS, _SIGNS)),
    "hexadecimal": Alphabet("Hexadecimal digits", ("0123456789abcdef",)),
    "digits": Alphabet("Digits", ("0123456789",)),
}


def generate(alphabet: Alphabet, length: int) -> str:
    """A random value with at least one character of each class; all such values are equally likely."""
    while True:
        made = "".join(secrets.choice(alphabet.characters) for _ in range(length))
        if all(any(character in made for character in each) for each in alphabet.classes):
            return made


def bits_of(alphabet: Alphabet, length: int) -> int:
    """About how many bits of entropy a generated value has. That it has all classes takes less than one bit."""
    return math.floor(alphabet.bits * length) - (len(alphabet.classes) > 1)


@cache
def words() -> tuple[str, ...]:
    """The words of passphrases: the EFF's long list, which xkcdpass brings, without the four that have a hyphen."""
    return tuple(xkcd_password.generate_wordlist("eff-long", min_length=1, max_length=20, valid_chars="[a-z]"))


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Words as they are said, for a value that a person has to type. `digit`: one stands after the last word."""

    number: int
    separator: str = "-"
    capitals: bool = False
    digit: bool = False

    @property
    def bits(self) -> int:
        """Bits of entropy, rounded down. Capitals add none: each word gets one."""
        return math.floor(math.log2(len(words())) * self.number + math.log2(len(_DIGITS)) * self.digit)

    def generate(self) -> str:
        """All such passphrases are equally likely; a word may occur twice."""
        chosen = [secrets.choice(words()) for _ in range(self.number)]
        if self.capitals:
            chosen = [word.capitalize() for word in chosen]
        return self.separator.join(chosen) + (secrets.choice(_DIGITS) if self.digit else "")
