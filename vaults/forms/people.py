"""People in a text area, one a line, with their parts separated by commas, in quotes where a part has a comma itself."""

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

Person = TypeVar("Person")
LONGEST = 200_000
"""Most characters of the whole text."""


class PeopleField(forms.CharField, Generic[Person]):
    """A tuple of people. `parts`: what a line says, in this order; `make`: the person of these texts.

    `needed`: the part that must not be empty, "" for none.
    """

    def __init__(
        self, *, parts: Sequence[str], make: Callable[..., Person], most: int, needed: str = "", **kwargs: Any
    ) -> None:
        super().__init__(
            max_length=LONGEST,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "data-count-items": most}),
            **kwargs,
        )
        self.parts, self.make, self.needed, self.most = parts, make, needed, most

    def clean(self, value: Any) -> Any:
        lines = super().clean(value).splitlines()
        people = tuple(self._person(number, line) for number, line in enumerate(lines, 1) if line.strip())
        if len(people) > self.most:
            raise ValidationError(f"At most {self.most} fit here; these are {len(people)}.")
        return people

    def _person(self, number: int, line: str) -> Person:
        try:
            [row] = csv.reader([line], skipinitialspace=True, strict=True)
        except (csv.Error, ValueError):
            raise ValidationError(f"Line {number} has a quote that does not end, or stands inside of a part.") from None
        texts = [text.strip() for text in row]
        if len(texts) > len(self.parts):
            raise ValidationError(f"Line {number} has {len(texts)} parts, but the order is: {', '.join(self.parts)}.")
        found = dict(zip(self.parts, texts, strict=False))
        if self.needed and not found.get(self.needed):
            raise ValidationError(f"Line {number} has no {self.needed}. The order is: {', '.join(self.parts)}.")
        email = found.get("e-mail")
        if email:
            try:
                validate_email(email)
            except ValidationError:
                raise ValidationError(f"Line {number}: “{email[:80]}” is no e-mail address.") from None
        return self.make(*texts)


def lines_of(people: Iterable[Sequence[str]]) -> str:
    """The text of the field; trailing empty parts are left out."""
    return "\n".join(_line(texts) for texts in people)


def _line(texts: Sequence[str]) -> str:
    last = max((place for place, text in enumerate(texts) if text), default=-1)
    return ", ".join(_quoted(text) for text in texts[: last + 1])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text
