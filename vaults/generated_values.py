"""Random values for secrets, from the operating system's random numbers."""

import math
import secrets
from dataclasses import dataclass
from typing import Final

#: Fewest and most characters of a generated value.
SHORTEST, LONGEST = 12, 512
#: Letters and digits without those that look alike in print: I, l and 1, O, o and 0.
_UPPER, _LOWER, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789"
#: Without quotes, backslash, $ and other characters that shells and connection strings treat specially.
_SIGNS = "!#%*+-.:=?@_~"


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
